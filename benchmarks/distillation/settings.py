"""What is compared: situations, and the settings of `distill` in each."""

from dataclasses import dataclass, field
from typing import Any, Literal

TEMPERATURES = (1.0, 2.0, 4.0, 8.0)
WEIGHTS = (0.3, 0.5, 0.7, 0.9)

LABELS = "labels alone"
LONGER = "labels alone, twice the epochs"
AUTO = "auto"
"""Looked up in two other rows: `soft = "auto"` trains just these two, and keeps one of them."""


@dataclass(frozen=True)
class Situation:
    """start: an untrained student, or the teacher with half its channels. few: whether a tenth of
    the labels is there. weak: whether the teacher learned from that tenth alone.
    """

    name: str
    start: Literal["student", "cut"] = "student"
    few: bool = False
    weak: bool = False


SITUATIONS = (
    Situation("untrained student, all labels"),
    Situation("untrained student, a tenth of the labels", few=True),
    Situation("teacher cut to half its channels, all labels", start="cut"),
    Situation("untrained student, all labels, teacher of a tenth of them", weak=True),
)


@dataclass(frozen=True)
class Setting:
    """One way to train. settings: of `distill`; longer: twice the epochs; unlabelled: the samples
    that lost their labels are there without them. turn: all of a lower one are done first.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    longer: bool = False
    unlabelled: bool = False
    turn: int = 0


def soft(temperature: float, weight: float, **others: Any) -> dict[str, Any]:
    """Settings of `distill`; what soft labels do not weigh the true ones do."""
    shared = {"temperature": temperature, "soft": weight, "hard": round(1 - weight, 3)}
    return {**shared, **others}


def named(temperature: float, weight: float) -> str:
    """What the soft labels of these are called in rows."""
    return f"temperature {temperature:g}, soft {weight:g}"


def settings() -> list[Setting]:
    """All of them."""
    first, second = [(4.0, 0.7), (1.0, 0.7)], [(4.0, 0.5), (2.0, 0.7), (1.0, 0.3), (4.0, 0.3)]
    grid = [(t, w) for t in TEMPERATURES for w in WEIGHTS]
    others = [each for each in grid if each not in (*first, *second)]
    return [
        Setting(LABELS, {"soft": 0.0}),
        *(Setting(named(*each), soft(*each)) for each in first),
        Setting(f"{named(4, 0.7)}, others unlabelled", soft(4, 0.7), unlabelled=True),
        *(Setting(named(*each), soft(*each), turn=1) for each in second),
        Setting(LONGER, {"soft": 0.0}, longer=True, turn=1),
        Setting(f"{named(4, 0.7)}, features 0.1", soft(4, 0.7, features=0.1), turn=2),
        Setting(f"{named(1, 0.7)}, others unlabelled", soft(1, 0.7), unlabelled=True, turn=2),
        *(Setting(named(*each), soft(*each), turn=3) for each in others),
    ]


TURNS = 4
