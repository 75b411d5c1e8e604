"""Which precision every layer has, in a file of a default precision."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from edgehone.precisions import family, leading, named
from edgehone.search.decisions._base import Decision, Facts
from edgehone.search.plan import LayerChoice, Option, Piece, Plan
from edgehone.search.sensitivity import Probing, Table
from edgehone.values import PrecisionPlan, Step


@dataclass(frozen=True)
class Precision(Decision):
    """Subjects are layers; an option is a precision that the file's own allows beside it. A choice
    costs what the device measured for the layer in it; it is probed with the real quantized file,
    that layer alone quantized.
    """

    NAME: ClassVar[str] = "precision"
    ORDER: ClassVar[int] = 90

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """Every layer, in all precisions to choose from."""
        return cls({layer.name: facts.precisions for layer in facts.layers})

    def allowed(self, subject: str, default: str) -> tuple[Option, ...]:
        """Those of the file's family."""
        known = {*self.subjects[subject], default}
        return tuple(p for p in family(default) if p in known)

    def above(self, subject: str, option: Option) -> tuple[Option, ...]:
        """Those with more bits per weight."""
        bits = named(str(option)).weight_bits
        return tuple(p for p in self.subjects[subject] if named(str(p)).weight_bits > bits)

    def applied(self, piece: Piece, layer: LayerChoice, options: Mapping[str, Option]) -> Piece:
        """The same layers in that precision."""
        return replace(piece, precision=str(options[layer.name]))

    def losses(self, probing: Probing) -> Table:
        """Each layer alone in each precision."""
        wanted = {
            name: tuple(
                sorted({p for d in several if d in leading() for p in family(str(d))} & {*several})
            )
            for name, several in self.subjects.items()
        }
        return probing.quantized_losses("sensitivity of precisions", wanted)

    def steps(self, plan: Plan) -> tuple[Step, ...]:
        """None: precisions are given at export."""
        return ()

    def bits(self, plan: Plan, bits: PrecisionPlan) -> PrecisionPlan:
        """The file's precision, and the layers that depart from it; both factors of a factorized
        layer share the layer's.
        """
        layers: dict[str, str] = {}
        for name, precision in plan.of(self.NAME).items():
            if precision != plan.default:
                layers[name] = str(precision)
                if plan.of("factorize").get(name):
                    layers[f"{name}_svd"] = str(precision)
        return replace(bits, default=plan.default, layers=layers)

    def row(self, plan: Plan, layer: LayerChoice) -> Mapping[str, object]:
        """The layer's precision."""
        return {"precision": plan.of(self.NAME)[layer.name]}
