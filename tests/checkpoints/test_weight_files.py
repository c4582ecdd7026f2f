import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import vsr_plugins
from vsr_plugins.checkpoints import safe_loading
from vsr_plugins.checkpoints.mmengine_loaders import load_from_local
from vsr_plugins.checkpoints.weight_files import read_weights, write_weights

AVERAGE = {'conv.weight': torch.tensor([[1.0, 2.0]]), 'conv.bias': torch.tensor([3.0])}
OTHER = {'conv.weight': torch.tensor([[7.0, 8.0]]), 'conv.bias': torch.tensor([9.0])}


def under(prefix, weights):
    return {prefix + name: value for name, value in weights.items()}


FORMS = {
    'bare': AVERAGE,
    'state_dict': {'state_dict': AVERAGE, 'meta': {'iter': 3}, 'optimizer': {'lr': 0.1}},
    'params': {'params': AVERAGE},
    'average before params': {'params': OTHER, 'params_ema': AVERAGE},
    'params before state_dict': {'state_dict': OTHER, 'params': AVERAGE},
    'model': {'model': AVERAGE, 'epoch': 4, 'params': None},
    'nested twice': {'model': {'state_dict': AVERAGE}, 'epoch': 4},
    'parallel': under('module.', AVERAGE),
    'parallel params': {'params': under('module.', AVERAGE)},
    'compiled': {'state_dict': under('module._orig_mod.', AVERAGE)},
    'with numbers of numpy': {'state_dict': AVERAGE, 'best': np.float64(3.5)},
}


@pytest.mark.parametrize('suffix', ['.pth', '.pt', '.ckpt', '.bin'])
@pytest.mark.parametrize('form', FORMS)
def test_forms_of_checkpoints(tmp_path, form, suffix):
    path = tmp_path / f'weights{suffix}'
    torch.save(FORMS[form], path)
    weights = read_weights(path)
    assert {name: value.tolist() for name, value in weights.items()} == {'conv.weight': [[1, 2]], 'conv.bias': [3]}


@pytest.mark.parametrize('form', ['bare', 'average before params', 'state_dict'])
def test_forms_as_loaded_by_mmengine(tmp_path, form):
    torch.save(FORMS[form], tmp_path / 'weights.pth')
    checkpoint = load_from_local(str(tmp_path / 'weights.pth'))
    assert checkpoint['state_dict']['conv.bias'].tolist() == [3]
    assert checkpoint['meta'] == ({'iter': 3} if form == 'state_dict' else {})


@pytest.mark.parametrize('suffix', ['.safetensors', '.pth'])
def test_safetensors_by_content(tmp_path, suffix):
    save_file(under('module.', AVERAGE), tmp_path / f'weights{suffix}')
    assert read_weights(tmp_path / f'weights{suffix}')['conv.weight'].tolist() == [[1, 2]]


def write_complete(kind, folder):
    path = folder / f'whole.{kind}'
    weights = {'weight': torch.arange(1000.0)}
    if kind == 'safetensors':
        save_file(weights, path)
    else:
        torch.save(weights, path, _use_new_zipfile_serialization=kind == 'pth')
    return path.read_bytes()


def zipped(folder):
    with zipfile.ZipFile(folder / 'a.zip', 'w') as archive:
        archive.writestr('weights.txt', 'none')
    return (folder / 'a.zip').read_bytes()


BROKEN = {
    'empty.pth': lambda folder: b'',
    'empty.safetensors': lambda folder: b'',
    'half.pth': lambda folder: write_complete('pth', folder)[:2000],
    'start.pth': lambda folder: write_complete('pth', folder)[:40],
    'almost.pth': lambda folder: write_complete('pth', folder)[:-1],
    'half_legacy.pth': lambda folder: write_complete('legacy', folder)[:2000],
    'start_legacy.pth': lambda folder: write_complete('legacy', folder)[:30],
    'half.safetensors': lambda folder: write_complete('safetensors', folder)[:2000],
    'start.safetensors': lambda folder: write_complete('safetensors', folder)[:12],
    'almost.safetensors': lambda folder: write_complete('safetensors', folder)[:-1],
    'page.pth': lambda folder: b'<!DOCTYPE html>\n<html><body>not found</body></html>',
    'page.safetensors': lambda folder: b'\n  <HTML><body>not found</body></html>',
    'pointer.pth': lambda folder: b'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 25234632\n',
    'pointer.safetensors': lambda folder: b'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 252346\n',
    'archive.pth': zipped,
    'gzip.pth': lambda folder: b'\x1f\x8b\x08\x00' + bytes(60),
    'keras.pth': lambda folder: b'\x89HDF\r\n\x1a\n' + bytes(60),
    'text.pth': lambda folder: b'no weights at all',
    'json.safetensors': lambda folder: b'{"conv.weight": [1, 2]}',
    'zeros.pth': lambda folder: bytes(3000),
    'torch.safetensors': lambda folder: write_complete('pth', folder),
}


