from mmengine.config import Config
from mmengine.config import config as upstream
from yapf.yapflib.yapf_api import FormatCode

import vsr_plugins  # noqa: F401


def test_a_config_is_formatted_once_and_as_upstream_formats_it(monkeypatch):
    config = Config({'model': {'type': 'Net', 'numbers': list(range(60))}, 'name': 'one'})
    before = upstream.FormatCode.cache_info().misses
    texts = {config.pretty_text for _ in range(3)}
    assert upstream.FormatCode.cache_info().misses == before + 1
    monkeypatch.setattr(upstream, 'FormatCode', FormatCode)
    assert texts == {config.pretty_text}


def test_a_changed_config_is_formatted_again():
    config = Config({'name': 'one'})
    assert "'one'" in config.pretty_text
    config.name = 'two'
    assert "'two'" in config.pretty_text
