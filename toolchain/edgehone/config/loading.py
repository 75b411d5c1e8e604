"""Reads `edgehone.toml`, `budgets.toml` and the user's configuration into checked values."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError, field_validator

from edgehone.budgets import Budget, Waiver
from edgehone.config._fields import Name, Section
from edgehone.config.budgets import BudgetTable
from edgehone.config.complaints import complaint
from edgehone.config.data import DataSection
from edgehone.config.goals import ObjectiveSection
from edgehone.config.recipes import RecipeTable, distinct
from edgehone.config.sections import (
    DevicePlace,
    DistillSection,
    ExportSection,
    MeasureSection,
    ModelSection,
    ReportSection,
    SearchSection,
    StudentSection,
    TaskSection,
)
from edgehone.config.training import TrainingSection
from edgehone.config.user import user_file
from edgehone.config.waivers import WaiverTable
from edgehone.decide.limits import require_limits
from edgehone.errors import ConfigError
from edgehone.system.bounds import LISTED
from edgehone.system.settings import BUDGET, DROP
from edgehone.system.tables import tables_of
from edgehone.system.user_code import is_reference
from edgehone.values import Recipe

S = TypeVar("S", bound=Section)

Devices = Annotated[dict[Name, DevicePlace], Field(max_length=LISTED)]

WORDS = ("same", "auto", "digits")
"""Values that name no file where a file could be named."""


class Config(Section):
    """A whole project file. Paths in it count from the folder it lies in."""

    model: ModelSection
    data: DataSection
    task: TaskSection = Field(default_factory=lambda: TaskSection.model_validate({}))
    objective: ObjectiveSection = Field(default_factory=ObjectiveSection)
    budget: Annotated[tuple[BudgetTable, ...], Field(max_length=LISTED)]
    waiver: Annotated[tuple[WaiverTable, ...], Field(max_length=LISTED)] = ()
    student: StudentSection = Field(default_factory=StudentSection)
    distill: DistillSection = Field(default_factory=DistillSection)
    training: TrainingSection = Field(default_factory=TrainingSection)
    recipe: Annotated[tuple[RecipeTable, ...], Field(max_length=LISTED)] = ()
    search: SearchSection = Field(default_factory=SearchSection)
    measure: MeasureSection = Field(default_factory=MeasureSection)
    export: ExportSection = Field(default_factory=ExportSection)
    report: ReportSection = Field(default_factory=ReportSection)
    devices: Annotated[dict[Name, DevicePlace], Field(max_length=LISTED)] = Field(
        default_factory=dict
    )

    _distinct_recipes = field_validator("recipe")(distinct)

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """The budgets that a run holds its candidates to: required ones that need no baseline."""
        return tuple(each for each in self._all_budgets if _is_of_runs(each))

    @property
    def budgets_of_the_gate(self) -> tuple[Budget, ...]:
        """The others, which only a gate checks."""
        return tuple(each for each in self._all_budgets if not _is_of_runs(each))

    @property
    def _all_budgets(self) -> tuple[Budget, ...]:
        return tuple(table.value for table in self.budget)


def _is_of_runs(budget: Budget) -> bool:
    return budget.required and not budget.relative_to


class _UserFile(Section):
    devices: Annotated[dict[Name, DevicePlace], Field(max_length=LISTED)] = Field(
        default_factory=dict
    )


class _Budgets(Section):
    budget: Annotated[tuple[BudgetTable, ...], Field(max_length=LISTED)]


class _Waivers(Section):
    waiver: Annotated[tuple[WaiverTable, ...], Field(max_length=LISTED)] = ()


class _Recipes(Section):
    recipe: Annotated[tuple[RecipeTable, ...], Field(min_length=1, max_length=LISTED)]

    _distinct_recipes = field_validator("recipe")(distinct)


def load(path: Path) -> Config:
    """The project file, with the user's own devices added to its own.

    Raises ConfigError that names the file, the key and what it may be; StorageError when the
    file cannot be read.
    """
    found = parsed(path)
    _some_budget(found, path)
    config = checked(Config, anchored(found, path.resolve().parent), path)
    require_limits([each.value for each in config.budget], config.task.metric, str(path))
    if not config.budgets:
        raise ConfigError(
            f"{path} has no budget that a run can hold a candidate to: all are advisory, or "
            "relative to a baseline.",
            f"Add a required {BUDGET}, such as {DROP}.",
        )
    return config.model_copy(update={"devices": {**user_devices(), **config.devices}})


def restored(found: Mapping[str, Any], origin: str) -> Config:
    """A project as `Config.model_dump(mode="json")` once gave it; origin names it in errors.

    Raises ConfigError when another version of edgehone wrote what this one does not know.
    """
    return checked(Config, found, Path(origin))


def load_budgets(path: Path) -> tuple[Budget, ...]:
    """The `[[budget]]` tables of a budgets file, or of a whole project file.

    Raises ConfigError when there is none: a gate that asks nothing is not a gate. Limits on
    accuracy are the caller's to check (`require_limits`), who knows the task.
    """
    found = parsed(path)
    _some_budget(found, path)
    others = found.keys() & (Config.model_fields.keys() - {"budget"})
    alone = {key: value for key, value in found.items() if key not in others}
    budgets = tuple(table.value for table in checked(_Budgets, alone, path).budget)
    require_limits(budgets, None, str(path))
    return budgets


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """The `[[waiver]]` tables of a budgets file, or of a whole project file; often none."""
    found = parsed(path).get("waiver", [])
    return tuple(table.value for table in checked(_Waivers, {"waiver": found}, path).waiver)


def load_recipes(path: Path) -> tuple[tuple[str, Recipe], ...]:
    """(name, recipe) of the `[[recipe]]` tables of a recipe file, or of a whole project file.

    Raises ConfigError when there is none.
    """
    found = parsed(path)
    if found.get("recipe", []) == []:
        raise ConfigError(
            f"{path} has no recipe.",
            'Add a [[recipe]], such as name = "half", '
            'steps = [{technique = "prune_channels", ratio = 0.5}].',
        )
    others = found.keys() & (Config.model_fields.keys() - {"recipe"})
    alone = {key: value for key, value in found.items() if key not in others}
    return tuple((table.name, table.value) for table in checked(_Recipes, alone, path).recipe)


def user_devices() -> dict[str, DevicePlace]:
    """Devices of the user's `config.toml`; none when there is no such file."""
    path = user_file()
    return checked(_UserFile, parsed(path), path).devices if path.exists() else {}