@pytest.mark.parametrize('name', BROKEN)
def test_broken_files_are_one_error(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BROKEN[name](tmp_path))
    for read in (read_weights, lambda file: load_from_local(str(file))):
        with pytest.raises(ValueError) as error:
            read(path)
        message = str(error.value)
        assert str(path) in message and f'{path.stat().st_size} bytes' in message and '\n' not in message


def test_files_without_weights(tmp_path):
    for content, value in (
        ([1, 2], 'list'),
        ({'epoch': 1}, 'epoch'),
        ({'state_dict': {}}, 'state_dict'),
        ({}, 'empty'),
        (5, 'int'),
    ):
        torch.save(content, tmp_path / 'a.pth')
        with pytest.raises(ValueError, match=rf'a\.pth.*{value}|{value}.*a\.pth'):
            read_weights(tmp_path / 'a.pth')
    for name in ('none.pth', 'none.safetensors'):
        with pytest.raises(FileNotFoundError, match=name):
            read_weights(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=tmp_path.name):
        read_weights(tmp_path)


class Hostile:
    def __reduce__(self):
        return print, ('run',)


@pytest.mark.parametrize('legacy', [False, True])
def test_older_torch_reads_the_same_and_runs_no_code(tmp_path, legacy, monkeypatch, capsys):
    from mmengine.logging import HistoryBuffer

    monkeypatch.setattr(safe_loading, '_HAS_ALLOW_LIST', False)
    path = tmp_path / 'a.pth'
    history = HistoryBuffer([1.0, 2.0, 6.0], [1, 1, 1])
    content = {'state_dict': AVERAGE, 'meta': {'best': np.float64(3.5), 'dtype': torch.float16}, 'log': history}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    checkpoint = load_from_local(str(path))
    assert checkpoint['state_dict']['conv.weight'].tolist() == [[1, 2]]
    assert checkpoint['log'].mean() == 3.0
    assert checkpoint['meta'] == {'best': 3.5, 'dtype': torch.float16}
    torch.save({'state_dict': AVERAGE, 'meta': Hostile()}, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match='print'):
        read_weights(path)
    path.write_bytes(pickle.dumps({'state_dict': Hostile()}, protocol=2))
    with pytest.raises(ValueError, match=r'a\.pth'):
        read_weights(path)
    assert not capsys.readouterr().out


def test_reading_and_converting_need_neither_mmengine_nor_mmagic(tmp_path):
    folder = Path(vsr_plugins.__file__).parent
    torch.save({'params': AVERAGE}, tmp_path / 'a.pth')
    # Without the package's own __init__, and with all other packages blocked.
    program = f"""
import sys, types
package = types.ModuleType('vsr_plugins')
package.__path__ = [{str(folder)!r}]
sys.modules['vsr_plugins'] = package
for name in ('mmengine', 'mmagic', 'mmcv', 'cv2', 'scipy', 'torchvision'):
    sys.modules[name] = None
from vsr_plugins.checkpoints.conversion import convert_state_dict, find_converters
from vsr_plugins.checkpoints.matching import load_state_dict_strict
from vsr_plugins.checkpoints.ncnn_files import read_ncnn
from vsr_plugins.checkpoints.weight_files import read_weights, write_weights
print(*read_weights({str(tmp_path / 'a.pth')!r}), len(find_converters()) > 12)
for source in ('basicvsr_basicsr', 'rrdbnet_ncnn'):
    try:
        convert_state_dict(source, {{'nonsense.weight': 1}})
    except ValueError:
        print(source)
"""
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert done.stdout.split() == ['conv.weight', 'conv.bias', 'True', 'basicvsr_basicsr', 'rrdbnet_ncnn'], done.stderr


@pytest.mark.parametrize('suffix', ['.safetensors', '.pth'])
def test_written_weights_can_be_read_by_whom_other_files_can(tmp_path, suffix):
    other = tmp_path / 'other'
    other.write_text('')
    write_weights(AVERAGE, tmp_path / f'weights{suffix}', {'made': 'here'})
    assert (tmp_path / f'weights{suffix}').stat().st_mode == other.stat().st_mode
    assert read_weights(tmp_path / f'weights{suffix}').keys() == AVERAGE.keys()
