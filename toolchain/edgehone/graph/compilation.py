"""What compile() was given stands in descriptions of models, too; it is never used here."""

from typing import Any

COMPILED = ("compile_config", "training_config")
"""Where Keras 3 and Keras 2 describe optimizer, loss and metrics: beside a model's "config"."""


def without_compilation(value: Any) -> Any:
    """A description of a model or layer without what compile() was given, also of inner models.

    Only entries beside an object's "class_name" and "config" go: a setting that merely has such a
    name stays, and with it whatever it describes.
    """
    if isinstance(value, list):
        return [without_compilation(each) for each in value]
    if type(value) is tuple:
        return tuple(without_compilation(each) for each in value)
    if not isinstance(value, dict):
        return value
    gone = COMPILED if isinstance(value.get("class_name"), str) and "config" in value else ()
    return {name: without_compilation(each) for name, each in value.items() if name not in gone}
