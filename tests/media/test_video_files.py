import io

import av
import pytest

from vsr_plugins.media.video_files import open_media


@pytest.mark.parametrize('is_path', [True, False])
def test_messages_of_decoders_are_not_sent_to_python(tmp_path, is_path):
    """With a level set, as importing torchvision before 0.26 sets it, closing a decoder may deadlock."""
    av.logging.set_level(av.logging.ERROR)
    with open_media(tmp_path / 'a.mp4' if is_path else io.BytesIO(), 'w', format='mp4') as container:
        assert container.format.name == 'mp4'
        assert av.logging.get_level() is None
