"""A candidate of a run: how it was made, what was predicted of it, and what was measured."""

from dataclasses import dataclass, field

from edgehone.budgets import Decision
from edgehone.documents.decisions import decision_from_json, decision_json
from edgehone.documents.measurements import measurement_from_json, measurement_json
from edgehone.documents.plain import Json, plain
from edgehone.documents.recipes import (
    recipe_from_json,
    recipe_json,
    step_report_from_json,
    step_report_json,
)
from edgehone.documents.run.chosen import Speedup
from edgehone.values import NOTHING, Measurement, Plain, Recipe, StepReport

_LAYER = ("name", "kind", "channels", "channels_before", "rank", "precision")


@dataclass(frozen=True)
class LayerEntry:
    """What was decided about one layer; None: nothing, or not known. others: what techniques of
    other names decided, by name.
    """

    name: str
    kind: str = ""
    channels: int | None = None
    channels_before: int | None = None
    rank: int | None = None
    precision: str = ""
    others: Plain = NOTHING

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {**{key: getattr(self, key) for key in _LAYER}, **plain(self.others)}

    @classmethod
    def from_json(cls, data: Plain) -> "LayerEntry":
        """What `to_json` wrote."""
        others = {key: value for key, value in data.items() if key not in _LAYER}
        known = {key: data[key] for key in _LAYER if key in data}
        return cls(**known, others=others)


@dataclass(frozen=True)
class Predicted:
    """What the search expected of a candidate before it was built; None: not predicted."""

    latency_ms: float | None = None
    instructions: float | None = None
    size_bytes: float | None = None
    accuracy_drop: float | None = None


@dataclass(frozen=True)
class CandidateEntry:
    """One file of one candidate. audit: what is in it; parity: how close it is to its Keras model.

    measurement is the first device's, elsewhere are the other devices'; None: not measured.
    """

    name: str
    recipe: Recipe
    measurement: Measurement | None
    decision: Decision | None
    round: int = 0
    params: int | None = None
    macs: int | None = None
    steps: tuple[StepReport, ...] = ()
    layers: tuple[LayerEntry, ...] = ()
    predicted: Predicted = field(default_factory=Predicted)
    speedup: Speedup | None = None
    audit: Plain | None = None
    parity: Plain | None = None
    elsewhere: tuple[Measurement, ...] = ()

    def to_json(self) -> Json:
        """As a run's document has it."""
        measured, decided, speedup = self.measurement, self.decision, self.speedup
        return {
            "name": self.name,
            "round": self.round,
            "recipe": recipe_json(self.recipe),
            "params": self.params,
            "macs": self.macs,
            "steps": [step_report_json(step) for step in self.steps],
            "layers": [layer.to_json() for layer in self.layers],
            "predicted_latency_ms": self.predicted.latency_ms,
            "predicted_instructions": self.predicted.instructions,
            "predicted_size_bytes": self.predicted.size_bytes,
            "predicted_accuracy_drop": self.predicted.accuracy_drop,
            "speedup": None if speedup is None else speedup.to_json(),
            "audit": plain(self.audit),
            "parity": plain(self.parity),
            "measurement": None if measured is None else measurement_json(measured),
            "elsewhere": [measurement_json(each) for each in self.elsewhere],
            "decision": None if decided is None else decision_json(decided),
        }

    @classmethod
    def from_json(cls, data: Plain) -> "CandidateEntry":
        """What `to_json` wrote; what older versions left out is unknown."""
        measured, decided = data.get("measurement"), data.get("decision")
        measurement = None if measured is None else measurement_from_json(measured)
        predicted = ("latency_ms", "instructions", "size_bytes", "accuracy_drop")
        return cls(
            name=str(data.get("name") or ""),
            recipe=recipe_from_json(data["recipe"]),
            measurement=measurement,
            decision=decision_from_json(decided, measurement) if decided and measurement else None,
            round=int(data.get("round") or 0),
            params=data.get("params"),
            macs=data.get("macs"),
            steps=tuple(step_report_from_json(step) for step in data.get("steps") or ()),
            layers=tuple(LayerEntry.from_json(layer) for layer in data.get("layers") or ()),
            predicted=Predicted(*(data.get(f"predicted_{name}") for name in predicted)),
            speedup=Speedup.from_json(data.get("speedup")),
            audit=data.get("audit"),
            parity=data.get("parity"),
            elsewhere=tuple(measurement_from_json(m) for m in data.get("elsewhere") or ()),
        )
