"""A platform's templates filled in: every text of the user's goes through a filter."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from edgehone.documents.app_model import AppModel
from edgehone.export.apps._golden import SAMPLES, Golden
from edgehone.export.apps._literals import LITERALS, class_name, identifier, sound

_TEMPLATE = ".j2"
_SHARED = ("model.json", "labels.txt", "golden.json", "README.md")


def rendered(
    platform: str, app: AppModel, golden: Golden, sentence: Mapping[str, Any]
) -> dict[str, bytes]:
    """A project's texts by relative path, without the model and the golden samples' numbers.

    told: what the README says of the platform: "steps", and where the "golden" numbers lie.
    """
    named = identifier(app.name)
    context = {
        "app": app,
        "ident": named,
        "klass": class_name(app.name),
        "samples": SAMPLES,
        **sentence,
        "labels": labels(app),
        "meaning": app.outputs[0].meaning,
        "classifies": classifies(app),
        "image": app.inputs[0] if pictures(app) else None,
        "audio": app.inputs[0] if recordings(app) else None,
    }
    found = {}
    for path in _templates(platform):
        text = _environment().get_template(f"{platform}/{path}").render(context)
        place = path.removesuffix(_TEMPLATE).replace("IDENT", named)
        found[place] = text.encode()
    return {**found, **_shared(app, golden, context)}


def labels(app: AppModel) -> tuple[str, ...]:
    """The classes' names, or numbers where nothing names them; () where there are none."""
    if not classifies(app):
        return ()
    count = max(app.outputs[0].size, 2)
    return app.classes or tuple(str(number) for number in range(count))


def classifies(app: AppModel) -> bool:
    """Whether the first output says how likely each class is."""
    first = app.outputs[0]
    return first.meaning in ("probabilities", "logits", "scores") and first.size == first.shape[-1]


def pictures(app: AppModel) -> bool:
    """Whether the model's only input is an image."""
    return len(app.inputs) == 1 and app.inputs[0].kind == "image"


def recordings(app: AppModel) -> bool:
    """Whether the model's only input is a recording."""
    return len(app.inputs) == 1 and app.inputs[0].kind == "audio"


def _shared(app: AppModel, golden: Golden, context: Mapping[str, Any]) -> dict[str, bytes]:
    """What every platform's folder explains itself with."""
    texts = (
        app.content.decode(),
        "".join(f"{sound(each)}\n" for each in context["labels"]),
        golden.text(app),
        _environment().get_template("README.md.j2").render(context),
    )
    return {name: text.encode() for name, text in zip(_SHARED, texts, strict=True)}


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # What is written is source code of many languages, each with a filter of its own.
    made = Environment(  # noqa: S701
        loader=PackageLoader("edgehone.export.apps", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(LITERALS)
    return made


def _templates(platform: str) -> list[str]:
    """The templates of a platform, by relative path."""
    folder = files("edgehone.export.apps") / "templates" / platform
    return sorted(_below(folder, ""))


def _below(folder: Any, place: str) -> list[str]:
    found = []
    for each in folder.iterdir():
        path = f"{place}{each.name}"
        if each.is_dir():
            found += _below(each, f"{path}/")
        elif path.endswith(_TEMPLATE):
            found.append(path)
    return found
