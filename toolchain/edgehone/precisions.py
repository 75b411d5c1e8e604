"""The table of precisions: bits, arithmetic, company, bytes, bounds and words; one row each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edgehone.errors import UsageError

FLOAT32 = "float32"
"""What a model is before anything is quantized."""

_FLOAT_BITS = 32


@dataclass(frozen=True)
class Precision:
    """How a layer stores its weights and computes.

    weight_bits: of a stored weight. activation_bits: of what layers hand on while they run.
    computes: "float"; "dynamic", where activations are quantized while running; "integer", where
    their ranges come from calibration samples ("static" in the field's words).
    leads: whether it can be the default precision of a searched file. beside: the default
    precisions of files that may have single layers of this one. fallback: what operators without
    kernels for it get; "": every operator has them. dense_shares_scale: whether the weights of a
    dense layer mostly share one scale. bound_db: signal to noise below which a layer counts as
    having left its model.
    """

    name: str
    summary: str
    weight_bits: int
    bound_db: float
    activation_bits: int = _FLOAT_BITS
    computes: Literal["float", "dynamic", "integer"] = "float"
    leads: bool = False
    beside: tuple[str, ...] = ()
    fallback: str = ""
    dense_shares_scale: bool = False

    @property
    def static(self) -> bool:
        """Whether it promises integers throughout, and so needs calibration."""
        return self.computes == "integer"

    @property
    def float_weights(self) -> bool:
        """Whether weights are stored as floats, which have no scale to choose."""
        return self.weight_bits > 8

    @property
    def rounds_weights_alone(self) -> bool:
        """Whether weights are changed and activations stay float between layers."""
        return not self.static and self.weight_bits < _FLOAT_BITS

    @property
    def weight_bytes(self) -> float:
        """Bytes of one stored weight."""
        return self.weight_bits / 8

    @property
    def activation_bytes(self) -> int:
        """Bytes of one activation while running."""
        return self.activation_bits // 8

    @property
    def four_bits(self) -> bool:
        """Whether two weights share a byte, for which few operators have kernels."""
        return self.weight_bits == 4

    @property
    def offers_less(self) -> bool:
        """Whether any model may be offered it as a smaller form: no data needed, mild rounding."""
        return self.rounds_weights_alone and self.weight_bits >= 8


# bound_db: layers of sound files have more: of small convolutional and recurrent nets 65-78 dB in
# float16, 44-55 in int16x8, 35-55 in dynamic8, 27-50 in int8. 20 dB is a tenth of the signal.
TABLE: tuple[Precision, ...] = (
    Precision(FLOAT32, "32-bit floats", 32, 80, leads=True, beside=("int8", "dynamic8", FLOAT32)),
    Precision("float16", "16-bit float weights", 16, 40, leads=True, beside=("float16",)),
    Precision(
        "dynamic8",
        "8-bit weights, activations quantized while running",
        8,
        25,
        computes="dynamic",
        leads=True,
        beside=("dynamic8", FLOAT32),
    ),
    Precision(
        "int8",
        "8-bit weights and activations",
        8,
        20,
        activation_bits=8,
        computes="integer",
        leads=True,
        beside=("int8",),
        dense_shares_scale=True,
    ),
    Precision(
        "int8x4",
        "8-bit activations, 4-bit weights",
        4,
        10,
        activation_bits=8,
        computes="integer",
        beside=("int8",),
        fallback="int8",
    ),
    Precision(
        "int16x8",
        "16-bit activations, 8-bit weights",
        8,
        30,
        activation_bits=16,
        computes="integer",
        beside=("int8",),
    ),
    Precision(
        "dynamic4",
        "4-bit weights, activations quantized while running",
        4,
        10,
        computes="dynamic",
        beside=("dynamic8",),
        fallback="dynamic8",
    ),
    Precision(
        "weights4",
        "4-bit weights, computed in float",
        4,
        10,
        beside=(FLOAT32,),
        fallback=FLOAT32,
    ),
)
"""Every precision. Static ones read activations x weights; dynamicN stores N-bit weights and
quantizes activations while running; weightsN stores N-bit weights and computes in float."""


def names() -> tuple[str, ...]:
    """Every precision's name, in the table's order."""
    return tuple(row.name for row in TABLE)


def that(holds: Callable[[Precision], bool]) -> tuple[str, ...]:
    """The names of those of which something holds, in the table's order."""
    return tuple(row.name for row in TABLE if holds(row))


def named(name: str) -> Precision:
    """The precision of that name. Raises UsageError that lists the known ones."""
    for row in TABLE:
        if row.name == name:
            return row
    known = ", ".join(f"{row.name} ({row.summary})" for row in TABLE)
    raise UsageError(f"Unknown precision {name!r}.", f"Known: {known}.")


def static() -> tuple[str, ...]:
    """Names of those that promise integers throughout and need calibration."""
    return that(lambda row: row.static)


def integer_weights() -> tuple[str, ...]:
    """Names of those with integer weights, whose scales an algorithm chooses."""
    return that(lambda row: not row.float_weights)


def leading() -> tuple[str, ...]:
    """Names of those that can be the default precision of a searched file."""
    return that(lambda row: row.leads)


def family(default: str) -> tuple[str, ...]:
    """The precisions that single layers may have in a file of this default one: it first, float32
    last; it alone where it cannot lead.
    """
    if default not in leading():
        return (default,)
    others = that(lambda row: default in row.beside and row.name not in (default, FLOAT32))
    floats = that(lambda row: row.name == FLOAT32 != default and default in row.beside)
    return (default, *others, *floats)


def surroundings(precision: str, default: str) -> str:
    """The default precision, where a layer's activations are of another type than a file's others
    and must be converted at its borders; else nothing.
    """
    same = named(precision).activation_bits == named(default).activation_bits
    return "" if same else default


def matching(computes: str, weight_bits: int, activation_bits: int = _FLOAT_BITS) -> str | None:
    """The name of the precision that computes so with these bits, or None."""
    for row in TABLE:
        if (row.computes, row.weight_bits, row.activation_bits) == (
            computes,
            weight_bits,
            activation_bits,
        ):
            return row.name
    return None
