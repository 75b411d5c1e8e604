"""Budgets that may be missed for a while: `[[waiver]]`, each with a reason, an owner and an end."""

from datetime import date
from typing import Any

from pydantic import Field, field_validator

from edgehone.budgets import Waiver
from edgehone.config._fields import Name, Section, Text
from edgehone.config.quantities import WrongValueError, nearest
from edgehone.decide.budget_metrics import METRICS


class WaiverTable(Section):
    """Lets the gate pass although a budget is missed, until a day."""

    metric: Name = Field(description="The metric of the budget that may be missed.")
    reason: Text = Field(description="Why.")
    owner: Text = Field(description="Who answers for it.")
    expires: date = Field(
        strict=False, description="The last day it holds, such as 2027-03-31 (UTC)."
    )
    device: Name = Field(
        default="", description="The only device it is about; every one if left out."
    )
    file: Name = Field(
        default="",
        description='The only file it is about: its name, or a pattern such as "*-int8.tflite".',
    )

    @field_validator("metric")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in METRICS:
            raise WrongValueError(f"metric {name!r} is unknown", nearest(name, list(METRICS)))
        return name

    @field_validator("reason", "owner")
    @classmethod
    def _some(cls, text: str) -> str:
        if not text.strip():
            raise WrongValueError("nothing is written", "Say why, and who answers for it.")
        return text

    @field_validator("expires", mode="before")
    @classmethod
    def _a_day(cls, value: Any) -> Any:
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError as error:
                raise WrongValueError(
                    f"{value!r} is not a day", "Write year, month and day: expires = 2027-03-31."
                ) from error
        raise WrongValueError(
            f"{value!r} is not a day", "Write year, month and day: expires = 2027-03-31."
        )

    @property
    def value(self) -> Waiver:
        """The waiver these keys describe."""
        return Waiver(self.metric, self.reason, self.owner, self.expires, self.device, self.file)
