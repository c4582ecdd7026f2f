"""Measuring protocols: the settings that must be equal for two numbers to share a column."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from ..temporal_windows import frames_given, space_time_windows


@dataclass(frozen=True)
class Protocol:
    """All settings that determine a PSNR or SSIM for given frames.

    Attributes:
        name: Name in tables.
        color: ``'Y'`` (BT.601, studio range) or ``'RGB'``.
        crop_border: Pixels dropped at each side of a frame.
        drop_first: Frames dropped at the start of a clip.
        drop_last: Frames dropped at the end of a clip.
        centre_only: Measure the centre frame only.
        space_time: The network doubles the frame rate: its input is frames 0, 2, 4, ... and, at the end of a clip of
            even length, a window of odd frames that ends with the clip; see ``datasets.frame_windows``.
        drop_unpaired: With ``space_time``: the input of a clip of even length is frames 0, 2, 4, ... only, from which
            its last frame cannot be made; that frame is not measured.
        round_output: Round predictions to 8 bit before measuring, as a saved frame is.
        average: ``'clip'``: the mean of the clips' means; ``'frame'``: the mean over the frames of all clips. The two
            differ where clips differ in length.
        degradation: ``'BI'`` (MATLAB bicubic), ``'BD'`` (blur and decimate) or None: as the data set defines.
        source: Publications that use this protocol.
    """

    name: str
    color: Literal['Y', 'RGB'] = 'Y'
    crop_border: int = 0
    drop_first: int = 0
    drop_last: int = 0
    centre_only: bool = False
    space_time: bool = False
    drop_unpaired: bool = False
    round_output: bool = True
    average: Literal['clip', 'frame'] = 'clip'
    degradation: Literal['BI', 'BD'] | None = None
    source: str = ''

    def __post_init__(self) -> None:
        """Check the values of the fields.

        Raises:
            ValueError: If a value is invalid; the message names the field and the value.
        """
        for field, allowed in (
            ('color', ('Y', 'RGB')),
            ('average', ('clip', 'frame')),
            ('degradation', ('BI', 'BD', None)),
        ):
            if getattr(self, field) not in allowed:
                raise ValueError(f'{field} of a protocol must be one of {allowed}, but got {getattr(self, field)!r}')
        for field in ('crop_border', 'drop_first', 'drop_last'):
            value = getattr(self, field)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ValueError(f'{field} of a protocol must be an integer of at least 0, but got {value!r}')
        if self.drop_unpaired and not self.space_time:
            raise ValueError('drop_unpaired=True of a protocol needs space_time=True')

    def select(self, count: int) -> range:
        """Return the indices of the measured frames of a clip.

        Args:
            count: Frames of the clip.

        Returns:
            Indices, from 0.

        Raises:
            ValueError: If no frame remains.
        """
        if self.centre_only and count > 0:
            return range(count // 2, count // 2 + 1)
        end = count - self.drop_last
        if self.drops_last_of(count):
            end = min(end, count - 1)
        if end <= self.drop_first:
            needed = self.drop_first + self.drop_last + 1
            raise ValueError(f'protocol {self.name} needs clips of at least {needed} frames, but got one of {count}')
        return range(self.drop_first, end)

    def drops_last_of(self, count: int) -> bool:
        """Whether the last of ``count`` frames is excluded, as no input frame follows it."""
        return self.space_time and self.drop_unpaired and count % 2 == 0

    def given(self, count: int) -> list[int]:
        """Return the default indices of the input frames of a clip; the network interpolates the others.

        Args:
            count: Frames of the clip.

        Returns:
            Indices, from 0; all of them without ``space_time``.
        """
        if not self.space_time:
            return list(range(count))
        return frames_given(space_time_windows(count - 1 if self.drops_last_of(count) else count))

    def changed(self, **changes: object) -> 'Protocol':
        """Return a copy with other values, which are appended to its name.

        Raises:
            ValueError: If a field does not exist, or a value is invalid.
        """
        known = [field.name for field in fields(self)]
        unknown = changes.keys() - set(known)
        if unknown:
            raise ValueError(f'a protocol has no field {", ".join(sorted(unknown))}; choose from {", ".join(known)}')
        changes = {field: value for field, value in changes.items() if getattr(self, field) != value}
        suffix = ''.join(f'+{field}={value}' for field, value in changes.items())
        return replace(self, name=self.name + suffix, **changes)

    def __str__(self) -> str:
        """Describe the protocol in the line printed with every number."""
        if self.centre_only:
            frames = 'centre frame'
        elif self.drop_first or self.drop_last:
            frames = f'without the first {self.drop_first} and last {self.drop_last} frames of a clip'
            frames += ' and the last of an even one' * (self.drop_unpaired and not self.drop_last)
        else:
            frames = 'all frames' + ' but the last of an even clip' * self.drop_unpaired
        given = 'every second frame' + ' and the last' * (not self.drop_unpaired) + ' given'
        parts = (
            f'{self.degradation}x4' if self.degradation else '',
            self.color,
            frames,
            f'{self.crop_border} pixels cropped' if self.crop_border else 'no crop',
            given if self.space_time else '',
            '8 bit' if self.round_output else 'not rounded',
            f'mean over {self.average}s',
        )
        return f'{self.name}: ' + ', '.join(part for part in parts if part)


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        # The paper drops one frame at the start and two at the end, [1:-2], and does not state the channel; the
        # baselines it cites were measured on Y.
        Protocol('latent_attention', crop_border=8, drop_first=1, drop_last=2, source='latent-attention paper, Vid4'),
        Protocol('basicvsr', source='BasicVSR and later, Vid4 and UDM10'),
        Protocol('tdan', crop_border=8, average='frame', source='TDAN, Vid4 and SPMCS'),
        Protocol('duf', crop_border=8, drop_first=2, drop_last=2, source='DUF, Vid4'),
        Protocol('zooming_slow_mo', space_time=True, source='Zooming Slow-Mo, Vid4 and Vimeo-90K'),
        Protocol('reds4_rgb', color='RGB', source='EDVR and later, REDS4'),
        Protocol('vimeo90k', centre_only=True, source='TOFlow and later, Vimeo-90K test'),
        Protocol('sisr', crop_border=4, source='SRCNN and later, x4: Set5, Set14'),
        Protocol('spmcs', centre_only=True, source='SPMC, SPMCS'),
    )
}


def get_protocol(spec: 'str | Protocol | Mapping[str, Any]') -> Protocol:
    """Return a protocol by name, optionally with changed fields.

    Args:
        spec: A name of ``PROTOCOLS``, a protocol, or ``dict(name='basicvsr', crop_border=8)``. The changes are appended
            to the name of a changed protocol, ``basicvsr+crop_border=8``; it compares unequal to the original.

    Raises:
        ValueError: If the name or a field does not exist.
    """
    if isinstance(spec, Protocol):
        return spec
    changes = dict(spec) if isinstance(spec, Mapping) else {'name': spec}
    name = changes.pop('name', None)
    if name not in PROTOCOLS:
        raise ValueError(f'unknown protocol {name!r}; choose from {", ".join(PROTOCOLS)}')
    return PROTOCOLS[name].changed(**changes)
