"""Still images, animated images and films are told apart by their content."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from videos import Nearest, grey_frames, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.evaluation.scored_clips import AnimationClip, ImageClip, VideoClip, find_clips
from vsr_plugins.inference.job.batch_targets import plan_targets
from vsr_plugins.inference.job.options import Naming
from vsr_plugins.media.images.image_files import UnreadableError
from vsr_plugins.media.reading.animation_reader import AnimationReader
from vsr_plugins.media.reading.image_reader import ImageReader
from vsr_plugins.media.reading.open_reader import open_reader
from vsr_plugins.media.reading.source_kind import source_kind
from vsr_plugins.media.reading.video_reader import VideoReader

READERS = {'image': ImageReader, 'animation': AnimationReader, 'film': VideoReader}
CLIPS = {'image': ImageClip, 'animation': AnimationClip, 'film': VideoClip}


def write(path, pictures):
    """Pictures in the format of a name before its colon, in a file of the name after it."""
    kind, _, name = path.name.rpartition(':')
    path = path.with_name(name)
    if kind == 'video':
        return write_clip(path.with_suffix('.mp4'), grey_frames(pictures)).rename(path)
    images = [Image.fromarray(frame) for frame in grey_frames(pictures)]
    further = {'save_all': True, 'append_images': images[1:]} if pictures > 1 else {}
    images[0].save(path, kind, **({'lossless': True} if kind == 'WEBP' else {}), **further)
    return path


@pytest.mark.parametrize(
    'name, pictures, kind, target',
    [
        *((f'{form}:a.{form.lower()}', 1, 'image', f'a.{form.lower()}') for form in ('GIF', 'PNG', 'WEBP', 'AVIF')),
        *((f'{form}:a.{form.lower()}', 3, 'animation', f'a.{form.lower()}') for form in ('GIF', 'WEBP', 'PNG')),
        ('PNG:a.apng', 3, 'animation', 'a.apng'),
        ('PNG:a.apng', 1, 'image', 'a.apng'),
        ('TIFF:a.tif', 1, 'image', 'a.tif'),
        ('TIFF:a.tif', 3, 'animation', 'a'),
        ('JPEG:a.jpg', 1, 'image', 'a.jpg'),
        ('TGA:a.tga', 1, 'image', 'a.tga'),
        # Of other suffixes than their content.
        ('PNG:a.mp4', 1, 'image', 'a.png'),
        ('GIF:a.mp4', 3, 'animation', 'a.mp4'),
        ('JPEG:a', 1, 'image', 'a.png'),
        ('JPEG:a.mjpeg', 1, 'film', 'a.mkv'),
        ('video:a.mp4', 3, 'film', 'a.mp4'),
        ('video:a.gif', 3, 'film', 'a.mkv'),
        ('video:a.png', 3, 'film', 'a.mkv'),
        ('video:a.dat', 3, 'film', 'a.mkv'),
        ('video:a.h264', 3, 'film', 'a.mkv'),
    ],
)
def test_one_answer_for_readers_batches_and_scores(tmp_path, name, pictures, kind, target):
    path = write(tmp_path / name, pictures)
    assert source_kind(path) == kind
    assert type(open_reader(path)) is READERS[kind]
    targets, _ = plan_targets([path], tmp_path / 'out', is_folder=True)
    assert targets == {path: tmp_path / 'out' / target}
    (clip,) = find_clips(path).values()
    assert type(clip) is CLIPS[kind] and len(clip) == pictures
    assert clip.size(0) == (32, 48)
    # The pictures are brighter from one to the next.
    greys = [frame.mean() for frame in clip.frames(range(pictures))]
    assert greys == pytest.approx([40 + 3 * number for number in range(pictures)], abs=3)


def test_a_still_image_becomes_no_film(tmp_path):
    gif = write(tmp_path / 'GIF:a.gif', 1)
    out = tmp_path / 'out'
    assert plan_targets([gif], out, Naming('mp4'), is_folder=True)[0] == {gif: out / 'a.gif'}
    upscale(gif, tmp_path / 'b.gif', Nearest())
    with Image.open(tmp_path / 'b.gif') as image:
        assert getattr(image, 'n_frames', 1) == 1 and image.size == (96, 64)
    upscale(gif, tmp_path / 'b.jpg', Nearest())
    assert np.asarray(Image.open(tmp_path / 'b.jpg')).shape == (64, 96, 3)


@pytest.mark.parametrize('name', ['a.png', 'a.gif', 'a.jpg', 'a.mp4'])
@pytest.mark.parametrize('content', [b'', b'no picture at all', bytes(500)])
def test_what_nobody_recognises_is_an_error_that_names_the_file(tmp_path, name, content):
    path: Path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=name):
        open_reader(path)
