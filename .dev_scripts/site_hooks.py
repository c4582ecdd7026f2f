"""Hooks of mkdocs: pages that lie outside of ``docs/`` come onto the site, and links lead to them.

Pages read right on the host of the repository and on the site: a link to ``../configs/espcn/README.md`` becomes one to
``methods/espcn.md``. A link to a file that is no page keeps its text alone; a link to nothing is a warning, which a
strict build takes for an error.
"""

import logging
import os
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r'(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)')
TOP = {'README.md': 'index.md'} | {f'{n}.md': f'{n.lower()}.md' for n in ('CHANGELOG', 'CONTRIBUTING', 'SECURITY')}
logger = logging.getLogger('mkdocs.hooks.site')


def pages() -> dict[str, str]:
    """Path in the repository -> path on the site, of the pages outside of ``docs/``."""
    methods = sorted((ROOT / 'configs').glob('*/README.md'))
    return TOP | {f'configs/{path.parent.name}/README.md': f'methods/{path.parent.name}.md' for path in methods}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Append the pages of the methods to the navigation."""
    (zoo,) = (part['Model zoo'] for part in config.nav if 'Model zoo' in part)
    zoo += [target for target in pages().values() if target.startswith('methods/')]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for source, target in pages().items():
        text = rewritten((ROOT / source).read_text(encoding='utf-8'), source, target)
        files.append(File.generated(config, target, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite the links of the pages in ``docs/``."""
    if page.file.generated_by:
        return markdown
    return rewritten(markdown, f'docs/{page.file.src_uri}', page.file.src_uri)


def rewritten(text: str, source: str, target: str) -> str:
    """A page whose links lead to where things are on the site.

    Args:
        text: Its Markdown.
        source: Where it lies in the repository.
        target: Where it lies on the site.
    """
    folder = str(PurePosixPath(target).parent)

    def link(found: re.Match) -> str:
        image, label, path, anchor = found.groups()
        if re.match(r'[a-z]+:', path):
            return found[0]
        in_repository = os.path.normpath(str(PurePosixPath(source).parent / path))
        on_site = pages().get(in_repository)
        if on_site is None and in_repository.startswith('docs/'):
            on_site = in_repository.removeprefix('docs/')
        if on_site is not None:
            return f'{image}[{label}]({os.path.relpath(on_site, folder)}{anchor or ""})'
        if not (ROOT / in_repository).exists():
            logger.warning('%s links to %s, which does not exist', source, path)
        return label

    blocks = re.split(r'(^```.*?^```$)', text, flags=re.MULTILINE | re.DOTALL)
    return ''.join(block if block.startswith('```') else LINK.sub(link, block) for block in blocks)
