"""Why a file is larger or slower than its baseline: layer by layer, and what to try."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone import formats
from edgehone.actions.gate.judgement import Judgement
from edgehone.actions.gate.request import Request
from edgehone.budgets import Check
from edgehone.decide.layer_changes import Change, Layer, changes, documented
from edgehone.errors import DeviceError
from edgehone.measure.device import Device
from edgehone.measure.layer_costs import price
from edgehone.values import Artifact, LayerSpec, Plain

MOST = 40
"""Layers that are listed of a file."""

BYTES = ("size_bytes", "compressed_bytes")
COSTED = ("instructions", "latency_p50_ms", "latency_p90_ms", "latency_p99_ms")
"""Budgets on what layers take one by one."""


def explained(request: Request, judgement: Judgement) -> tuple[Plain, ...]:
    """`why` of each file that misses a budget, or of all where that was asked for."""
    found = []
    for decision in judgement.decisions:
        missed = [each for each in decision.checks if each.verdict == "fail"]
        base = next(iter(judgement.baselines.values())).artifact
        if missed or request.why:
            place = _place(request, judgement, missed)
            found.append(why(decision.measurement.artifact, base, missed, place))
    return tuple(found)


def _place(request: Request, judgement: Judgement, missed: Sequence[Check]) -> Device | None:
    """The device to price layers on: that of the first missed budget on what layers take there."""
    measured = judgement.took_s.keys() - {each.device for each in judgement.looked_up}
    for each in missed:
        if each.metric in COSTED and each.device in measured:
            return request.setting.device(each.device)
    return None


def why(
    artifact: Artifact, base: Artifact, missed: Sequence[Check], device: Device | None = None
) -> dict[str, Any]:
    """What differs between the layers of a file and its baseline, those first that cost most of
    what was missed: {"file", "baseline", "layers": [{"layer", "change", "bytes", "macs",
    "instructions", "ms", "text", "try"}], "note"}.

    device: where each layer that differs is priced by itself; None: nowhere. note: why nothing is
    known; "".
    """
    found = {"file": str(artifact.path), "baseline": str(base.path), "layers": [], "note": ""}
    if artifact.format != base.format:
        text = f"the file is {artifact.format} and the baseline {base.format}"
        return {**found, "note": f"layers are not compared: {text}"}
    form = formats.load(artifact.format)
    different = changes(form.anatomy(base.path), form.anatomy(artifact.path))
    uncosted = ""
    if device is not None:
        try:
            different = _costed(different, artifact, base, device)
        except DeviceError as error:  # the verdict stands, whatever becomes of its explanation
            uncosted = f"the cost of layers was not measured on {device.name}: {error.message}"
    measure = _measure(missed, different)
    different.sort(key=lambda change: -change.added(measure))
    note = uncosted
    if not different:
        note = "no layer differs by shape, type or bytes; only values do"
    return {**found, "layers": [documented(each) for each in different[:MOST]], "note": note}


def _measure(missed: Sequence[Check], found: Sequence[Change]) -> str:
    """What layers are sorted by: what the first missed budget is about."""
    if missed and missed[0].metric in BYTES:
        return "bytes"
    known = [
        measure
        for measure in ("ms", "instructions", "macs")
        if any(change.of(measure) != (None, None) and change.added(measure) for change in found)
    ]
    return known[0] if known and missed else "bytes"


def _costed(
    found: Sequence[Change], artifact: Artifact, base: Artifact, device: Device
) -> list[Change]:
    """The changes with what each layer takes by itself on a device, as one-layer models."""
    wanted = {
        (spec, each.default_precision)
        for change in found
        for layer, each in ((change.before, base), (change.after, artifact))
        if layer is not None and (spec := layer.get("spec")) is not None
    }
    costs = _costs(sorted(wanted, key=str), artifact.format, device)
    return [
        Change(
            _with_cost(change.before, base, costs, device),
            _with_cost(change.after, artifact, costs, device),
            change.label,
        )
        for change in found
    ]


Costs = dict[tuple[LayerSpec, str], float]


def _costs(wanted: Sequence[tuple[LayerSpec, str]], name: str, device: Device) -> Costs:
    form = formats.load(name)
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        files: dict[tuple[LayerSpec, str], Path] = {}
        for number, (spec, precision) in enumerate(wanted):
            content = form.layer_model(spec, precision)
            if isinstance(content, bytes):
                files[spec, precision] = Path(scratch) / f"{number}{form.SUFFIX}"
                files[spec, precision].write_bytes(content)
        prices = price(list(files.values()), device)
    pairs = zip(files, prices, strict=True)
    return {key: each.cost for key, each in pairs if each.cost is not None}


def _with_cost(
    layer: Layer | None, artifact: Artifact, costs: Costs, device: Device
) -> Plain | None:
    if layer is None or layer.get("spec") is None:
        return layer
    cost = costs.get((layer["spec"], artifact.default_precision))
    measure = "instructions" if device.target.instructions else "ms"
    return {**layer, measure: cost}
