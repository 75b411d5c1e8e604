"""Whether a document that was kept still has the shape that its schema says, and if not, where."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edgehone.documents.published import schema
from edgehone.errors import StorageError
from edgehone.system.library_errors import shortened
from edgehone.values import Plain

_HINT = (
    "Another version of edgehone wrote it, or it is damaged. Resume the run, which writes it "
    "again: edgehone run --resume RUN"
)

_MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError)
"""What reading a document of another shape raises."""


def require_shape(document: Plain, name: str, where: str) -> None:
    """Refuse a document whose values are not of the types that the schema `name` gives them; what
    older versions did not write yet may be missing.

    where: what an error calls it. Raises StorageError.
    """
    wrong = fault(document, _lenient(schema(name)))
    if wrong:
        raise StorageError(f"{where} is damaged or of another version: {wrong}.", _HINT)


@contextmanager
def shaped(where: str) -> Iterator[None]:
    """Turn what a document of another shape leads to into StorageError; `where`: its name."""
    try:
        yield
    except _MALFORMED as error:
        text = shortened(f"{type(error).__name__}: {error}", 120)
        message = f"{where} is damaged or of another version ({text})."
        raise StorageError(message, _HINT) from error


def fault(document: Plain, rules: dict[str, Any]) -> str:
    """The first place of a document that breaks the rules of a schema, and how; "": none does."""
    import jsonschema  # takes 0.2 s
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    # Known by their names at once: references to them are else searched for each time.
    parts = [DRAFT202012.create_resource(part) for part in rules.get("$defs", {}).values()]
    named = ((part.id(), part) for part in parts)
    registry = Registry().with_resources([(name, part) for name, part in named if name])
    errors = jsonschema.Draft202012Validator(rules, registry=registry).iter_errors(document)
    first = next(errors, None)
    if first is None:
        return ""
    place = ".".join(map(str, first.absolute_path)) or "the whole of it"
    return f"{place}: {shortened(first.message, 160).rstrip('.')}"


def _lenient(rules: Any) -> Any:
    """The same rules without those about what must be there."""
    if isinstance(rules, list):
        return [_lenient(each) for each in rules]
    if not isinstance(rules, dict):
        return rules
    return {
        "anyOf" if key == "oneOf" else key: _lenient(value)
        for key, value in rules.items()
        if not (key == "required" and isinstance(value, list))
    }
