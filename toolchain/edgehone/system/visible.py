"""Text from outside, such as names in files, as it is shown: nothing in it acts on its reader."""

import re
import unicodedata

_ACTING = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Unicode's categories of what is not itself seen: control characters, marks that turn the
direction of writing, halves of pairs, unassigned ones, and ends of lines and paragraphs.
"""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_MARKUP = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_BEGINS_A_BLOCK = re.compile(r"^(\s*)([-+](?=[\s-]|$)|[=#]|\d+(?=[.)](?:\s|$)))")
_LINKS = re.compile(r"@(?=\w)|#(?=\w)|(?<=GH)-(?=\d)|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""Where code hosts begin a mention, a reference to an issue, and a link."""
_NOTHING = "<!-- -->"
"""What is not shown, and keeps apart what would be a link together."""


def visible(text: str) -> str:
    r"""The text with an escape for each character that is not seen: \x1b for ESC, \n for the end
    of a line, \u202e for a mark that turns the direction of writing.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(each) if _acts(each) else each for each in text)


def in_markdown(text: str) -> str:
    """The text as GitHub's Markdown that shows it: on one line, without markup, HTML, mentions,
    references and links, whatever it holds.
    """
    found = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    found = _MARKUP.sub(r"\\\g<0>", found)
    found = _BEGINS_A_BLOCK.sub(_as_text, found)
    return _LINKS.sub(lambda match: _apart(match[0]), found)


def _acts(mark: str) -> bool:
    return unicodedata.category(mark) in _ACTING


def _escaped(mark: str) -> str:
    number = ord(mark)
    if mark in _SHORT:
        return _SHORT[mark]
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _as_text(match: re.Match[str]) -> str:
    """What would begin a list, a heading or a rule, as text. The mark that makes a number an item
    is escaped: a comment before it would make the line a block of HTML.
    """
    begin = match[2]
    return f"{match[1]}{begin}\\" if begin.isdigit() else f"{match[1]}\\{begin}"


def _apart(mark: str) -> str:
    """The mark kept apart from what follows, or from what precedes a full stop or a hyphen."""
    return f"{_NOTHING}{mark}" if mark in ".-" else f"{mark}{_NOTHING}"
