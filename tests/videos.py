"""Videos of known content, and networks of known effect, for the tests of upscaling."""

from fractions import Fraction

import av
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Nearest(nn.Module):
    """Repeats pixels; every frame stands for itself."""

    window = None
    output = 'all'
    halo = 0

    def __init__(self, scale=2):
        super().__init__()
        self.scale = scale

    def forward(self, lqs):
        return F.interpolate(lqs.flatten(0, 1), scale_factor=self.scale).unflatten(0, lqs.shape[:2])


class Between(Nearest):
    """Puts the mean of two frames between them."""

    output = 'interpolated'
    halo = 2
    window_length = 4

    def forward(self, lqs):
        pictures = super().forward(lqs)
        between = (pictures[:, 1:] + pictures[:, :-1]) / 2
        woven = torch.stack((pictures[:, :-1], between), 2).flatten(1, 2)
        return torch.cat((woven, pictures[:, -1:]), 1)


def grey_frames(count, height=32, width=48, first=40, step=3):
    """Frames of one grey each, brighter from frame to frame."""
    return [np.full((height, width, 3), first + step * i, np.uint8) for i in range(count)]


def gradient(height=32, width=48):
    """A frame whose corners can be told apart: dark at the upper left, red to the right, blue downwards."""
    frame = np.full((height, width, 3), 30, np.uint8)
    frame[..., 0] = np.linspace(30, 220, width).astype(np.uint8)
    frame[..., 2] = np.linspace(30, 220, height).astype(np.uint8)[:, None]
    return frame


def write_clip(
    path,
    frames,
    codec='libx264',
    pix_fmt='yuv420p',
    rate=Fraction(25),
    time_base=None,
    times=None,
    tracks=0,
    rotation=None,
    colors=None,
    options=None,
    tags=None,
):
    """Write a video; ``times`` are of its frames in ``time_base``; ``tracks`` of sound, tones an octave apart."""
    time_base = time_base or 1 / rate
    times = times or [round(i / rate / time_base) for i in range(len(frames))]
    lossless = {'libx264': {'crf': '2', 'preset': 'ultrafast'}, 'libvpx-vp9': {'lossless': '1', 'cpu-used': '8'}}
    with av.open(str(path), 'w') as container:
        container.metadata.update(tags or {})
        video = container.add_stream(codec, rate=rate, options=options or lossless.get(codec, {}))
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = pix_fmt
        context = video.codec_context
        context.time_base = time_base
        if colors is not None:
            context.color_range, context.colorspace = colors
        if rotation is not None:
            video.set_display_rotation(rotation)
        sounds = [
            container.add_stream('libopus' if path.suffix == '.webm' else 'aac', rate=48000) for _ in range(tracks)
        ]
        for time, pixels in zip(times, frames, strict=True):
            rgb = av.VideoFrame.from_ndarray(pixels, format='rgb24' if pixels.dtype == np.uint8 else 'rgb48le')
            rgb.colorspace = colors[1] if colors else 6
            frame = rgb.reformat(format=pix_fmt, dst_color_range=colors[0] if colors else 1)
            frame.pts, frame.time_base = time, time_base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        seconds = float((times[-1] + 1 / rate / time_base) * time_base)
        for octave, sound in enumerate(sounds):
            _write_tone(container, sound, 220 * 2**octave, seconds)
    return path


def _write_tone(container, stream, pitch, seconds):
    phase = np.arange(int(seconds * 48000)) * 2 * np.pi * pitch / 48000
    tone = (0.3 * np.sin(phase)).astype(np.float32)
    for first in range(0, len(tone) - 960, 960):
        chunk = np.stack([tone[first : first + 960]] * 2)
        frame = av.AudioFrame.from_ndarray(chunk, format='fltp', layout='stereo')
        frame.sample_rate, frame.pts = 48000, first
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def read_clip(path):
    """Frames of a video: (times in seconds, pixels (t, h, w, 3) uint8), and its stream's properties as a dict."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        about = dict(
            rate=stream.average_rate,
            time_base=stream.time_base,
            codec=stream.codec_context.codec.canonical_name,
            tags=dict(container.metadata),
            tracks=len(container.streams.audio),
            duration=stream.duration,
        )
        times, pixels = [], []
        for frame in container.decode(stream):
            times.append(frame.time)
            pixels.append(frame.to_ndarray(format='rgb24'))
            about |= dict(
                pix_fmt=frame.format.name, range=frame.color_range, matrix=frame.colorspace, rotation=frame.rotation
            )
    return times, np.stack(pixels), about


def sound_packets(path, track=0):
    """(time, bytes) of the packets of a track."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        return [(float(p.pts * p.time_base), bytes(p)) for p in container.demux(stream) if p.pts is not None]


def moved(source, path, seconds):
    """Copy a clip with all its times moved. In an .mp4, an edit list cuts what then lies before 0."""
    with av.open(str(source)) as old, av.open(str(path), 'w') as new:
        copies = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                ticks = round(seconds / packet.time_base)
                packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                packet.stream = copies[packet.stream.index]
                new.mux(packet)
    return path


def heard(path, track=0):
    """Seconds at which the sound of a track begins and ends when it is played."""
    with av.open(str(path)) as container:
        frames = list(container.decode(container.streams.audio[track]))
    return frames[0].time, frames[-1].time + frames[-1].samples / frames[-1].sample_rate
