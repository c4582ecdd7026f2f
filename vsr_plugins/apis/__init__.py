"""The public functions for scripts and for the command ``vsr``, imported on first use.

Functions that combine several parts of the package are defined in this folder; the others are re-exported from their
part, so that there is one place to import from.
"""

from importlib import import_module
from typing import Any

# Names by module, relative to this package.
EXPORTS = {
    '.benchmark': ('FAILED', 'collect_tables'),
    '.compare': ('PICTURES', 'compare_videos', 'name_versions'),
    '.demo': ('demonstrate',),
    '.measuring': ('Measurement',),
    '.pipes': ('FORMATS', 'PIPE', 'piped'),
    '.report': ('write_comparison_page',),
    '.stages': ('train_stages',),
    '.batch': ('upscale_batch',),
    '.upscaling': ('JobOptions', 'ModelOptions', 'OutputOptions', 'SourceOptions', 'Upscaled', 'upscale'),
    '..checkpoints.conversion': ('convert_weights', 'find_converters'),
    '..checkpoints.interpolation': ('interpolate_files',),
    '..datasets.prepare': (
        'BankSpec',
        'execute',
        'plan_clips',
        'plan_patches',
        'plan_reds',
        'plan_set5',
        'plan_spmcs',
        'plan_vid4',
        'plan_vimeo90k',
        'write_patches',
    ),
    '..datasets.prepare.splits': ('Criterion', 'split_clips'),
    '..engine.config_files': ('find_configs',),
    '..environment': ('diagnose',),
    '..engine.training_record': ('read_record',),
    '..evaluation.folders': ('score_folders',),
    '..evaluation.measures': ('find_measures',),
    '..evaluation.protocols': ('PROTOCOLS', 'Protocol', 'get_protocol'),
    '..evaluation.tables.method_table': ('to_markdown', 'to_rich'),
    '..evaluation.tables.rendering': ('to_json',),
    '..evaluation.tables.score_table': ('ScoreTable',),
    '..inference.job.batch_targets': ('plan_targets',),
    '..inference.job.interrupts': ('interrupted_once',),
    '..inference.job.options': ('Naming',),
    '..inference.load_model': ('load_model',),
    '..inference.onnx_export': ('check_target', 'export_onnx'),
    '..media.atomic_files': ('atomic_write', 'require_output'),
    '..media.encoding.planning': ('list_encoders',),
    '..pretrained': ('PRETRAINED', 'available_models', 'default_model', 'install_hint', 'load_pretrained'),
    '..pretrained.entry': ('RESULTS',),
    '..pretrained.files': ('note_of',),
    '..pretrained.provenance': ('read_provenance',),
    '..visualization.alignment_maps': ('aligns_features',),
    '..visualization.explain': ('explain', 'explain_alignment', 'explain_weights', 'weighs_branches'),
    '..visualization.perception_distortion': ('perception_distortion_figure',),
    '..visualization.quality_cost': ('quality_cost_figure',),
}
_MODULE_OF = {name: module for module, names in EXPORTS.items() for name in names}
__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(_MODULE_OF[name], __name__), name)


def __dir__() -> list[str]:
    return __all__
