import pytest

from vsr_plugins.media.atomic_files import atomic_write


def test_a_file_is_renamed_when_it_is_complete(tmp_path):
    path = tmp_path / 'a.png'
    path.write_text('old')
    with atomic_write(path) as partial:
        assert (partial.parent, partial.suffix, partial.name[0]) == (tmp_path, '.png', '.')
        partial.write_text('new')
        assert path.read_text() == 'old'
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [('a.png', 'new')]


@pytest.mark.parametrize('error', [OSError(28, 'No space left on device'), KeyboardInterrupt()], ids=['disk', 'keys'])
def test_an_error_leaves_the_existing_file(tmp_path, error):
    path = tmp_path / 'a.png'
    path.write_text('old')
    with pytest.raises(type(error)), atomic_write(path) as partial:
        partial.write_text('half')
        raise error
    with pytest.raises(ValueError), atomic_write(tmp_path / 'b.png'):
        raise ValueError('before anything is written')
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [('a.png', 'old')]


def test_processes_write_the_same_file_at_once(tmp_path):
    path = tmp_path / 'frame.png'
    with atomic_write(path) as first:
        first.write_text('first')
        with atomic_write(path, 1) as second:
            second.write_text('second')
        assert path.read_text() == 'second'
    assert path.read_text() == 'first' and list(tmp_path.iterdir()) == [path]
