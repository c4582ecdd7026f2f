"""The console lines of the documentation: found, taken apart, and parsed by the program that they call."""

import argparse
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from runpy import run_path

from sybil import Example

from vsr_plugins.checkpoints.conversion import find_converters
from vsr_plugins.cli import build_parser
from vsr_plugins.engine.config_files import find_configs
from vsr_plugins.evaluation.protocols import PROTOCOLS
from vsr_plugins.pretrained import PRETRAINED

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob('*.md'), *(ROOT / 'docs').glob('*.md'), *(ROOT / 'configs').glob('*/README.md')],
    key=lambda page: page.relative_to(ROOT).as_posix(),
)
# What has no parser of this project's to ask.
FOREIGN = ('tensorboard', 'export', 'pre-commit', 'pip download')
NAMES = {entry.name for entry in PRETRAINED}
VALUES = {'--model': NAMES, '--protocol': PROTOCOLS, '--from': find_converters()}


class Parsed(BaseException):
    """A program has parsed its arguments and is not to go on; no ``except Exception`` stops this."""


def console_lines(text: str) -> Iterator[list[str]]:
    """The words of each command in a block, with the variables that the block sets and braces expanded."""
    variables: dict[str, str] = {}
    pending = ''
    for line in re.sub(r'\\\n\s*', ' ', text).splitlines():
        try:
            words, pending = shlex.split(pending + line, comments=True), ''
        except ValueError:  # a quotation goes on in the next line
            pending += line + '\n'
            continue
        if len(words) == 1 and (setting := re.fullmatch(r'(\w+)=(.*)', words[0])):
            variables[setting[1]] = setting[2]
            continue
        words = [re.sub(r'\$(\w+)', lambda found: variables.get(found[1], found[0]), word) for word in words]
        words = [one for word in words for one in expand_braces(word)]
        if words:
            # A placeholder for more of the same.
            yield words[:-1] if words[-1] == '...' else words


def expand_braces(word: str) -> list[str]:
    """As the shell does: ``a{b,c}`` becomes ``ab ac``."""
    parts = re.split(r'\{([^{}]*,[^{}]*)\}', word)
    choices = [part.split(',') if number % 2 else [part] for number, part in enumerate(parts)]
    return [''.join(one) for one in product(*choices)]


def check(words: list[str]) -> None:
    """Parse a command as the program that it calls does.

    Raises:
        ValueError: If the program refuses it, or it names a config, a model, a protocol, a target or a file that the
            project does not have.
    """
    program, *rest = words
    if ' '.join(words).startswith(FOREIGN):
        return
    if program == 'vsr':
        _check_vsr(rest)
    elif program == 'mim':
        _check_mim(rest)
    elif program == 'python':
        _check_script(rest)
    elif program == 'torchrun':
        check(rest[rest.index('--no-python') + 1 :])
    elif program == 'make':
        (targets,) = re.findall(r'^\.PHONY: (.*)$', (ROOT / 'Makefile').read_text(encoding='utf-8'), re.MULTILINE)
        _known(rest, targets.split())
    elif program == 'pip':
        extras = re.findall(r"^        '([\w-]+)': ", (ROOT / 'setup.py').read_text(encoding='utf-8'), re.MULTILINE)
        _known([extra for word in rest for extra in re.findall(r'^\.\[(.*)\]$', word)], extras)
    else:
        raise ValueError(f'no rule for {program!r}')


def _check_vsr(words: list[str]) -> None:
    with _refusal():
        args = build_parser().parse_args(words)
    for option, value in zip(words, words[1:], strict=False):
        if option in VALUES and not value.endswith('.onnx'):
            _known([value], VALUES[option])
    _known([word.partition('pretrained:')[2] for word in words if 'pretrained:' in word], NAMES)
    # A config of the reader's own begins with MY or my, or is a placeholder in capitals.
    named = [*getattr(args, 'models', ()), *getattr(args, 'configs', ())]
    named += [value for value in (getattr(args, 'config', None),) if value]
    _check_configs(str(word).partition('=')[0] for word in named)


def _check_mim(words: list[str]) -> None:
    command, package, *rest = words
    _known([command], ('train', 'test', 'search'))
    _known([package if command != 'search' else 'vsr_plugins'], ('mmagic', 'vsr_plugins'))
    if command == 'search':
        return
    _check_configs(rest[:1])
    # What mim passes on.
    own = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    own.add_argument('--gpus', type=int)
    with _refusal():
        _, rest = own.parse_known_args(rest)
    rest = [word for word in rest if word != '--checkpoint']
    _known([word.partition('pretrained:')[2] for word in rest if word.startswith('pretrained:')], NAMES)
    scripts = Path(find_spec('mmagic').origin).parent / '.mim' / 'tools'
    _parse(scripts / f'{command}.py', rest)


def _check_script(words: list[str]) -> None:
    script, *rest = words
    if script in ('-m', '-c'):
        return
    path = ROOT / script
    if not path.exists():
        raise ValueError(f'there is no {script}')
    source = (path / 'command.py' if path.is_dir() else path).read_text(encoding='utf-8')
    if 'argparse' in source:
        _parse(path, rest)
    elif rest:
        raise ValueError(f'{script} takes no arguments, but got {rest}')


def _parse(script: Path, words: list[str]) -> None:
    """Start a script and stop it when it has parsed its arguments."""
    original = argparse.ArgumentParser.parse_args

    def parse_and_stop(parser: argparse.ArgumentParser, *args: object, **kwargs: object) -> None:
        original(parser, *args, **kwargs)
        raise Parsed

    argv, path = sys.argv, list(sys.path)
    sys.argv = [str(script), *words]
    argparse.ArgumentParser.parse_args = parse_and_stop
    try:
        # What a script imports from beside it, as where Python runs it.
        sys.path.insert(0, str(script if script.is_dir() else script.parent))
        with _refusal():
            run_path(str(script), run_name='__main__')
        raise ValueError(f'{script} has not parsed its arguments')
    except Parsed:
        pass
    finally:
        argparse.ArgumentParser.parse_args = original
        sys.argv, sys.path[:] = argv, path


@contextmanager
def _refusal() -> Iterator[None]:
    """What argparse refuses as an exception; ``--help`` and ``--version`` are not refused."""
    try:
        yield
    except SystemExit as stop:
        if stop.code:
            raise ValueError(f'the arguments are refused, status {stop.code}') from None


def _check_configs(configs: Iterator[str] | list[str]) -> None:
    for config in configs:
        stem = Path(config).stem
        if not (stem.isupper() or stem.startswith('my_')):
            pattern = ROOT / config
            if not (list(ROOT.glob(config)) if '*' in config else pattern.is_file()) and not find_configs(config):
                raise ValueError(f'there is no config {config}')


def _known(values: list[str], known: object) -> None:
    if unknown := [value for value in values if value not in known]:
        raise ValueError(f'there is no {unknown}')


def check_block(example: Example) -> None:
    """Check every command of a console block."""
    for words in console_lines(example.parsed):
        try:
            check(words)
        except (ValueError, FileNotFoundError) as error:
            raise ValueError(f'{" ".join(words)}: {error}') from error
