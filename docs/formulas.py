"""Formulas as MathML when the pages are built, so that they need no script and no network to be read."""

import re

from latex2mathml.converter import convert

_FENCED = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_DISPLAY = re.compile(r"^\$\$\n(.+?)\n\$\$$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"\$`(.+?)`\$")


def on_page_markdown(markdown: str, **_) -> str:
    """Turn ``$$`` blocks and ``$`...`$`` (both as on code forges) into MathML; code blocks stay as they are."""
    parts, end = [], 0
    for fence in _FENCED.finditer(markdown):
        parts += [_formulas(markdown[end:fence.start()]), fence.group()]
        end = fence.end()
    return "".join([*parts, _formulas(markdown[end:])])


def _formulas(text: str) -> str:
    text = _DISPLAY.sub(lambda m: f'<div style="margin: 0 0 1.2em">{_mathml(m[1], "block")}</div>', text)
    return _INLINE.sub(lambda m: _mathml(m[1], "inline"), text)


def _mathml(latex: str, display: str) -> str:
    return convert(latex, display=display).replace("\n", " ")