def parsed(path: Path) -> dict[str, Any]:
    """A TOML file's tables. Raises ConfigError when there is none or it is not valid TOML."""
    if not path.exists():
        raise ConfigError(f"File not found: {path}.", "Write one with: edgehone init")
    return tables_of(path)


def _some_budget(found: Mapping[str, Any], path: Path) -> None:
    if isinstance(found.get("budget"), dict):
        raise ConfigError(
            f"{path}: [budget] is one table, and budgets are a list of them.",
            "Write [[budget]], with two brackets, above each.",
        )
    if found.get("budget", []) == []:
        raise ConfigError(
            f"{path} has no budget.",
            f"Add a {BUDGET}, such as {DROP}.",
        )


def anchored(found: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same tables with file names made absolute, counted from `folder`."""
    anchored = dict(found)
    for section, keys in (("model", ("teacher", "student")), ("data", ("source", "unlabelled"))):
        table = found.get(section)
        if isinstance(table, dict):
            paths = {
                key: str(folder / Path(table[key]).expanduser())
                for key in keys
                if _names_a_file(table.get(key))
            }
            anchored[section] = {**table, **paths}
    return anchored


def _names_a_file(value: Any) -> bool:
    return isinstance(value, str) and value not in ("", *WORDS) and not is_reference(value)


def checked(section: type[S], found: Mapping[str, Any], path: Path, within: str = "") -> S:
    """Strict, but with JSON's rules, so that TOML's arrays may become tuples. within: the section
    that this is; "": the whole file.
    """
    try:
        return section.model_validate_json(json.dumps(found, default=str))
    except ValidationError as error:
        raise complaint(error, section, str(path), within) from error
