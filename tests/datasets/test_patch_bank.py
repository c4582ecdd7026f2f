"""Write banks of patches, and read training samples from them."""

import json
import os

import numpy as np
import pytest
import torch
from mmengine.runner import Runner
from PIL import Image
from prepared import RNG, read, write

from vsr_plugins.datasets.patch_bank import PatchBank, PatchBankDataset, whole_batch
from vsr_plugins.datasets.prepare import BankSpec, plan_patches, write_patches
from vsr_plugins.degradation import bicubic_downsample, blur_downsample
from vsr_plugins.engine.sample_stream import SampleStream

SMALL = dict(frames=3, patch_size=32)


def clip(folder, frames, size=(48, 64)):
    """Write a clip of independent noise frames and return it, (t, 3, h, w)."""
    return np.stack([write(folder / f'{i:03d}.png', size) for i in range(frames)]).transpose(0, 3, 1, 2)


def make(src, root, val_fraction=0, **spec):
    plan = plan_patches([src], BankSpec(**SMALL | spec), val_fraction=val_fraction)
    summary = write_patches(plan, [src], root, workers=1)
    return PatchBank(summary.folder), summary


class TestWriting:
    def test_records_cover_the_clip(self, tmp_path):
        """48 x 64 in patches of 32: at rows 0 and 16, columns 0 and 32; five frames in threes: 0 1 2 and 2 3 4."""
        frames = clip(tmp_path / 'src' / 'a', 5)
        bank, summary = make(tmp_path / 'src', tmp_path)
        assert len(bank) == summary.frames == 8
        low = [bicubic_downsample(frame.transpose(1, 2, 0), 4).transpose(2, 0, 1) for frame in frames]
        number = 0
        for first in (0, 2):
            for top in (0, 16):
                for left in (0, 32):
                    expected = frames[first : first + 3, :, top : top + 32, left : left + 32]
                    np.testing.assert_array_equal(bank.record('gt', number), expected)
                    # Degraded as a complete frame: pixels beyond a patch affect its border.
                    part = np.stack(low)[first : first + 3, :, top // 4 : top // 4 + 8, left // 4 : left // 4 + 8]
                    np.testing.assert_array_equal(bank.record('img', number), part)
                    number += 1

    @pytest.mark.parametrize('convention', ['duf', 'mmagic'])
    def test_the_degradation_is_the_stated_one(self, tmp_path, convention):
        frames = clip(tmp_path / 'src' / 'a', 3, (32, 32))
        bank, _ = make(tmp_path / 'src', tmp_path, degradation=f'BD {convention}')
        assert bank.degradation == f'BD {convention}'
        image = frames[1].transpose(1, 2, 0)
        kwargs = dict(duf={}, mmagic=dict(kernel_size=12, phase=1.5, border='replicate'))[convention]
        np.testing.assert_array_equal(bank.record('img', 0)[1], blur_downsample(image, 4, **kwargs).transpose(2, 0, 1))

    def test_a_short_clip_is_mirrored(self, tmp_path):
        frames = clip(tmp_path / 'src' / 'a', 2, (32, 32))
        bank, _ = make(tmp_path / 'src', tmp_path)
        np.testing.assert_array_equal(bank.record('gt', 0), frames[[0, 1, 0]])
        assert len(bank) == 1

    def test_no_record_crosses_a_cut(self, tmp_path):
        for number in range(6):
            colour = (200, 30, 30) if number < 4 else (20, 30, 190)
            path = tmp_path / 'src' / 'a' / f'{number}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = RNG.integers(-9, 10, (32, 32, 3)) + colour
            Image.fromarray(noise.clip(0, 255).astype(np.uint8)).save(path)
        frames = [read(path).transpose(2, 0, 1) for path in sorted((tmp_path / 'src' / 'a').iterdir())]
        bank, _ = make(tmp_path / 'src', tmp_path)
        expected = [[0, 1, 2], [1, 2, 3], [4, 5, 4]]
        assert len(bank) == 3
        for number, indices in enumerate(expected):
            np.testing.assert_array_equal(bank.record('gt', number), np.stack([frames[i] for i in indices]))

    def test_held_out_clips_are_excluded(self, tmp_path):
        for name in ('a_0', 'a_1', 'b_0'):
            clip(tmp_path / 'src' / name, 3, (32, 32))
        plan = plan_patches([tmp_path / 'src'], BankSpec(**SMALL), val=['a'])
        assert [[name for name, _ in shard.sources] for shard in plan.shards] == [['b_0']]

    def test_the_training_list_of_a_prepared_folder_is_used(self, tmp_path):
        for name in ('a', 'b'):
            clip(tmp_path / 'clips' / 'GT' / name, 3, (32, 32))
            clip(tmp_path / 'clips' / 'BIx4' / name, 3, (8, 8))
        (tmp_path / 'clips' / 'meta_info_clips_train.txt').write_text('b 3 (32,32,3)\n')
        (tmp_path / 'clips' / 'meta_info_clips_val.txt').write_text('a 3 (32,32,3)\n')
        plan = plan_patches([tmp_path / 'clips'], BankSpec(**SMALL))
        assert [[name for name, _ in shard.sources] for shard in plan.shards] == [['b']]

    def test_listed_frames_of_a_folder_are_one_clip(self, tmp_path):
        clip(tmp_path / 'REDS' / 'train_sharp' / '000', 3, (32, 32))
        lines = ''.join(f'000/{i:03d}.png (32, 32, 3)\n' for i in range(3))
        for name in ('meta_info_reds4_train.txt', 'meta_info_official_train.txt'):
            (tmp_path / 'REDS' / name).write_text(lines)
        with pytest.raises(ValueError, match='--train-list'):
            plan_patches([tmp_path / 'REDS'], BankSpec(**SMALL))
        listed = tmp_path / 'REDS' / 'meta_info_reds4_train.txt'
        plan = plan_patches([tmp_path / 'REDS'], BankSpec(**SMALL), train_list=listed)
        assert [[name for name, _ in shard.sources] for shard in plan.shards] == [['000']]

    def test_photographs_are_a_separate_group(self, tmp_path):
        for name in 'abcd':
            write(tmp_path / 'photos' / f'{name}.png', (90, 100))
        clip(tmp_path / 'src' / 'c', 3, (32, 32))
        plan = plan_patches([tmp_path / 'src'], BankSpec(**SMALL), tmp_path / 'photos', 2, val_fraction=0)
        bank = PatchBank(write_patches(plan, [tmp_path / 'src'], tmp_path).folder)
        assert bank.group_names == ['clips', 'photos']
        # One of four photographs is held out.
        assert np.bincount(bank.groups).tolist() == [1, 3 * 2]

    def test_complete_shards_are_kept_and_others_are_made(self, tmp_path):
        clip(tmp_path / 'src' / 'a', 3, (32, 32))
        bank, first = make(tmp_path / 'src', tmp_path)
        _, second = make(tmp_path / 'src', tmp_path)
        assert (first.made, second.made, second.found) == (1, 0, 1)
        (path,) = bank.root.glob('*.img.npy')
        content = path.read_bytes()
        path.write_bytes(content[:-5])
        _, third = make(tmp_path / 'src', tmp_path)
        assert third.made == 1 and path.read_bytes() == content

    def test_shards_of_changed_sources_are_made_again(self, tmp_path):
        clip(tmp_path / 'src' / 'a', 3, (32, 32))
        path = tmp_path / 'src/a/001.bmp'
        (tmp_path / 'src/a/001.png').unlink()
        write(path, (32, 32))
        make(tmp_path / 'src', tmp_path)
        assert make(tmp_path / 'src', tmp_path)[1].made == 0
        expected = write(path, (32, 32))
        os.utime(path, (1, 1))
        bank, summary = make(tmp_path / 'src', tmp_path)
        assert summary.made == 1
        np.testing.assert_array_equal(bank.record('gt', 0)[1], expected.transpose(2, 0, 1))

    def test_other_options_make_another_bank_and_lose_nothing(self, tmp_path):
        clip(tmp_path / 'src' / 'a', 3, (32, 32))
        before, _ = make(tmp_path / 'src', tmp_path)
        after, summary = make(tmp_path / 'src', tmp_path, frames=2)
        assert summary.made == 1 and after.frames == 2 and len(before) == 1
        _, again = make(tmp_path / 'src', tmp_path)
        assert again.made == 0

    def test_a_damaged_frame_is_named_and_the_rest_is_kept(self, tmp_path):
        clip(tmp_path / 'src' / 'a', 3, (32, 32))
        path = tmp_path / 'src' / 'a' / '001.png'
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(ValueError, match=r'001\.png'):
            make(tmp_path / 'src', tmp_path)
        assert not (tmp_path / 'patches' / 'bank.json').exists()
        assert not list((tmp_path / 'patches').glob('*.npy'))

    def test_errors(self, tmp_path):
        clip(tmp_path / 'src' / 'a', 3, (24, 40))
        with pytest.raises(ValueError, match='24x40 .*32x32'):
            make(tmp_path / 'src', tmp_path)
        with pytest.raises(FileNotFoundError, match='nowhere'):
            plan_patches([tmp_path / 'nowhere'])
        with pytest.raises(ValueError, match='neither'):
            plan_patches([])
        with pytest.raises(ValueError, match="'JPEG'"):
            BankSpec(degradation='JPEG')
        with pytest.raises(ValueError, match='scale 4, but got 30'):
            BankSpec(patch_size=30)
        (tmp_path / 'patches').mkdir(exist_ok=True)
        (tmp_path / 'patches' / 'bank.json').write_text('{}')
        with pytest.raises(ValueError, match='bank.json'):
            make(tmp_path / 'src', tmp_path, patch_size=16)
        assert (tmp_path / 'patches' / 'bank.json').read_text() == '{}'


@pytest.fixture(scope='module')
def bank_root(tmp_path_factory):
    """Write a bank of noise, 36 pixels, four frames."""
    root = tmp_path_factory.mktemp('bank')
    for name in ('a', 'b', 'c'):
        clip(root / 'src' / name, 4, (36, 36))
    make(root / 'src', root, frames=4, patch_size=36)
    return root / 'patches'


def number(free, first=0, top=0, left=0, mirror=0, upside=0, transpose=0, reverse=0, frames=3):
    """Return the draw of a crop: digits in mixed radix."""
    value = 0
    digits = ((reverse, 2), (transpose, 2), (upside, 2), (mirror, 2), (left, free), (top, free), (first, frames))
    for digit, base in digits:
        value = value * base + digit
    return np.array([value], np.uint64)


class TestReading:
    @pytest.mark.parametrize('flags', range(16))
    def test_a_crop_with_all_augmentations(self, bank_root, flags):
        """Two of four frames, 20 of 36 pixels: three first frames, five positions on each side."""
        dataset = PatchBankDataset(bank_root, num_input_frames=2, gt_patch_size=20)
        mirror, upside, transpose, reverse = (flags >> i & 1 for i in range(4))
        draw = number(5, 1, 2, 4, mirror, upside, transpose, reverse)
        batch = dataset.batch([1], draw)
        for kind, step, made in (('img', 4, batch['inputs']), ('gt', 1, batch['data_samples']['gt_img'])):
            side, top, left = 20 // step, 8 // step, 16 // step
            expected = dataset.bank.record(kind, 1)[1:3, :, top : top + side, left : left + side]
            expected = expected[:: -1 if reverse else 1]
            expected = np.flip(expected, 2) if upside else expected
            expected = np.flip(expected, 3) if mirror else expected
            expected = expected.swapaxes(2, 3) if transpose else expected
            assert made.dtype == torch.uint8
            np.testing.assert_array_equal(made[0].numpy(), expected)

    @pytest.mark.parametrize('flags', [1, 2, 3])
    def test_a_flipped_crop_of_an_asymmetric_degradation_is_correct(self, tmp_path, flags):
        """DUF's grid begins at the first pixel of a block; flipped it would begin at the last."""
        frames = clip(tmp_path / 'src' / 'a', 1, (64, 64))
        smooth = np.kron(frames[0, :, ::8, ::8], np.ones((1, 8, 8))).astype(np.uint8).transpose(1, 2, 0)
        Image.fromarray(smooth).save(tmp_path / 'src' / 'a' / '000.png')
        make(tmp_path / 'src', tmp_path, frames=1, patch_size=64, degradation='BD duf')
        dataset = PatchBankDataset(tmp_path / 'patches', gt_patch_size=48)
        draw = number(4, 0, 1, 2, flags & 1, flags >> 1, frames=1)
        batch = dataset.batch([0], draw)
        again = blur_downsample(batch['data_samples']['gt_img'][0].numpy().transpose(1, 2, 0), 4)
        inner = slice(2, -2)
        np.testing.assert_array_equal(batch['inputs'][0].numpy().transpose(1, 2, 0)[inner, inner], again[inner, inner])

    def test_shapes(self, bank_root):
        draws = np.arange(2, dtype=np.uint64)
        window = PatchBankDataset(bank_root, num_input_frames=3, center_gt=True, gt_patch_size=16).batch([0, 1], draws)
        assert window['inputs'].shape == (2, 3, 3, 4, 4) and window['data_samples']['gt_img'].shape == (2, 3, 16, 16)
        frame = PatchBankDataset(bank_root, num_input_frames=1, gt_patch_size=16).batch([0, 1], draws)
        assert frame['inputs'].shape == (2, 3, 4, 4) and frame['data_samples']['gt_img'].shape == (2, 3, 16, 16)
        whole = PatchBankDataset(bank_root).batch([0, 1], draws)
        assert whole['inputs'].shape == (2, 4, 3, 9, 9) and whole['data_samples']['gt_img'].shape == (2, 4, 3, 36, 36)

    def test_the_centre_frame_of_a_reversed_window_is_that_of_the_window(self, bank_root):
        dataset = PatchBankDataset(bank_root, num_input_frames=3, center_gt=True, gt_patch_size=36)
        batch = dataset.batch([2], number(1, first=1, reverse=1, frames=2))
        np.testing.assert_array_equal(batch['data_samples']['gt_img'][0], dataset.bank.record('gt', 2)[2])
        np.testing.assert_array_equal(batch['inputs'][0], dataset.bank.record('img', 2)[[3, 2, 1]])

    def test_every_second_frame_is_input_at_half_rate(self, bank_root):
        dataset = PatchBankDataset(bank_root, num_input_frames=3, half_rate=True, gt_patch_size=36)
        batch = dataset.batch([2], number(1, first=1, frames=2))
        np.testing.assert_array_equal(batch['data_samples']['gt_img'][0], dataset.bank.record('gt', 2)[1:4])
        np.testing.assert_array_equal(batch['inputs'][0], dataset.bank.record('img', 2)[[1, 3]])

    def test_a_sample_does_not_depend_on_its_batch(self, bank_root):
        stream = SampleStream(PatchBankDataset(bank_root, gt_patch_size=16), whole_batches=True)
        stream.seed = 5
        together, alone = stream.__getitems__([7, 8, 9]), stream.__getitems__([9])
        assert torch.equal(together['inputs'][2:], alone['inputs'])
        assert torch.equal(together['data_samples']['gt_img'][2:], alone['data_samples']['gt_img'])
        stream.seed = 6
        other = [stream.__getitems__([position])['inputs'] for position in range(20)]
        stream.seed = 5
        same = [stream.__getitems__([position])['inputs'] for position in range(20)]
        assert not all(torch.equal(a, b) for a, b in zip(other, same, strict=True))

    def test_all_crops_and_augmentations_are_equally_frequent(self, bank_root):
        """Positions and augmentations of drawn samples are about uniform: the digits are independent."""
        stream = SampleStream(PatchBankDataset(bank_root, num_input_frames=3, gt_patch_size=32), whole_batches=True)
        seen = {stream.__getitems__([position])['inputs'].numpy().tobytes() for position in range(3000)}
        # Three records, two first frames, two by two positions, sixteen augmentations.
        assert len(seen) == 3 * 2 * 4 * 16

    def test_times(self, tmp_path):
        for name in 'abcd':
            write(tmp_path / 'photos' / f'{name}.png', (90, 100))
        clip(tmp_path / 'src' / 'c', 3, (32, 32))
        plan = plan_patches([tmp_path / 'src'], BankSpec(**SMALL), tmp_path / 'photos', 1, val_fraction=0)
        root = write_patches(plan, [tmp_path / 'src'], tmp_path).folder
        assert len(PatchBankDataset(root)) == 1 + 3
        assert len(PatchBankDataset(root, times=dict(clips=5))) == 5 + 3
        assert len(PatchBankDataset(root, times=dict(photos=0))) == 1

    @pytest.mark.parametrize('collate', ['whole_batch', 'pseudo_collate'])
    def test_loaders_of_mmengine(self, bank_root, collate):
        """Complete batches, or samples for any collate function."""
        loader = dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type=collate),
            dataset=PatchBankDataset(bank_root, gt_patch_size=16),
        )
        batches = list(Runner.build_dataloader(loader, seed=0))
        assert len(batches) == 2
        if collate == 'whole_batch':
            assert batches[0]['inputs'].shape == (2, 4, 3, 4, 4)
            assert batches[0]['data_samples']['gt_img'].shape == (2, 4, 3, 16, 16)
        else:
            assert batches[0]['inputs'][1].shape == (4, 3, 4, 4)
            assert batches[0]['data_samples'][1].gt_img.shape == (4, 3, 16, 16)

    @pytest.mark.parametrize(
        ('kwargs', 'value'),
        [
            (dict(num_input_frames=5), '5'),
            (dict(gt_patch_size=40), '40'),
            (dict(gt_patch_size=18), '18'),
            (dict(degrade_margin=8, gt_patch_size=16), '8'),
            (dict(half_rate=True), 'num_input_frames=4'),
            (dict(half_rate=True, num_input_frames=3, center_gt=True), 'center_gt=True'),
            (dict(augment=['rotate']), 'rotate'),
            (dict(times=dict(videos=2)), 'videos'),
            (dict(times=dict(clips=0)), 'no record'),
        ],
    )
    def test_invalid_arguments(self, bank_root, kwargs, value):
        with pytest.raises(ValueError, match=value):
            PatchBankDataset(bank_root, **kwargs)

    def test_a_missing_or_damaged_bank(self, tmp_path):
        with pytest.raises(FileNotFoundError, match='vsr prepare patches'):
            PatchBank(tmp_path)
        clip(tmp_path / 'src' / 'a', 3, (32, 32))
        bank, _ = make(tmp_path / 'src', tmp_path)
        (path,) = bank.root.glob('*.gt.npy')
        content = path.read_bytes()
        path.write_bytes(content[:-9])
        with pytest.raises(ValueError, match=path.name):
            PatchBank(bank.root)
        path.unlink()
        with pytest.raises(FileNotFoundError, match=path.name):
            PatchBank(bank.root)
        path.write_bytes(content)
        text = json.loads((bank.root / 'bank.json').read_text())
        for broken in ({}, [], dict(text, format=9), dict(text, frames=4)):
            (bank.root / 'bank.json').write_text(json.dumps(broken))
            with pytest.raises(ValueError, match='bank.json'):
                PatchBank(bank.root)

    def test_a_batch_must_have_one_size(self, bank_root):
        samples = [PatchBankDataset(bank_root, gt_patch_size=size)[0] for size in (16, 20)]
        with pytest.raises(ValueError, match='16, 16'):
            whole_batch(samples)
