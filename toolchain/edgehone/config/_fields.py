"""What keys of `edgehone.toml` may hold, and the base of its sections."""

from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
)

from edgehone.config.texts import usable
from edgehone.system import bounds

Positive = Annotated[float, Field(gt=0, le=bounds.WEIGHT, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=bounds.WEIGHT, allow_inf_nan=False)]
Minutes = Annotated[float, Field(gt=0, le=bounds.MINUTES, allow_inf_nan=False)]
Samples = Annotated[int, Field(ge=1, le=bounds.SAMPLES)]
Candidates = Annotated[int, Field(ge=1, le=bounds.CANDIDATES)]
Epochs = Annotated[int, Field(ge=1, le=bounds.EPOCHS)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Text = Annotated[str, Field(min_length=1, max_length=bounds.PATH_CHARACTERS), usable]
Name = Annotated[str, Field(max_length=bounds.NAME_CHARACTERS), usable]


class Section(BaseModel):
    """A table whose keys are all known and whose values are of exactly the right type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
