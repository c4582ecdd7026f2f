"""The methods of a table: their configs, names and weights."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from mmengine.config import Config

from ..engine.config_files import alias_chain, find_config, merge_options, package_bases, read_config, to_builtins
from ..engine.load_parts import find_checkpoint
from ..engine.training_record import differences, read_record
from ..evaluation.tables.published import identify
from ..pretrained import PRETRAINED, PRETRAINED_PREFIX, entry_of, locate


@dataclass(frozen=True)
class Method:
    """A model to measure.

    Attributes:
        path: Its config file.
        config: The loaded config with changes applied.
        checkpoint: Its weights, a file or ``pretrained:NAME``; None for the best checkpoint of its training, or
            pretrained weights.
        label: Distinguishes several checkpoints of one config; '' for a single one.
        ensemble: Self-ensemble to measure it with; None for none.
    """

    path: Path
    config: Config
    checkpoint: Path | None
    label: str = ''
    ensemble: str | None = None

    @property
    def name(self) -> str:
        """Name in tables: the stem of the config file, the label and the self-ensemble."""
        return ' '.join(part for part in (self.path.stem, self.label, self.ensemble) if part)

    @cached_property
    def names(self) -> list[str]:
        """Its name and those of the configs that it is an alias of."""
        return [path.stem for path in alias_chain(self.path)]

    @cached_property
    def published_as(self) -> str | None:
        """Published method that its network is; None if it is none."""
        if self.ensemble:
            return None  # published numbers are those of single networks
        names = [self.path.stem, *(path.stem for path in package_bases(self.path))]
        return identify(self.config.model.get('generator'), names)

    @property
    def imports(self) -> list[str]:
        """Modules that its config imports."""
        names = (self.config.get('custom_imports') or {}).get('imports') or []
        return [names] if isinstance(names, str) else list(names)


def read_methods(models: Sequence[tuple[Path, Path | None]], options: Mapping[str, object]) -> list[Method]:
    """Read the configs of the methods, change them by ``options``, and name those that share a config apart.

    Raises:
        FileNotFoundError: If a config does not exist.
        ValueError: If there is no model, or two rows would have one name.
    """
    if not models:
        raise ValueError('a table needs at least one config')
    methods = []
    for path, checkpoint in models:
        path = find_config(path)
        config = read_config(path)
        merge_options(config, options)
        same = [method for method in methods if method.path.stem == path.stem]
        if any(method.path.resolve() != path.resolve() or method.checkpoint == checkpoint for method in same):
            raise ValueError(
                f'two rows are called {path.stem}; rename one config, or give each its checkpoint: CONFIG=CHECKPOINT'
            )
        methods.append(Method(path, config, checkpoint))
    stems = [method.path.stem for method in methods]
    of_stem = {stem: [method.checkpoint for method in methods if method.path.stem == stem] for stem in stems}
    return [
        replace(one, label=_checkpoint_label(one.checkpoint, of_stem[one.path.stem]))
        if len(of_stem[one.path.stem]) > 1
        else one
        for one in methods
    ]


def _checkpoint_label(checkpoint: Path | None, among: Sequence[Path | None]) -> str:
    """Name a checkpoint by its folder and file, and by as many folders above as tell it from the others."""
    if checkpoint is None:
        return ''
    if str(checkpoint).startswith(PRETRAINED_PREFIX):
        return f'[{checkpoint}]'
    own, *others = [checkpoint.absolute(), *(one.absolute() for one in among if one and one != checkpoint)]
    if not any(one.with_suffix('') == own.with_suffix('') for one in others):
        own, *others = [one.with_suffix('') for one in (own, *others)]
    parts, depth = own.parts, 2
    while depth < len(parts) and any(one.parts[-depth:] == parts[-depth:] for one in others):
        depth += 1
    return f'[{"/".join(parts[-depth:])}]'


def find_weights(method: Method, out: Path) -> Path | None:
    """Find the checkpoint to measure a method with.

    Returns:
        The given checkpoint; else the best of its training in ``out``; else ``pretrained:NAME`` of its config; else
        None. Weights of a config that the method's config is an alias of count as its own.

    Raises:
        FileNotFoundError: If the given checkpoint does not exist.
    """
    if method.checkpoint is not None:
        is_pretrained = str(method.checkpoint).startswith(PRETRAINED_PREFIX)
        return method.checkpoint if is_pretrained else find_checkpoint(method.checkpoint, out)
    for name in method.names:
        with suppress(FileNotFoundError):
            return find_checkpoint(name, out)
    return _pretrained(method)


def _pretrained(method: Method) -> Path | None:
    """Return ``pretrained:NAME`` of weights for the method's config on this machine; None if there are none."""
    candidates = (entry for name in method.names for entry in PRETRAINED if entry.config == name)
    entry = next((entry for entry in candidates if locate(entry)), None)
    return None if entry is None else Path(PRETRAINED_PREFIX + entry.name)


def needs_training(method: Method) -> bool:
    """Whether the method has neither a given checkpoint nor pretrained weights, and its config trains."""
    return method.checkpoint is None and bool(method.config.get('train_dataloader')) and not _pretrained(method)


def config_to_train(method: Method, out: Path) -> Path:
    """Return the config to train: one whose training has started, else the one that the others are aliases of."""
    configs = alias_chain(method.path)
    return next((path for path in configs if (out / path.stem).is_dir()), configs[-1])


def check_network(method: Method, weights: Path) -> None:
    """Raise if the checkpoint of a training in the folder of a config is of another network.

    Raises:
        ValueError: The message lists what differs.
    """
    record = None if str(weights).startswith(PRETRAINED_PREFIX) else read_record(weights)
    if record is None:
        return
    before, now = record['config'].get('model') or {}, to_builtins(method.config.model)
    changes = differences(before.get('generator'), now.get('generator'), 'model.generator')
    if changes:
        raise ValueError(f'{weights} was trained with a different config: {"; ".join(text for _, text in changes)}')


def is_trained_by(method: Method, weights: Path | None) -> bool:
    """Whether the weights come from a training with the method's config, as they will where there are none yet."""
    if weights is None:
        return True
    entry = entry_of(weights)
    return entry.trained_here if entry else weights.resolve().parent.name in method.names
