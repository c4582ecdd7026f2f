"""How a number was measured: what must be the same before two numbers may stand in one column."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from ..temporal_windows import frames_given, space_time_windows


@dataclass(frozen=True)
class Protocol:
    """Everything beside the frames themselves that decides a PSNR or SSIM.

    Attributes:
        name: Under which tables name it.
        color: ``'Y'`` (BT.601, studio range) or ``'RGB'``.
        crop_border: Pixels dropped at each side of a frame.
        drop_first: Frames dropped at the start of a clip.
        drop_last: Frames dropped at its end.
        centre_only: Measure the middle frame alone.
        space_time: The network doubles the frame rate: it is given frames 0, 2, 4, ... and, at the end of a clip of
            even length, a window of odd frames that ends with the clip; see ``datasets.frame_windows``.
        drop_unpaired: With ``space_time``: of a clip of even length frames 0, 2, 4, ... alone were given, from which
            its last frame cannot be made, and it is not measured.
        round_output: Round predictions to 8 bit before measuring, as a saved frame is.
        average: ``'clip'``: the mean of the clips' means; ``'frame'``: the mean over the frames of all clips. The two
            differ where clips differ in length.
        degradation: ``'BI'`` (MATLAB bicubic), ``'BD'`` (blur and decimate) or None: as the data set says.
        source: Who measures so.
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
        """Refuse values that mean nothing.

        Raises:
            ValueError: Naming the field and what came.
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
                raise ValueError(f'{field} of a protocol must be a whole number of at least 0, but got {value!r}')
        if self.drop_unpaired and not self.space_time:
            raise ValueError('drop_unpaired of a protocol goes with space_time; otherwise no frame needs a partner')

    def select(self, count: int) -> range:
        """Which frames of a clip are measured.

        Args:
            count: Frames of the clip.

        Returns:
            Indices, from 0.

        Raises:
            ValueError: If nothing is left of the clip.
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
        """Whether the last of ``count`` frames has none given after it and is left out."""
        return self.space_time and self.drop_unpaired and count % 2 == 0

    def given(self, count: int) -> list[int]:
        """Which frames of a clip the network was given, where nothing else tells; the others it interpolated.

        Args:
            count: Frames of the clip.

        Returns:
            Indices, from 0; all of them but with ``space_time``.
        """
        if not self.space_time:
            return list(range(count))
        return frames_given(space_time_windows(count - 1 if self.drops_last_of(count) else count))

    def changed(self, **changes: object) -> 'Protocol':
        """With other values, and named after them.

        Raises:
            ValueError: If there is no such field, or a value means nothing.
        """
        unknown = changes.keys() - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f'a protocol has no field {", ".join(sorted(unknown))}')
        changes = {field: value for field, value in changes.items() if getattr(self, field) != value}
        suffix = ''.join(f'+{field}={value}' for field, value in changes.items())
        return replace(self, name=self.name + suffix, **changes)

    def __str__(self) -> str:
        """One line that goes with every number."""
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
        # The paper drops one frame at the start and two at the end, [1:-2], and does not name the channel; the
        # baselines it quotes were measured on Y.
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


def get_protocol(spec: 'str | Protocol | Mapping[str, object]') -> Protocol:
    """A protocol by name, or by name with fields changed.

    Args:
        spec: A name of ``PROTOCOLS``, a protocol, or ``dict(name='basicvsr', crop_border=8)``. A changed protocol is
            named after what changed, ``basicvsr+crop_border=8``, and compares unequal to the original.

    Raises:
        ValueError: If there is no such name or field.
    """
    if isinstance(spec, Protocol):
        return spec
    changes = dict(spec) if isinstance(spec, Mapping) else {'name': spec}
    name = changes.pop('name', None)
    if name not in PROTOCOLS:
        raise ValueError(f'there is no protocol {name!r}; there are {", ".join(PROTOCOLS)}')
    return PROTOCOLS[name].changed(**changes)
