"""Forward moved import paths of 0.1.0 until 0.3, with a DeprecationWarning."""

import sys
import warnings
from collections.abc import Mapping
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Old module -> its new name, both below this package, and attributes that are renamed, or in another module.
MOVED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    'allocator': ('models.blocks.fast.allocator', {}),
    'config_files': ('engine.config_files', {'plain': 'to_builtins', 'renamed': 'alias_chain'}),
    'config_paths': ('engine.config_paths', {}),
    'datasets.degradation': ('degradation', {}),
    'datasets.frame_windows': ('temporal_windows', {}),
    'datasets.images': ('media.images.image_files', {}),
    'datasets.prepare.clip_measures': ('media.reading.shots', {}),
    'datasets.prepare.video': ('media.reading.decoding', {}),
    'demo': ('apis.demo', {}),
    'diagnosis': ('environment', {}),
    'digests': ('checkpoints.digests', {}),
    'evaluation.method_table': ('evaluation.tables.method_table', {}),
    'evaluation.published': ('evaluation.tables.published', {}),
    'evaluation.published_numbers': ('evaluation.tables.published_numbers', {}),
    'evaluation.result_store': ('evaluation.tables.result_cache', {'ResultStore': 'ResultCache'}),
    'inference.encoding': (
        'media.encoding.planning',
        {
            'PacketFile': 'media.encoding.segments:PacketFile',
            'SegmentEncoder': 'media.encoding.segments:SegmentEncoder',
            'VideoSpec': 'media.encoding.video_spec:VideoSpec',
            'choose_pix_fmt': 'media.encoding.pixel_formats:choose_pix_fmt',
            'picture_of': 'media.encoding.segments:picture_of',
        },
    ),
    'inference.evaluation_sets': (
        'evaluation.test_sets',
        {'EvaluationSet': 'TestSet', 'evaluation_sets': 'find_test_sets'},
    ),
    'inference.export': ('inference.onnx_export', {}),
    'inference.joining': ('media.muxing.mux', {'Companions': 'AuxStreams', 'join': 'mux'}),
    'inference.light_model': ('inference.load_model', {}),
    'inference.model_choice': ('inference.load_model', {}),
    'inference.reach': (
        'inference.receptive_field',
        {'Reach': 'ReceptiveField', 'measure_reach': 'measure_receptive_field'},
    ),
    'inference.restoring': ('inference.predictor', {'Restorer': 'VideoPredictor'}),
    'inference.several': ('apis.batch', {'upscale_all': 'upscale_batch'}),
    'inference.sources': (
        'media.reading.open_reader',
        {
            'ImageSource': 'media.reading.image_reader:ImageReader',
            'SourceInfo': 'media.reading.reader_info:ReaderInfo',
            'VideoSource': 'media.reading.video_reader:VideoReader',
            'open_source': 'open_reader',
        },
    ),
    'inference.tiles': ('inference.tiling', {}),
    'inference.upscaling': ('apis.upscaling', {}),
    'inference.video': ('visualization.video', {}),
    'media_files': ('media.video_files', {}),
    'method_table': ('apis.benchmark', {}),
    'models.blocks.coarse_to_fine_flow': ('models.alignment.coarse_to_fine_flow', {}),
    'models.blocks.deform_sampling': ('models.blocks.fast.deform_sampling', {}),
    'models.blocks.layout': ('models.blocks.fast.layout', {}),
    'models.blocks.patch_grid': ('models.alignment.patch_grid', {}),
    'models.blocks.spatial_alignment': ('models.alignment.spatial_transformer', {}),
    'models.blocks.spynet': ('models.alignment.spynet', {}),
    'models.blocks.temporal_winograd': ('models.blocks.conv3d', {'WinogradConv3d': 'Conv3x3x3'}),
    'models.networks.alignment': ('models.alignment.aligners', {}),
    'models.networks.deformable_alignment': ('models.alignment.deformable', {}),
    'models.networks.needs': ('models.input_spec', {'NetworkNeeds': 'InputSpec', 'needs_of': 'input_spec'}),
    'models.networks.optical_flow': ('models.alignment.optical_flow', {}),
    'stages': ('apis.stages', {}),
    'visualization.compare': ('apis.compare', {'compare': 'compare_videos'}),
    'whole_files': ('media.atomic_files', {'whole_file': 'atomic_write'}),
}
# Names that a package no longer has -> their new module, and their new name if it changed.
MOVED_NAMES: Mapping[str, Mapping[str, str]] = {
    'evaluation.tables': {'ScoreTable': 'evaluation.tables.score_table', 'to_json': 'evaluation.tables.rendering'},
    'inference': {'Upscaled': 'apis', 'upscale': 'apis.upscaling:upscale_by_keywords'},
    'models.networks': {
        name: 'models.alignment'
        for name in (
            'AlignedNet', 'DISFlow', 'DeformableAlignment', 'FlowWarpAlignment', 'RectifiedFlowAlignment', 'SPyNetFlow',
            'SpatialAlignmentNet',
        )
    },
}  # fmt: skip
PACKAGE = __name__.rpartition('.')[0]


class MovedModuleFinder:
    """Find a module of ``MOVED`` by its old name."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return a spec for an old name, None for every other module."""
        old = fullname.removeprefix(f'{PACKAGE}.')
        return ModuleSpec(fullname, MovedModuleLoader) if old in MOVED and old != fullname else None


class MovedModuleLoader:
    """Create a module that forwards its attributes to its replacement."""

    @staticmethod
    def create_module(spec: ModuleSpec) -> None:
        """Leave the creation to Python."""

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """Warn, and forward every attribute."""
        target, names = MOVED[module.__name__.removeprefix(f'{PACKAGE}.')]
        present = import_module(f'{PACKAGE}.{target}')
        _warn(module.__name__, present.__name__)
        module.__getattr__ = lambda name: _attribute(target, names.get(name, name))
        module.__dir__ = lambda: sorted({*dir(present), *names})


def moved_name(package: str, name: str) -> Any:
    """Return a moved attribute of ``MOVED_NAMES``, with a warning.

    Args:
        package: The full name of the package.
        name: Name of the attribute.

    Raises:
        AttributeError: If the package never had this attribute.
    """
    target = MOVED_NAMES[package.removeprefix(f'{PACKAGE}.')].get(name)
    if target is None:
        raise AttributeError(f'module {package!r} has no attribute {name!r}')
    module, _, present = target.partition(':')
    _warn(f'{package}.{name}', f'{PACKAGE}.{module}')
    return _attribute(module, present or name)


def find_moved() -> None:
    """Enable imports by the old names; may be called repeatedly."""
    if MovedModuleFinder not in sys.meta_path:
        sys.meta_path.append(MovedModuleFinder)


def _attribute(module: str, name: str) -> Any:
    """Return an attribute of a module, or of another one if its name is ``module:attribute``."""
    other, _, attribute = name.rpartition(':')
    return getattr(import_module(f'{PACKAGE}.{other or module}'), attribute)


def _warn(old: str, new: str) -> None:
    warnings.warn(f'{old} has moved to {new}; the old name will be removed in 0.3', DeprecationWarning, stacklevel=3)
