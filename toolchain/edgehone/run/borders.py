"""The type at the inputs and outputs of files: a project's one word for all of its candidates."""

from dataclasses import replace

from edgehone.errors import ConfigError
from edgehone.formats._base import Format
from edgehone.system.settings import IO
from edgehone.values import PrecisionPlan, Recipe


def with_io(recipe: Recipe, io: str, name: str = "A recipe") -> Recipe:
    """The recipe with the border type of `[export] io` ("": none is named there).

    Raises ConfigError for a recipe that has another one.
    """
    own = recipe.precision.io
    if not io or own == io:
        return recipe
    if own:
        raise ConfigError(
            f"{name} has io = {own!r}, and {IO} is {io!r}.",
            "Leave io out of the recipe: what an app feeds its model must not depend on it.",
        )
    return replace(recipe, precision=replace(recipe.precision, io=io))


def held_by(form: Format, bits: PrecisionPlan) -> PrecisionPlan:
    """The plan as files of a format have it: some have float32 borders whatever is asked for."""
    return replace(bits, io="") if form.FLOAT_BORDERS else bits
