"""Settings of layers as tf_keras writes them, put as Keras 3 reads them."""

import inspect
from typing import Any

from edgehone.graph.legacy.activations import KEPT
from edgehone.graph.parts import class_of, is_registered, kind_at

Plain = dict[str, Any]

_REFUSED = {"time_major": False, "renorm": False, "virtual_batch_size": None}
"""Settings that Keras 3 has not, and that change what a layer computes unless at these values."""
_RENAMED = {"SyncBatchNormalization": ("BatchNormalization", {"synchronized": True})}
_POLICIES = ("Policy", "DTypePolicy", "PolicyV1")


def renewed(value: Any, key: str = "layers") -> Any:
    """A described object of tf_keras, and all in it, as Keras 3 describes such objects.

    Settings that Keras 3 has not are left out. Raises ValueError where that is known to change
    what is computed.
    """
    if isinstance(value, list | tuple):
        return [renewed(each, key) for each in value]
    if isinstance(value, str) and key.endswith("activation"):
        return KEPT.get(value, value)
    if not isinstance(value, dict):
        return value
    if value.get("class_name") in _POLICIES and isinstance(value.get("config"), dict):
        return value["config"]["name"]
    found = {name: renewed(each, name) for name, each in value.items() if name != "build_config"}
    if isinstance(found.get("class_name"), str) and isinstance(found.get("config"), dict):
        return _object(found, key)
    if found.get("class_name") == "function":
        return KEPT.get(found["config"], found)
    return found


def _object(part: Plain, key: str) -> Plain:
    name, settings = part["class_name"], dict(part["config"])
    if isinstance(settings.get("name"), str):
        settings["name"] = settings["name"].replace("/", "_")
    if name in _RENAMED:
        name, more = _RENAMED[name]
        settings |= more
    if name == "BatchNormalization" and isinstance(settings.get("axis"), list):
        (settings["axis"],) = settings["axis"]
    if name == "Lambda" and isinstance(settings.get("function"), list):
        code = dict(zip(("code", "defaults", "closure"), settings["function"], strict=True))
        settings["function"] = {"class_name": "__lambda__", "config": code}
    if name == "LeakyReLU" and "alpha" in settings:
        settings["negative_slope"] = settings.pop("alpha")
    renewed_part = {**part, "class_name": name}
    module = str(part.get("module") or "")
    if module.partition(".")[0] == "tf_keras":
        renewed_part["module"] = "keras"
    found = None if is_registered(part) else class_of(renewed_part, kind_at(key))
    if found is None or "layers" in settings:
        return {**renewed_part, "config": settings}
    renewed_part |= {"module": found[0], "registered_name": None}
    return {**renewed_part, "config": _accepted(found[1], settings)}


def _accepted(cls: Any, settings: Plain) -> Plain:
    """The settings that a class of Keras 3 or one of its bases takes."""
    taken = {
        parameter
        for base in cls.__mro__
        if "__init__" in vars(base)
        for parameter in inspect.signature(base.__init__).parameters
    }
    for key, value in settings.items():
        if key in _REFUSED and key not in taken and value not in (None, _REFUSED[key]):
            raise ValueError(f"it has {key}={value!r}, which Keras 3 has not")
    # Keras 3 checks "batch_input_shape" itself, and refuses it beside its own.
    return {key: value for key, value in settings.items() if key in taken or key == "name"}
