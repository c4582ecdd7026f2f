import re

import pytest

from vsr_plugins import environment, version
from vsr_plugins.cli import main


def findings():
    return {finding.subject: finding for finding in environment.diagnose()}


def test_a_working_environment_has_no_fault(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv('VSR_DATA_ROOT', str(tmp_path))
    assert main(['doctor']) == 0
    printed = capsys.readouterr().out
    for word in ('mmagic', '1.2.0', 'mmcv', 'deformable convolution', 'device', 'vsr prepare vid4'):
        assert word in printed


def test_a_wrong_version_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(version, 'installed_version', lambda name: '3.0.0' if name == 'numpy' else '0.1')
    found = findings()['numpy']
    assert (found.state, found.text) == ('fault', 'numpy>=1.23,<3 is needed, but 3.0.0 is installed')
    assert found.remedy == "pip install 'numpy>=1.23,<3'"


def test_a_missing_distribution_is_a_fault(monkeypatch, capsys):
    monkeypatch.setattr(version, 'installed_version', lambda name: None)
    assert findings()['mmagic'].text == 'mmagic==1.2.0 is needed, but not installed'
    assert main(['doctor']) == 1
    with pytest.raises(ImportError, match=re.escape('mmcv>=2.0.1,<2.2')):
        version.check_essential()


@pytest.mark.parametrize(('full', 'fault'), [('2.0.1', True), ('2.1.0+cu118', False), (None, False)])
def test_mmcv_beneath_another_mmcv_lite_is_a_fault(monkeypatch, full, fault):
    versions = {'mmcv': full, 'mmcv-lite': '2.1.0'}
    monkeypatch.setattr(environment, 'installed_version', lambda name: versions.get(name, '1'))
    found = findings().get('mmcv-lite')
    assert (found is not None) == fault
    assert not fault or (found.state == 'fault' and '2.0.1' in found.text and '2.0.1' in found.remedy)


def test_data_sets_are_found_half_found_and_missed(monkeypatch, tmp_path):
    for part in ('GT', 'BIx4', 'BDx4', 'meta_info_Vid4_GT.txt'):
        (tmp_path / 'Vid4' / part).mkdir(parents=True)
    (tmp_path / 'SPMCS' / 'GT').mkdir(parents=True)
    monkeypatch.setenv('VSR_DATA_ROOT', str(tmp_path))
    found = findings()
    assert found['Vid4'].state == 'ok'
    assert found['SPMCS'].state == 'fault' and 'lacks BIx4, BDx4' in found['SPMCS'].text
    assert found['REDS'].state == 'note' and found['REDS'].remedy == f'vsr prepare reds SRC {tmp_path}'


def test_a_data_root_that_is_no_folder_is_a_fault(monkeypatch):
    monkeypatch.setenv('VSR_DATA_ROOT', '/no/such/folder')
    assert findings()['VSR_DATA_ROOT'].text == '/no/such/folder is not a folder'


@pytest.mark.parametrize(('found', 'fits'), [('2.15.0+cpu', True), ('2.0.1', False), ('3.0.0', True)])
def test_local_builds_count_as_their_release(monkeypatch, found, fits):
    monkeypatch.setattr(version, 'installed_version', lambda name: found)
    assert (version.fault_of('torch>=2.1') is None) == fits
