"""One sentence on what is wrong in a configuration, and one on what it may be."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from edgehone.config.quantities import WrongValueError, nearest
from edgehone.config.where import beginning, of_arguments, unknown, where
from edgehone.errors import ConfigError
from edgehone.system.library_errors import shortened

_WORDS = {
    "String should match pattern": "must match the pattern",
    "Input should be": "must be",
    "Input should": "must",
    "a valid array": "a list",
    "an object": "a table",
    "a valid string": "text in quotes",
    "a valid boolean": "true or false",
}

_TOO_MANY = re.compile(r"(?:Tuple|List|Dictionary) should have at most (\d+) items?")


def complaint(
    error: ValidationError, root: type[BaseModel], file: str, within: str = ""
) -> ConfigError:
    """The first thing wrong in `file`, by section and key; unknown keys come first, because a
    misspelt key is also reported as a missing one. within: the section that root is; "": the file.
    """
    found = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    first = found[0]
    place, begin = (within, *first["loc"])[not within :], beginning(file)
    more = f" (There are {len(found)} such mistakes; this is the first.)" if len(found) > 1 else ""
    match first["type"]:
        case "extra_forbidden":
            known = _known(root, place[:-1])
            message = f"{begin}{unknown(place, file)}."
            return ConfigError(message, nearest(str(place[-1]), known))
        case "missing":
            return ConfigError(f"{begin}{where(place, file)} is missing.", "Add it." + more)
        case "value_error":
            wrong = first["ctx"]["error"]
            hint = f"{wrong.hint}{more}" if isinstance(wrong, WrongValueError) else _fix(file, more)
            return ConfigError(f"{begin}{where(place, file)}: {wrong}.", hint)
        case "literal_error":
            message = (
                f"{begin}{where(place, file)} {_rule(first['msg'])}, got {_shown(first['input'])}."
            )
            return ConfigError(message, _nearest(str(first["input"]), root, place) + more)
    got = (
        ""
        if isinstance(first["input"], Mapping) or len(repr(first["input"])) > 80
        else f", got {_shown(first['input'])}"
    )
    return ConfigError(f"{begin}{where(place, file)} {_rule(first['msg'])}{got}.", _fix(file, more))


def _shown(value: Any) -> str:
    return shortened(repr(value), 80)


def _fix(file: str, more: str) -> str:
    if of_arguments(file):
        return f"Correct the value; help() of what you called explains every argument.{more}"
    return f"Correct the value; `edgehone init` writes a file that explains every key.{more}"


def _rule(message: str) -> str:
    """Pydantic's sentence in the words of TOML."""
    if "should have at least 1" in message:
        return "must not be empty"
    if found := _TOO_MANY.match(message):
        return f"must have at most {found[1]} entries"
    for pydantic_words, words in _WORDS.items():
        message = message.replace(pydantic_words, words)
    return message


def _nearest(name: str, root: type[BaseModel], place: Sequence[Any]) -> str:
    annotation = _field(root, place)
    known = [value for value in _literals(annotation) if isinstance(value, str)]
    return nearest(name, known) if known else "Correct the value."


def _literals(annotation: Any) -> list[Any]:
    parts = get_args(annotation)
    if not parts:
        return [annotation] if isinstance(annotation, str) else []
    return [value for part in parts for value in _literals(part)]


def _known(root: type[BaseModel], place: Sequence[Any]) -> list[str]:
    model = _model(_field(root, place)) if place else root
    return list(model.model_fields) if model else []


def _field(root: type[BaseModel], place: Sequence[Any]) -> Any:
    """The annotation of the field at a place; names of tables and list positions are skipped."""
    annotation: Any = root
    for step in place:
        model = _model(annotation)
        if model is not None and step in model.model_fields:
            annotation = model.model_fields[str(step)].annotation
    return annotation


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_model(part) for part in get_args(annotation)]
    return next((model for model in found if model is not None), None)
