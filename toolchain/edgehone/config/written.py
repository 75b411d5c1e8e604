"""Values and recipes as TOML, so that what is written is read as the same again."""

from collections.abc import Mapping
from typing import Any

from edgehone.values import Recipe, Step

_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def toml(value: Any) -> str:
    """A value on one line; keys of tables whose value is None are left out."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{"".join(_escaped(mark) for mark in value)}"'
        case tuple() | list():
            return f"[{', '.join(toml(item) for item in value)}]"
        case Mapping():
            pairs = (f"{_key(k)} = {toml(v)}" for k, v in value.items() if v is not None)
            return f"{{{', '.join(pairs)}}}"
    return repr(value)


def recipe_toml(name: str, recipe: Recipe) -> str:
    """A `[[recipe]]` table that makes the same recipe again."""
    bits = recipe.precision
    facts = {
        "precision": bits.default,
        "layers": dict(bits.layers) or None,
        "algorithm": bits.algorithm,
        "percentile": float(bits.percentile),
        "io": bits.io,
        "block": bits.block,
        "symmetric": bits.symmetric,
    }
    steps = [f"  {toml(_table(step))}," for step in recipe.steps]
    lines = ["[[recipe]]", f"name = {toml(name)}", "steps = [", *steps, "]"]
    lines += [f"{key} = {toml(value)}" for key, value in facts.items() if value is not None]
    return "\n".join(lines) + "\n"


def comment(text: str) -> str:
    """A line of comment, whatever marks the text holds."""
    return "# " + "".join(mark if mark.isprintable() else "?" for mark in text)


def _table(step: Step) -> dict[str, Any]:
    return {"technique": step.technique, **step.settings}


def _escaped(mark: str) -> str:
    if mark in _ESCAPED:
        return _ESCAPED[mark]
    return mark if mark.isprintable() or mark > "\x9f" else f"\\u{ord(mark):04x}"


def _key(name: object) -> str:
    bare = str(name)
    plain = bare.isascii() and bare.replace("-", "").replace("_", "").isalnum()
    return bare if plain else toml(bare)
