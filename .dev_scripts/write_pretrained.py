"""Writes the weights of a checkpoint as they come with the package, and what the registry needs to know of them.

    python .dev_scripts/write_pretrained.py work_dirs/NAME/best_*.pth NAME --held-out 29.137 20000 --vid4 25.29 0.7309

The file has the network alone, in half precision unless ``--full`` is given, and its metadata say how it was trained
(``vsr_plugins/pretrained/provenance.py``). It lies in ``vsr_plugins/weights`` if a user would run it, in ``results``
(``--place results``) if it is a step or a variant that tables name. The curve of the training, from the logs beside the
checkpoint, goes into ``results`` too. The last line printed is for ``vsr_plugins/pretrained/entries.py``. The same
weights and arguments give the same file.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from vsr_plugins.checkpoints.conversion import read_released
from vsr_plugins.checkpoints.digests import digest_file
from vsr_plugins.checkpoints.weight_files import write_weights
from vsr_plugins.engine.config_files import find_config, read_config
from vsr_plugins.engine.training_curve import read_curve, write_curve
from vsr_plugins.pretrained.entry import OWN_DATA, OWN_LICENCE
from vsr_plugins.pretrained.files import CLONE, FOLDER, RESULTS_FOLDER
from vsr_plugins.pretrained.provenance import Provenance, to_metadata
from vsr_plugins.version import __version__


def provenance_of(args: argparse.Namespace) -> Provenance:
    """What the metadata say, from the config and the arguments."""
    config = read_config(args.config)
    hooks = config.get('custom_hooks') or ()
    parts = [part for hook in hooks if hook['type'] == 'LoadPartsHook' for part in hook['parts']]
    psnr, iteration = args.held_out
    (evaluator,) = (one for one in config.val_evaluator if one.metrics[0].prefix == 'clips')
    vid4 = {}
    if args.vid4:
        vid4 = dict(zip(('PSNR', 'SSIM'), args.vid4, strict=True))
        vid4.update(protocol=args.vid4_protocol, degradation=args.degradation)
    return Provenance(
        config=find_config(args.config).stem,
        iterations=args.iterations or config.train_cfg.max_iters,
        starts_from=tuple(dict.fromkeys(_first(part['checkpoint']) for part in parts)),
        data=args.data,
        held_out={'PSNR': psnr, 'protocol': evaluator.metrics[0].protocol, 'iteration': int(iteration)},
        vid4=vid4,
        licence=args.licence,
        version=__version__,
        commit=args.commit if args.commit is not None else head(),
    )


def _first(checkpoint: str | list[str]) -> str:
    """Of alternatives the first, which the training itself would leave."""
    return str(checkpoint if isinstance(checkpoint, str) else checkpoint[0])


def head() -> str:
    """The commit of this clone, '' outside of one."""
    command = ['git', '-C', str(CLONE), 'rev-parse', 'HEAD']
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def main(argv: list[str] | None = None) -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('config', help='the config that trained it: its file or its name')
    parser.add_argument('--held-out', nargs=2, type=float, required=True, metavar=('PSNR', 'ITERATION'))
    parser.add_argument('--iterations', type=int, help='of the training, where the config ends it by the clock')
    parser.add_argument('--vid4', nargs=2, type=float, metavar=('PSNR', 'SSIM'))
    parser.add_argument('--vid4-protocol', default='basicvsr')
    parser.add_argument('--degradation', default='BIx4', help='of Vid4 (default: BIx4)')
    parser.add_argument('--data', default=OWN_DATA, help=f'what it was trained on (default: {OWN_DATA})')
    parser.add_argument('--licence', default=OWN_LICENCE)
    parser.add_argument('--commit', help='that trained it (default: of this clone)')
    parser.add_argument('--place', choices=('package', 'results'), default='package')
    parser.add_argument('--out', type=Path, help='folder to write to instead')
    parser.add_argument('--full', action='store_true', help='full precision')
    parser.add_argument('--force', action='store_true', help='replace the file if it is there')
    args = parser.parse_args(argv)

    about = provenance_of(args)
    folder = args.out or (FOLDER if args.place == 'package' else RESULTS_FOLDER)
    path = folder / f'{about.config}.safetensors'
    weights = {f'generator.{key}': value for key, value in read_released('mmagic', args.checkpoint).items()}
    write_weights(weights, path, to_metadata(about), force=args.force, half=not args.full)
    if curve := read_curve(args.checkpoint.parent):
        write_curve(curve, (args.out or RESULTS_FOLDER) / f'{about.config}.jsonl')
    sys.stdout.write(f"{path}\n**_own('{about.config}', '{digest_file(path)}')\n")
    return 0


if __name__ == '__main__':
    sys.exit(main())
