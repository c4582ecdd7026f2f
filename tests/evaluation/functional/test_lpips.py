import numpy as np
import pytest
import torch
import torchvision

from vsr_plugins.evaluation.functional import lpips
from vsr_plugins.evaluation.functional.lpips import BACKBONE, find_backbone


@pytest.fixture(scope='module')
def backbone(tmp_path_factory):
    """A file of random AlexNet weights, as the trained ones cannot be redistributed."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / BACKBONE
    torch.save(torchvision.models.alexnet(weights=None).state_dict(), path)
    return path


@pytest.fixture(autouse=True)
def no_weights(monkeypatch, tmp_path):
    monkeypatch.setenv('VSR_WEIGHTS_ROOT', str(tmp_path / 'weights'))
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))


def pair(size=(64, 80)):
    rng = np.random.default_rng(0)
    target = rng.integers(0, 256, (*size, 3), np.uint8)
    return np.clip(target + rng.normal(0, 40, target.shape), 0, 255), target


def test_it_equals_torchmetrics(backbone):
    """torchmetrics has its own copy of the learned layers; the backbone is the same."""
    from torchmetrics.functional.image.lpips import _LPIPS

    other = _LPIPS(net='alex', pnet_rand=True).eval()
    features = torch.load(backbone)
    layers = {name: features['features.' + name.partition('.')[2]] for name in other.net.state_dict()}
    other.net.load_state_dict(layers)
    prediction, target = pair()
    images = [torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)[None] / 255 for image in (prediction, target)]
    with torch.no_grad():
        expected = float(other(*images, normalize=True))
    assert expected > 1e-3
    assert lpips(prediction, target, backbone) == pytest.approx(expected, rel=1e-4)


def test_equal_images_have_distance_zero_and_channel_order_matters(backbone):
    prediction, target = pair()
    assert lpips(target, target, backbone) == 0
    turned = lpips(prediction[..., ::-1], target[..., ::-1], backbone, 'bgr')
    assert turned == pytest.approx(lpips(prediction, target, backbone), rel=1e-6)
    assert turned != pytest.approx(lpips(prediction, target, backbone, 'bgr'), rel=1e-3)


def test_the_smallest_image(backbone):
    assert lpips(*pair((31, 31)), backbone) > 0
    with pytest.raises(ValueError, match=r'31 x 31 .*\(30, 40, 3\)'):
        lpips(*pair((30, 40)), backbone)


def test_where_the_backbone_is_searched(tmp_path, backbone):
    with pytest.raises(FileNotFoundError) as error:
        find_backbone()
    root, cache = tmp_path / 'weights' / BACKBONE, tmp_path / 'torch' / 'hub' / 'checkpoints' / BACKBONE
    assert all(str(part) in str(error.value) for part in (root, cache))
    with pytest.raises(FileNotFoundError, match='none.pth'):
        lpips(*pair(), tmp_path / 'none.pth')
    for place in (cache, root):
        place.parent.mkdir(parents=True)
        place.write_bytes(backbone.read_bytes())
        assert find_backbone() == place.resolve()


def test_other_weights_raise(tmp_path):
    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), tmp_path / 'squeeze.pth')
    with pytest.raises(ValueError, match=r'squeeze\.pth'):
        lpips(*pair(), tmp_path / 'squeeze.pth')
