"""The commented `edgehone.toml` that `edgehone init` writes, made from the sections themselves."""

import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticUndefined

from edgehone.config._fields import Section
from edgehone.config.budgets import BudgetTable
from edgehone.config.loading import Config
from edgehone.config.sections import DevicePlace
from edgehone.config.written import toml

INTRODUCTION = """\
# An edgehone project. It runs as it is: edgehone run
# Keys with a leading "# " show their defaults. File names count from this file's folder.
"""

FINAL_EPOCHS = 24
"""What new projects ask for: three times what a candidate is trained for. Older ones stay as they
are, since it can double a run's bill."""

VALUES: Mapping[str, Mapping[str, Any]] = {
    "model": {"teacher": "python:edgehone.actions.demo:teacher"},
    "data": {"source": "digits"},
    "objective": {"minimize": "latency_p50_ms"},
    "distill": {"final_epochs": FINAL_EPOCHS},
}
"""What the template sets, by section: a small teacher of the bundled digits."""

BUDGETS: tuple[Mapping[str, Any], ...] = (
    {"metric": "accuracy_drop", "max": 0.03},
    {"metric": "size_bytes", "max": "256 KiB"},
)

RECIPE = """\
# Recipes of your own, built and measured before the search begins: techniques in any order
# (`edgehone techniques` lists them and their settings), and the precision of the files.
# [[recipe]]
# name = "half"
# steps = [{technique = "prune_channels", ratio = 0.5}, {technique = "distill", epochs = 4}]
# precision = "int8"
# layers = {}
"""

DEVICE = {"target": "local", "address": "local"}


def template() -> str:
    """A project file that documents every key with its default, loads, and runs as it is."""
    parts = [INTRODUCTION]
    for name, field in Config.model_fields.items():
        if name == "budget":
            parts += [_budget(values, first=index == 0) for index, values in enumerate(BUDGETS)]
        elif name == "devices":
            parts += [_device(), RECIPE]
        elif isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            parts.append(_section(f"[{name}]", field.annotation, VALUES.get(name, {})))
    return "\n".join(parts)


def _section(header: str, section: type[Section], values: Mapping[str, Any]) -> str:
    lines = [_comment(section.__doc__ or ""), header]
    for name, field in section.model_fields.items():
        lines.append(_comment(field.description or ""))
        default = None if field.default is PydanticUndefined else field.default
        if name in values:
            lines.append(f"{name} = {toml(values[name])}")
        elif default is None:
            lines.append(f"# {name} =")
        else:
            lines.append(f"# {name} = {toml(default)}")
    return "\n".join(lines) + "\n"


def _budget(values: Mapping[str, Any], *, first: bool) -> str:
    if first:
        return _section("[[budget]]", BudgetTable, values)
    return "\n".join(["[[budget]]", *(f"{k} = {toml(v)}" for k, v in values.items())]) + "\n"


def _device() -> str:
    written = _section("[devices.my-board]", DevicePlace, DEVICE)
    return "\n".join(f"# {line.removeprefix('# ')}" for line in written.splitlines()) + "\n"


def _comment(text: str) -> str:
    return textwrap.fill(text, 98, initial_indent="# ", subsequent_indent="# ")
