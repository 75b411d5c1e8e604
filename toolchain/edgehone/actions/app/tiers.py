"""Which model each tier of devices gets: a run's candidate, by what was measured, or a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone.actions import lone_files
from edgehone.actions.run.history import document_of
from edgehone.actions.run.released import Files
from edgehone.budgets import Decision
from edgehone.documents import artifact_json
from edgehone.documents.shape import shaped
from edgehone.errors import UsageError
from edgehone.export.apps._base import DELIVERIES
from edgehone.export.apps._tiers import OTHER, Selector, wanted
from edgehone.stats import percentile
from edgehone.values import Artifact, Measurement

WINNER = "winner"
FASTEST = "fastest"


@dataclass(frozen=True)
class Chosen:
    """A tier with the file that its devices get; selector: None of the devices in no other tier.
    warning: what the run says against it.
    """

    name: str
    choice: str
    selector: Selector | None
    artifact: Artifact
    warning: str = ""


@dataclass(frozen=True)
class _Measured:
    name: str
    measurement: Measurement
    decision: Decision | None

    @property
    def passed(self) -> bool:
        return self.decision is not None and self.decision.outcome == "pass"


def require_delivery(delivery: str) -> None:
    """Refuse what Google Play does not know: UsageError."""
    if delivery not in DELIVERIES:
        raise UsageError(f"Unknown delivery {delivery!r}.", f"Known: {', '.join(DELIVERIES)}.")


def chosen(
    texts: Sequence[str], own: Artifact, folder: Path, run: str, formats: Sequence[str]
) -> tuple[Chosen, ...]:
    """The tiers in the order of their priority, the one of all other devices last; own: the kit's
    model. Without a run, choices are files. Raises UsageError, ModelError.
    """
    tiers = wanted(texts)
    measured = _measured(folder, run, formats) if run else ()
    found = []
    for each in tiers:
        if each.choice == WINNER and run:
            artifact, warning = own, ""
        elif run:
            entry = _named(each.choice, measured, own)
            proven = Files(folder, _whole(folder, run)).proven(entry.measurement.artifact)
            artifact = lone_files.artifact(proven.path)
            disturbed = _disturbed(measured) if each.choice == FASTEST else ""
            warning = disturbed if entry.passed else _doubt(each.name, entry)
        else:
            artifact, warning = lone_files.artifact(Path(each.choice)), ""
        found.append(Chosen(each.name, each.choice, each.selector, artifact, warning))
    rest = [each for each in found if each.selector is None]
    kept = [each for each in found if each.selector is not None]
    if not kept:
        raise UsageError(
            f"There is no tier but {OTHER!r}, which has all devices.",
            "Give a tier with a condition, or take the model itself.",
        )
    return (*kept, *(rest or [Chosen(OTHER, WINNER if run else own.path.name, None, own)]))


def _whole(folder: Path, run: str) -> str:
    return document_of(folder, run).run


def _measured(folder: Path, run: str, formats: Sequence[str]) -> tuple[_Measured, ...]:
    """The run's candidates that were measured, in the formats that the platform runs."""
    document = document_of(folder, run)
    with shaped(f"The document of run {document.run}"):
        return tuple(
            _Measured(each.name, each.measurement, each.decision)
            for each in document.candidates
            if each.measurement is not None and each.measurement.artifact.format in formats
        )


def _named(choice: str, measured: Sequence[_Measured], own: Artifact) -> _Measured:
    """A candidate by its name, or the one that leads by a measure among those that pass."""
    if choice in _LEADS:
        proven = [each for each in measured if each.passed]
        passed = [each for each in proven if _LEADS[choice](each) is not None]
        if proven and not passed:
            raise UsageError(
                f"The run measured nothing that tells which candidate is the {choice}."
                + (_EMULATED if choice == FASTEST else ""),
                f"Name one: {_listed(measured)}.",
            )
        if not passed:
            raise UsageError(
                f"No candidate of the run is proven to keep its budgets, so none is the {choice}.",
                f"Name one: {_listed(measured)}.",
            )
        return min(passed, key=lambda each: (_LEADS[choice](each), each.name))
    for each in measured:
        if each.name == choice:
            return each
    raise UsageError(
        f"Unknown candidate {choice!r}.",
        f"Known: {WINNER}, {', '.join(_LEADS)}, {_listed(measured)}.",
    )


def _size(each: _Measured) -> float | None:
    return float(each.measurement.artifact.size_bytes)


def _speed(each: _Measured) -> float | None:
    """The typical latency; of an emulated device the instructions, for its times are none."""
    if each.measurement.device.emulated:
        count = each.measurement.instructions
        return None if count is None else float(count)
    latency = each.measurement.latency
    return (
        None
        if latency is None
        else percentile([ms for block in latency.blocks_ms for ms in block], 50)
    )


def _error(each: _Measured) -> float | None:
    """The validation split's score, which the search looks at, or else the test split's."""
    scored = each.measurement.validation or each.measurement.accuracy
    if scored is None:
        return None
    return -scored.value if scored.higher_is_better else scored.value


_LEADS = {"smallest": _size, FASTEST: _speed, "most-accurate": _error}

_EMULATED = " Times of emulated devices do not, only instructions that were counted."


def _disturbed(measured: Sequence[_Measured]) -> str:
    """A warning where times that are no valid ones had a say in which candidate is the fastest."""
    found = [
        f"{each.name} ({each.measurement.verdict})"
        for each in measured
        if each.passed and each.measurement.verdict not in ("valid", "emulated")
    ]
    if not found:
        return ""
    names = ", ".join(found)
    return f"Which candidate is the fastest is not certain: of {names} the times are not valid."


def _listed(measured: Sequence[_Measured]) -> str:
    return ", ".join(dict.fromkeys(each.name for each in measured)) or "none was measured"


def _doubt(tier: str, entry: _Measured) -> str:
    missed = entry.decision is not None and entry.decision.outcome == "fail"
    text = "misses the run's budgets" if missed else "is not proven to keep the run's budgets"
    return f"Tier {tier!r} gets {entry.name}, which {text}."


def rows(tiers: Sequence[Chosen]) -> list[dict[str, Any]]:
    """The tiers as the command's document has them."""
    return [
        {
            "name": each.name,
            "choice": each.choice,
            "selector": None if each.selector is None else _selector(each.selector),
            "artifact": artifact_json(each.artifact),
        }
        for each in tiers
    ]


def _selector(selector: Selector) -> dict[str, Any]:
    return {
        "ram_min_bytes": selector.low or None,
        "ram_max_bytes": selector.high,
        "devices": [{"brand": brand, "device": code or None} for brand, code in selector.devices],
        "systems_on_chip": [{"manufacturer": m, "model": model} for m, model in selector.chips],
    }
