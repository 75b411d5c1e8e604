"""How close to its model every exported file must be: what `--require-parity` says."""

import math
from dataclasses import dataclass

from edgehone.errors import ConversionError, UsageError
from edgehone.system.settings import FLOAT_WORST, REQUIRE_PARITY
from edgehone.values import Plain


@dataclass(frozen=True)
class ParityLimit:
    """At least so many dB in the worst column of every output, or so large a share of equal labels.

    decibels, share: one of them; the other is None.
    """

    decibels: float | None = None
    share: float | None = None

    @classmethod
    def read(cls, text: str) -> "ParityLimit":
        """The limit of "20dB" or "0.98". Raises UsageError."""
        word = text.strip().lower()
        try:
            number = float(word.removesuffix("db"))
        except ValueError:
            number = math.nan
        if word.endswith("db") and math.isfinite(number):
            return cls(decibels=number)
        if not 0 < number <= 1:
            raise UsageError(
                f"{REQUIRE_PARITY.set(text)} is not a limit.",
                "Give a signal to noise, as 20dB, or a share of equal labels, as 0.98.",
            )
        return cls(share=number)

    def check(self, parity: Plain) -> None:
        """Refuse a file that is further from its model: ConversionError. Raises UsageError when
        the limit is about labels, and the model gives none.
        """
        if self.share is not None:
            self._check_labels(parity)
        elif self.decibels is not None:
            self._check_ratio(parity, self.decibels)

    def _check_labels(self, parity: Plain) -> None:
        agreement = parity["agreement"]
        if agreement is None:
            raise UsageError(
                f"{REQUIRE_PARITY} as a share is about labels, and this model gives none.",
                f"Give a signal to noise instead: {REQUIRE_PARITY.set('20dB')}.",
            )
        if agreement < (self.share or 0):
            each, every = ("decision", "labels") if _decides(parity) else ("label", "samples")
            raise ConversionError(
                f"It has the model's {each} for {100 * agreement:.2f} % of the {every}, and "
                f"{REQUIRE_PARITY} asks for {100 * (self.share or 0):g} %.",
                _hint(),
            )

    def _check_ratio(self, parity: Plain, least: float) -> None:
        worst, found = parity["worst"], parity["snr_db"]
        broken = parity["max_error"] is None
        if not broken and (found is None or found >= least):
            return
        text = "no number (NaN or infinity)" if broken else f"an SNR of {found:.1f} dB"
        place = parity["names"][worst["output"]]
        raise ConversionError(
            f"Column {worst['column']} of output {place!r} has {text}, and {REQUIRE_PARITY} asks "
            f"for {least:g} dB.",
            _hint(),
        )


def _hint() -> str:
    return (
        f"Choose another precision, keep the worst layers float with {FLOAT_WORST}, or loosen "
        f"{REQUIRE_PARITY}."
    )


def _decides(parity: Plain) -> bool:
    """Whether labels are decided each by itself."""
    return "label_agreement" in parity
