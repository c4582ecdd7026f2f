"""The papers' equations as plain functions of weights, without a module of this package.

``w`` holds the weights of a network by name. Nothing is fused, tiled, folded or in place. Deformable convolutions are
torchvision's compiled ones.
"""

import torch
import torch.nn.functional as F
from torchvision.ops import deform_conv2d


class Weights:
    """The weights of a network, and of its parts: ``w['convs.0']`` are those below ``convs.0.``."""

    def __init__(self, tensors):
        self.tensors = dict(tensors)

    def __getitem__(self, name):
        return Weights(
            {key[len(name) + 1 :]: value for key, value in self.tensors.items() if key.startswith(f'{name}.')}
        )

    def __len__(self):
        """Number of the parts that have a number: 0., 1., ..."""
        return len({key.partition('.')[0] for key in self.tensors})

    @property
    def weight(self):
        return self.tensors['weight']

    @property
    def bias(self):
        return self.tensors['bias']


def randomised(net, seed=0, gain=1.0):
    """Give every parameter of a network a value that matters: at the start many are zero, small or equal."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in net.named_parameters():
            if value.ndim > 1:
                bound = gain * (3 / value[0].numel()) ** 0.5
                value.copy_((torch.rand(value.shape, generator=generator) * 2 - 1) * bound)
            else:
                value.copy_(torch.rand(value.shape, generator=generator) * 0.4 - 0.2)
            if 'conv_offset' in name and value.ndim > 1:
                value.mul_(2.0)
        for name, value in net.named_buffers():
            if name.endswith('running_var'):
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
            elif name.endswith('running_mean'):
                value.copy_(torch.rand(value.shape, generator=generator) * 0.2 - 0.1)
    return net.eval()


def weights_of(net):
    return Weights(net.state_dict())


def conv(w, x, stride=1):
    """A convolution that keeps the size, or halves it at stride 2."""
    function = F.conv3d if w.weight.ndim == 5 else F.conv2d
    padding = tuple(side // 2 for side in w.weight.shape[2:])
    return function(x, w.weight, w.tensors.get('bias'), stride=stride, padding=padding)


def lrelu(x, slope=0.1):
    return torch.where(x > 0, x, slope * x)


def relu(x):
    return torch.where(x > 0, x, torch.zeros_like(x))


def double(x):
    return F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)


def residual_block(w, x):
    return x + conv(w['conv2'], relu(conv(w['conv1'], x)))


def residual_stack(w, x):
    for i in range(len(w)):
        x = residual_block(w[str(i)], x)
    return x


# Latent attention, section 4.2.


def pool(x, kind='max'):
    """Halve height and width."""
    blocks = x.unfold(3, 2, 2).unfold(4, 2, 2).flatten(5)
    return blocks.amax(-1) if kind == 'max' else blocks.mean(-1)


def deconv3d(w, x):
    """Kernel 4, spatial stride 2; the surplus last frame is dropped."""
    return F.conv_transpose3d(x, w.weight, w.bias, stride=(1, 2, 2), padding=1)[:, :, :-1]


def long_range(w, x, kind='max'):
    """Eqs. (9)-(11)."""
    low = pool(lrelu(conv(w['reduce'], x)), kind)
    query = conv(w['query'], low)
    key, value = (pool(conv(w[name], low), kind) for name in ('key', 'value'))
    n, c, t, h, width = query.shape
    scores = torch.einsum('ncq,nck->nqk', query.flatten(2), key.flatten(2))
    share = scores.exp() / scores.exp().sum(-1, keepdim=True)
    attended = torch.einsum('nqk,nck->ncq', share, value.flatten(2)).reshape(n, c, t, h, width)
    return deconv3d(w['restore'], attended)


def short_range(w, x, kind='max'):
    """Eqs. (12)-(14)."""
    mask = torch.cat((conv(w['key'], x), conv(w['query'], x)), dim=1)
    mask = pool(lrelu(conv(w['down1'], mask)), kind)
    mask = pool(lrelu(conv(w['down2'], mask)), kind)
    mask = torch.sigmoid(deconv3d(w['up2'], lrelu(deconv3d(w['up1'], mask))))
    return mask * conv(w['value'], x)


def latent_attention(w, lqs, layers, layout):
    """Section 4.3: residual pairs of convolutions, blocks that are added (eq. 17), a linear upscaler (eqs. 18-21)."""
    x = lqs.transpose(1, 2)
    before = None
    for number in range(1, layers + 1):
        if number >= 3 and number % 2 == 1:
            before = x
        x = lrelu(conv(w['convs'][str(number - 1)], x))
        if number >= 4 and number % 2 == 0:
            x = x + before
        every = layers // len(layout)
        if number % every == 0 and number // every <= len(layout):
            block = {'L': long_range, 'S': short_range}[layout[number // every - 1]]
            x = x + block(w['attention'][str(number)], x)
    frames = x.transpose(1, 2).flatten(0, 1)
    for i in range(2):
        frames = F.pixel_shuffle(conv(w['upscaler']['expansions'][str(i)], frames), 2)
    return conv(w['upscaler']['projection'], frames).unflatten(0, lqs.shape[:2])


# Pyramids, deformable alignment and interpolation: EDVR, section 3.2; Zooming Slow-Mo, section 3.


def pyramid(w, x):
    levels = [x]
    for level in (2, 3):
        x = lrelu(conv(w[f'level{level}_conv1'], x, stride=2))
        x = lrelu(conv(w[f'level{level}_conv2'], x))
        levels.append(x)
    return levels


def deformable(w, x, motion):
    """Offsets (dy, dx) and a mask, predicted from other features."""
    predicted = conv(w['conv_offset'], motion)
    offset, mask = predicted.split((predicted.shape[1] * 2 // 3, predicted.shape[1] // 3), dim=1)
    return deform_conv2d(x, offset, w.weight, w.bias, padding=1, mask=torch.sigmoid(mask))


def aligned(w, moving, target):
    """From the coarsest level to the finest; offsets of a level are in its pixels, hence doubled for the next."""
    motion = features = None
    for level in (3, 2, 1):
        part, x, y = w[f'level{level}'], moving[level - 1], target[level - 1]
        fresh = lrelu(conv(part['motion_conv1'], torch.cat((x, y), dim=1)))
        if motion is None:
            motion = lrelu(conv(part['motion_conv2'], fresh))
            features = deformable(part['deform'], x, motion)
        else:
            motion = lrelu(conv(part['motion_conv2'], torch.cat((fresh, 2 * double(motion)), dim=1)))
            motion = lrelu(conv(part['motion_conv3'], motion))
            sampled = deformable(part['deform'], x, motion)
            features = conv(part['feature_conv'], torch.cat((sampled, double(features)), dim=1))
        if level > 1:
            features = lrelu(features)
    return features


def interpolated(w, first, second):
    """Section 3.1, eqs. (1)-(5)."""
    both = torch.cat((aligned(w['first'], first, second), aligned(w['second'], second, first)), dim=1)
    return conv(w['blend'], both)


def conv_lstm(w, features):
    """Section 3.2: states aligned with the frame before each step, both directions with the same weights."""

    def run(frames):
        hidden = cell = torch.zeros_like(frames[0])
        outputs = []
        for x in frames:
            states = []
            for name, state in (('hidden_alignment', hidden), ('cell_alignment', cell)):
                part = w[name]
                states.append(
                    interpolated(part['interpolation'], pyramid(part['pyramid'], x), pyramid(part['pyramid'], state))
                )
            hidden, cell = states
            i, f, o, g = conv(w['gates'], torch.cat((x, hidden), dim=1)).chunk(4, dim=1)
            cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
            hidden = torch.sigmoid(o) * torch.tanh(cell)
            outputs.append(hidden)
        return outputs

    frames = list(features.unbind(1))
    pairs = zip(run(frames), reversed(run(frames[::-1])), strict=True)
    return torch.stack([conv(w['join'], torch.cat(pair, dim=1)) for pair in pairs], dim=1)


def zooming_slow_mo(w, lqs):
    features = [residual_stack(w['extraction'], lrelu(conv(w['conv_first'], x))) for x in lqs.unbind(1)]
    pyramids = [pyramid(w['pyramid'], x) for x in features]
    sequence = features[:1]
    for number in range(1, len(features)):
        sequence += [interpolated(w['interpolation'], pyramids[number - 1], pyramids[number]), features[number]]
    outputs = []
    for x in conv_lstm(w['recurrence'], torch.stack(sequence, dim=1)).unbind(1):
        part = w['reconstruction']
        x = residual_stack(part['trunk'], x)
        for i in range(2):
            x = lrelu(F.pixel_shuffle(conv(part['upsampling'][str(i)], x), 2))
        outputs.append(conv(part['conv_last'], lrelu(conv(part['conv_hr'], x))))
    return torch.stack(outputs, dim=1)


# EDVR's second stage.


def strided(w, x):
    for i in range(len(w['convs'])):
        x = lrelu(conv(w['convs'][str(i)], x, stride=1 if i == 0 else 2))
    return x


def predeblur(w, x):
    """Three levels; the coarse ones are refined, enlarged and added."""
    level1 = strided(w['stem'], x)
    level2 = lrelu(conv(w['conv_l2'], level1, stride=2))
    level3 = lrelu(conv(w['conv_l3'], level2, stride=2))
    level3 = double(residual_block(w['block_l3'], level3))
    level2 = residual_block(w['blocks_l2']['0'], level2) + level3
    level2 = double(residual_block(w['blocks_l2']['1'], level2))
    for i in range(5):
        level1 = residual_block(w['blocks_l1'][str(i)], level1)
        if i == 1:
            level1 = level1 + level2
    return conv(w['conv_last'], level1)


def warp(x, flow):
    """``output(p) = x(p + flow(p))``, dx first, in pixels, borders repeated."""
    h, w = x.shape[-2:]
    rows = torch.arange(h, dtype=x.dtype).reshape(1, h, 1) + flow[:, 1]
    columns = torch.arange(w, dtype=x.dtype).reshape(1, 1, w) + flow[:, 0]
    rows, columns = rows.clamp(0, h - 1), columns.clamp(0, w - 1)
    top, left = rows.floor().long().clamp(max=max(h - 2, 0)), columns.floor().long().clamp(max=max(w - 2, 0))
    dy, dx = (rows - top).unsqueeze(1), (columns - left).unsqueeze(1)

    def at(row, column):
        index = (row * w + column).flatten(1).unsqueeze(1).expand(-1, x.shape[1], -1)
        return x.flatten(2).gather(2, index).reshape(x.shape)

    upper = (1 - dx) * at(top, left) + dx * at(top, left + 1)
    lower = (1 - dx) * at(top + 1, left) + dx * at(top + 1, left + 1)
    return (1 - dy) * upper + dy * lower


# DUF.


def batch_norm(w, x):
    shape = (1, -1) + (1,) * (x.ndim - 2)
    mean, var = (w.tensors[name].reshape(shape) for name in ('running_mean', 'running_var'))
    return (x - mean) / (var + 1e-5).sqrt() * w.weight.reshape(shape) + w.bias.reshape(shape)


def duf(w, lqs, scale):
    x = conv(w['conv_first'], lqs.transpose(1, 2))
    count = len(w['blocks'])
    for i in range(count):
        block = w['blocks'][str(i)]
        y = conv(block['conv1'], relu(batch_norm(block['norm1'], x)))
        y = conv(block['conv2'], relu(batch_norm(block['norm2'], y)))
        if i >= count - 3:  # the last three shorten time by two frames each
            x, y = x[:, :, 1:-1], y[:, :, 1:-1]
        x = torch.cat((x, y), dim=1)
    x = relu(conv(w['conv_last'], relu(batch_norm(w['norm'], x[:, :, 0]))))
    residual = conv(w['residual_head']['2'], relu(conv(w['residual_head']['0'], x)))
    filters = conv(w['filter_head']['2'], relu(conv(w['filter_head']['0'], x)))
    n, _, h, width = filters.shape
    filters = torch.softmax(filters.reshape(n, 25, scale**2, h, width), dim=1)
    patches = F.unfold(lqs[:, 3], 5, padding=2).reshape(n, 3, 25, 1, h, width)
    upsampled = (patches * filters.unsqueeze(1)).sum(2).flatten(1, 2)
    return F.pixel_shuffle(upsampled, scale) + F.pixel_shuffle(residual, scale)


# FRVSR.


def frvsr(w, lqs, scale):
    previous = output = None
    outputs = []
    for x in lqs.unbind(1):
        known = torch.zeros(len(x), 3 * scale**2, *x.shape[-2:])
        if previous is not None:
            flow = frvsr_flow(w['flow'], torch.cat((x, previous), dim=1))
            flow = scale * F.interpolate(flow, scale_factor=scale, mode='bilinear', align_corners=False)
            known = F.pixel_unshuffle(warp(output, flow), scale)
        features = relu(conv(w['conv_first'], torch.cat((x, known), dim=1)))
        features = residual_stack(w['blocks'], features)
        for i in range(len(w['deconvs'])):
            part = w['deconvs'][str(i)]
            features = relu(F.conv_transpose2d(features, part.weight, part.bias, 2, padding=1, output_padding=1))
        output, previous = conv(w['conv_last'], features), x
        outputs.append(output)
    return torch.stack(outputs, dim=1)


def frvsr_flow(w, x):
    def twice(part, x):
        return lrelu(conv(part['2'], lrelu(conv(part['0'], x), 0.2)), 0.2)

    for i in range(3):
        x = twice(w['encoders'][str(i)], x).unfold(2, 2, 2).unfold(3, 2, 2).flatten(4).amax(-1)
    for i in range(3):
        x = double(twice(w['decoders'][str(i)], x))
    return 24 * torch.tanh(conv(w['head']['2'], lrelu(conv(w['head']['0'], x), 0.2)))


# VESPCN and SPMC.


def coarse_to_fine(w, reference, neighbour):
    coarse = flow_layers(w['coarse'], torch.cat((reference, neighbour), dim=1), (2, 1, 2, 1), 4)
    moved = warp(neighbour, 32 * coarse)
    fine = flow_layers(w['fine'], torch.cat((reference, neighbour, coarse, moved), dim=1), (2, 1, 1, 1), 2)
    return 32 * (coarse + fine)


def flow_layers(w, x, strides, factor):
    for i, stride in enumerate(strides):
        x = relu(conv(w[str(2 * i)], x, stride=stride))
    return F.pixel_shuffle(torch.tanh(conv(w['8'], x)), factor)


def vespcn(w, lqs):
    before, reference, after = lqs.unbind(1)
    moved = [warp(x, coarse_to_fine(w['flow'], reference, x)) for x in (before, after)]
    x = torch.cat((moved[0], reference, moved[1]), dim=1)
    last = max(int(key.partition('.')[0]) for key in w['restoration'].tensors)
    for i in range(0, last, 2):
        x = relu(conv(w['restoration'][str(i)], x))
    return F.pixel_shuffle(conv(w['restoration'][str(last)], x), 4)


def spmc_restoration(w, frames):
    """Encoder, ConvLSTM without peepholes, decoder with skips; the residual after the last frame."""

    def enlarge(part, x):
        x = relu(conv(part['0'], x))
        return relu(F.conv_transpose2d(x, part['2'].weight, part['2'].bias, 2, padding=1))

    hidden = cell = None
    for frame in frames.unbind(1):
        skip1 = relu(conv(w['encoder1']['0'], frame))
        skip2 = relu(conv(w['encoder2']['2'], relu(conv(w['encoder2']['0'], skip1, stride=2))))
        x = relu(conv(w['encoder3']['0'], skip2, stride=2))
        if hidden is None:
            hidden = cell = torch.zeros_like(x)
        i, f, g, o = conv(w['lstm']['gates'], torch.cat((x, hidden), dim=1)).chunk(4, dim=1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
    x = enlarge(w['decoder1'], hidden) + skip2
    x = enlarge(w['decoder2'], x) + skip1
    return conv(w['decoder3']['2'], relu(conv(w['decoder3']['0'], x)))


def splat(images, flow, scale):
    """Each pixel at p to scale * (p + flow(p)), onto the four pixels around, pixel by pixel."""
    n, c, h, w = images.shape
    output = torch.zeros(n, c, scale * h, scale * w)
    for k in range(n):
        for y in range(h):
            for x in range(w):
                column, row = (scale * (x + flow[k, 0, y, x])).item(), (scale * (y + flow[k, 1, y, x])).item()
                for j in (int(row // 1), int(row // 1) + 1):
                    for i in (int(column // 1), int(column // 1) + 1):
                        if 0 <= j < scale * h and 0 <= i < scale * w:
                            share = (1 - abs(row - j)) * (1 - abs(column - i))
                            output[k, :, j, i] += share * images[k, :, y, x]
    return output


# Image networks.


def fsrcnn(w, x, scale):
    for i in range(len(w['convs'])):
        x = conv(w['convs'][str(i)], x)
        slope = w['activations'][str(i)].weight.reshape(1, -1, 1, 1)
        x = torch.where(x > 0, x, slope * x)
    part = w['deconv']
    return F.conv_transpose2d(x, part.weight, part.bias, scale, padding=4, output_padding=scale - 1)


def espcn(w, x, scale, activation):
    x = activation(conv(w['conv2'], activation(conv(w['conv1'], x))))
    return F.pixel_shuffle(conv(w['conv3'], x), scale)


def temporal_adaptive(w, lqs, scale):
    """Loss 2's sum of branches of 1, 3 and 5 frames, each times its weight map."""
    count = len(w['branches'])
    maps = espcn(w['modulation'], lqs.flatten(1, 2), scale, relu)
    total = 0
    for i in range(count):
        frames = lqs[:, count - 1 - i : count + i].flatten(1, 2)
        total = total + maps[:, i : i + 1] * espcn(w['branches'][str(i)], frames, scale, relu)
    return total


def vsrnet(w, frames):
    names = ('conv1_outer', 'conv1_inner', 'conv1_center', 'conv1_inner', 'conv1_outer')
    features = [relu(conv(w[name], frame)) for name, frame in zip(names, frames.unbind(1), strict=True)]
    return conv(w['conv3'], relu(conv(w['conv2'], torch.cat(features, dim=1))))
