"""Texts as literals of programming languages: whatever is in them, the language reads them back."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

from edgehone.system.visible import in_markdown

_PLAIN = re.compile(r"[A-Za-z0-9 _.,:;!%&()*+/<=>@^|~\[\]{}#'-]")
"""Characters that stand for themselves in every language's quotation marks, but for `$`."""


def cpp(text: str) -> str:
    """A C or C++ literal of the text's UTF-8: other bytes in octal, which always has 3 digits."""
    parts = (
        mark if _PLAIN.match(mark) else "".join(f"\\{byte:03o}" for byte in mark.encode())
        for mark in sound(text)
    )
    return f'"{"".join(parts)}"'


def python(text: str) -> str:
    """A Python literal in ASCII."""
    return ascii(sound(text))


def javascript(text: str) -> str:
    """A literal of JavaScript and TypeScript; `</` cannot end a script of a page."""
    return json.dumps(sound(text)).replace("</", "<\\/")


def kotlin(text: str) -> str:
    """A Kotlin literal, in which `$` is no template."""
    return _by_units(text, lambda unit: f"\\u{unit:04x}")


def swift(text: str) -> str:
    """A Swift literal."""
    return _by_scalars(text)


def dart(text: str) -> str:
    """A Dart literal, in which `$` is no interpolation."""
    return _by_scalars(text)


def _by_units(text: str, written: Callable[[int], str]) -> str:
    """Other characters by their UTF-16 units."""
    units = (
        mark
        if _PLAIN.match(mark)
        else "".join(
            written(int.from_bytes(pair, "big")) for pair in _pairs(mark.encode("utf-16-be"))
        )
        for mark in sound(text)
    )
    return f'"{"".join(units)}"'


def _pairs(content: bytes) -> list[bytes]:
    return [content[place : place + 2] for place in range(0, len(content), 2)]


def _by_scalars(text: str) -> str:
    """Other characters by their code points."""
    marks = (mark if _PLAIN.match(mark) else f"\\u{{{ord(mark):x}}}" for mark in sound(text))
    return f'"{"".join(marks)}"'


def comment(text: str) -> str:
    """One line that ends no comment and begins none."""
    one = " ".join(sound(text).split())
    shown = "".join(mark if mark.isprintable() else " " for mark in one)
    return shown.replace("\\", "/").replace("*/", "* /").replace("/*", "/ *")


def line(text: str) -> str:
    """One line of text, for files with a name a line."""
    return " ".join("".join(m if m.isprintable() else " " for m in sound(text)).split())


def markdown(text: str) -> str:
    """One line of Markdown that shows the text."""
    return in_markdown(line(text))


def xml(text: str) -> str:
    """Text of an XML element or of an attribute in double quotation marks."""
    return escape(line(text), {'"': "&quot;"})


def toml(text: str) -> str:
    """A literal of YAML and TOML, in double quotation marks."""
    return json.dumps(line(text))


def sound(text: str) -> str:
    """The text without halves of characters, which file names may have."""
    return text.encode("utf-8", "replace").decode()


LITERALS: Mapping[str, Callable[[str], str]] = {
    each.__name__: each
    for each in (cpp, python, javascript, kotlin, swift, dart, comment, markdown, xml, toml)
}
"""Filters of templates, by name."""


def identifier(text: str) -> str:
    """A name in lower case that no language reserves and every one allows: "flower_model"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40].strip("_")
    found = words if words[:1].isalpha() else f"m_{words}".rstrip("_") if words else "app"
    return found if found.endswith("_model") else f"{found}_model"


def class_name(text: str) -> str:
    """The same as the name of a class: "FlowerModel"."""
    return "".join(word.capitalize() for word in identifier(text).split("_"))
