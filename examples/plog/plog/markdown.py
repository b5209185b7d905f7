"""Markdown in, safe HTML out: markdown-it-py reads, Pygments colours by class names, nh3 has the last word."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

__all__ = ["map_assets", "render", "shift_headings"]

LANGUAGES = {
    "console": "Shell session",
    "html": "HTML",
    "html+django": "Template",
    "javascript": "JavaScript",
    "nginx": "nginx",
    "pycon": "Python session",
    "python": "Python",
    "text": "Text",
}

# fmt: off
TAGS = {
    "a", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "figcaption", "figure", "h2",
    "h3", "h4", "hr", "img", "li", "ol", "p", "picture", "pre", "section", "source", "span", "strong",
    "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}
# fmt: on
ATTRIBUTES = {
    "a": {"class", "href", "id", "title"},
    "div": {"aria-label", "class", "role", "tabindex"},
    "hr": {"class"},
    "img": {"alt", "height", "loading", "src", "width"},
    "li": {"class", "id"},
    "ol": {"class", "start"},
    "pre": {"tabindex"},
    "section": {"class"},
    "source": {"media", "srcset"},
    "span": {"class"},
    "sup": {"class"},
    "td": {"class"},
    "th": {"class"},
}


def render(source: str, *, prefix: str, pictures: Path | None = None) -> str:
    """Turn one post's Markdown into HTML that is safe to put into a page as it is.

    ``prefix`` makes the ids of footnotes unique where several posts share a page. Pictures named by an absolute path
    are looked up under ``pictures`` for their size and for a twin for dark pages (``x.svg`` and ``x-dark.svg``).
    """
    html = _parser().render(source, {"docId": prefix, "pictures": pictures})
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


# What nh3 prints is regular: lower-case names, double quotes, and no "<" outside of tags. So a tag can be told from text.
_ASSET_TAG = re.compile(r'<(?:img|source|a)(?: [a-z-]+="[^"]*")*>')
_ASSET = re.compile(r' (src|srcset|href)="(/(?:img|files)/[^"]+)"')
_HEADING = re.compile(r"<(/?)h([2-4])>")


def map_assets(html: str, published: Callable[[str], str]) -> str:
    """Replace the address of each of our own pictures and files by what ``published`` answers for it.

    ``html`` must come from `render`. An address shown in a block of code is text and stays.
    """

    def one(match: re.Match[str]) -> str:
        return f' {match[1]}="{escapeHtml(published(match[2]))}"'

    return _ASSET_TAG.sub(lambda tag: _ASSET.sub(one, tag[0]), html)


def shift_headings(html: str, by: int = 1) -> str:
    """Move the headings of a post down, for pages where its title is not the only one."""
    return _HEADING.sub(lambda match: f"<{match[1]}h{int(match[2]) + by}>", html)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True})
    parser.enable(["table", "strikethrough", "smartquotes"])
    parser.use(footnote_plugin).use(deflist_plugin)
    parser.use(container_plugin, name="update", render=_render_update)
    for name, rule in {
        "fence": _fence,
        "table_open": _table_open,
        "table_close": _table_close,
        "th_open": _cell,
        "td_open": _cell,
        "paragraph_open": _paragraph,
        "paragraph_close": _paragraph,
        "image": _image,
    }.items():
        parser.add_render_rule(name, rule)
    parser.core.ruler.push("figures", _mark_figures)
    return parser


def _render_update(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return '<div class="update" role="note">\n' if tokens[index].nesting == 1 else "</div>\n"


def _fence(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    name = token.info.strip().split(maxsplit=1)[0] if token.info.strip() else "text"
    try:
        lexer = get_lexer_by_name(name, stripnl=False)
    except ClassNotFound:
        name, lexer = "text", get_lexer_by_name("text", stripnl=False)
    code = highlight(token.content, lexer, HtmlFormatter(nowrap=True))
    label = escapeHtml(LANGUAGES.get(name, name))
    # The keyboard must be able to scroll what is wider than the page.
    return f'<div class="code" role="group" aria-label="{label}"><pre tabindex="0"><code>{code}</code></pre></div>\n'


def _table_open(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return '<div class="table" role="group" aria-label="Table" tabindex="0"><table>\n'


def _table_close(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return "</table></div>\n"


def _cell(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    # markdown-it aligns by a style attribute, which the site's Content-Security-Policy forbids.
    token = tokens[index]
    align = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return f'<{token.tag} class="{align}">' if align in ("right", "center") else f"<{token.tag}>"


def _mark_figures(state: Any) -> None:
    """A picture alone in its paragraph becomes a figure, with its alternative text as the caption."""
    for before, inline, after in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if before.type == "paragraph_open" and [child.type for child in inline.children or ()] == ["image"]:
            for token in (before, inline.children[0], after):
                token.meta = {**token.meta, "figure": True}


def _paragraph(renderer: Any, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    if tokens[index].meta.get("figure"):
        return "<figure>" if tokens[index].nesting == 1 else "</figure>\n"
    return str(renderer.renderToken(tokens, index, options, env))


def _image(renderer: Any, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    source = str(token.attrs["src"])
    text = renderer.renderInlineAsText(token.children, options, env)
    folder = env["pictures"]
    size, dark = "", ""
    if folder is not None and (path := _inside(folder, source)):
        size = "".join(f' {name}="{value}"' for name, value in _svg_size(path).items())
        twin = path.with_name(f"{path.stem}-dark{path.suffix}")
        if twin.is_file():
            address = f"{source.rpartition('/')[0]}/{twin.name}"
            dark = f'<source srcset="{escapeHtml(address)}" media="(prefers-color-scheme: dark)">'
    picture = (
        f"<picture>{dark}"
        f'<img src="{escapeHtml(source)}" alt="{escapeHtml(text)}"{size} loading="lazy"></picture>'
    )
    return f"{picture}<figcaption>{escapeHtml(text)}</figcaption>" if token.meta.get("figure") else picture


def _inside(folder: Path, source: str) -> Path | None:
    path = (folder / source.lstrip("/")).resolve()
    return (
        path if source.startswith("/") and path.is_relative_to(folder.resolve()) and path.is_file() else None
    )


def _svg_size(path: Path) -> dict[str, str]:
    if path.suffix != ".svg":
        return {}
    root = ET.parse(path).getroot()  # noqa: S314 (a file of the site's own)
    return {name: root.attrib[name] for name in ("width", "height") if name in root.attrib}
