"""Recipes that people write: `[[recipe]]` tables of a project, or alone in a file of their own."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from edgehone.config._fields import Section
from edgehone.precisions import names as precision_names
from edgehone.system.bounds import LISTED, NAME_CHARACTERS
from edgehone.values import Plain, PrecisionPlan, Recipe, Step

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]

RESERVED = ("student", "teacher", "round")
"""Beginnings of names that a run gives its own files."""


class StepTable(Section):
    """One technique and its settings; `edgehone techniques` lists them."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    technique: Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS)] = Field(
        description="Its name."
    )

    @property
    def value(self) -> Step:
        """The step, its settings not yet checked."""
        settings: Plain = dict(self.model_extra or {})
        return Step(self.technique, settings)


class RecipeTable(Section):
    """A recipe of your own, built and measured before the search begins."""

    name: Name = Field(description="What its files are called.")
    steps: Annotated[tuple[StepTable, ...], Field(max_length=LISTED)] = Field(
        default=(),
        description="Techniques in order, each with its settings: "
        '[{technique = "prune_channels", ratio = 0.5}, {technique = "distill", epochs = 4}].',
    )
    precision: Literal[precision_names()] = Field(  # type: ignore[valid-type]  # one list
        default="int8", description=f"Of the exported files: {', '.join(precision_names())}."
    )
    layers: dict[str, Literal[precision_names()]] = Field(  # type: ignore[valid-type]  # as above
        default_factory=dict, description="Layers with another precision, by name."
    )
    algorithm: Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS)] = Field(
        default="min_max", description="How scales are chosen: see `edgehone export --algorithm`."
    )
    percentile: Annotated[float, Field(gt=50, le=100)] = Field(
        default=100.0, description="Share of activations that integer ranges cover."
    )
    io: Literal["", "float32", "int8", "uint8"] = Field(
        default="", description="Type at the model's borders; as the layers there if left out."
    )
    block: Annotated[int, Field(ge=0, le=2**16)] = Field(
        default=0, description="4-bit weights that share a scale; 0: those of a channel do."
    )
    symmetric: bool = Field(
        default=False, description="Whether integer activations have their zero at 0."
    )

    @model_validator(mode="after")
    def _not_a_runs_own(self) -> "RecipeTable":
        if self.name.startswith(RESERVED):
            raise ValueError(f"the name {self.name!r} is one that a run gives its own files")
        return self

    @property
    def value(self) -> Recipe:
        """The recipe these keys describe; its steps' settings are not yet checked."""
        steps = tuple(step.value for step in self.steps)
        bits = PrecisionPlan(
            self.precision,
            dict(self.layers),
            self.algorithm,
            self.percentile,
            self.io,
            self.block,
            self.symmetric,
        )
        return Recipe(steps, bits)


def distinct(tables: tuple[RecipeTable, ...]) -> tuple[RecipeTable, ...]:
    """The same tables. Raises ValueError when two have the same name."""
    names = [table.name for table in tables]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two recipes are called {twice!r}")
    return tables
