"""Measures finished files side by side on devices, and keeps what devices answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgehone.actions import alike, lone_files, notebook
from edgehone.actions.guess_warnings import constant_answer_warnings
from edgehone.actions.settings import MeasureOptions, Setting
from edgehone.documents import measurement_json
from edgehone.errors import UsageError
from edgehone.measure.device import Device
from edgehone.measure.fleet import Lost, lost_json, on_each
from edgehone.measure.protocol import measure
from edgehone.measure.recording import Recorder
from edgehone.system import interruption
from edgehone.system.apart import require_apart
from edgehone.system.files import require_writable
from edgehone.system.settings import DEVICES, RECORD
from edgehone.values import Artifact, Measurement, Progress, silent


@dataclass(frozen=True)
class Request:
    """files: .tflite or .onnx; on: devices by name, none: this machine; data: what accuracy is
    measured on; record: where a device's answers are kept, for scripted://FILE; baseline: the one
    of the files that accuracy drops are counted from.
    """

    files: tuple[Path, ...]
    on: tuple[str, ...] = ()
    data: str | None = None
    asked: MeasureOptions = field(default_factory=MeasureOptions)
    record: Path | None = None
    baseline: Path | None = None


@dataclass(frozen=True, repr=False)
class Benchmark(Sequence[Measurement]):
    """Measurements, one a file and device, devices in the order asked; lost: devices that failed
    while others went on; warnings: what makes the numbers doubtful, in sentences.
    """

    measurements: tuple[Measurement, ...]
    lost: tuple[Lost, ...] = ()
    warnings: tuple[str, ...] = ()

    def __getitem__(self, index: Any) -> Any:
        return self.measurements[index]

    def __len__(self) -> int:
        return len(self.measurements)

    @property
    def document(self) -> dict[str, Any]:
        """What `edgehone bench --json` prints (schema "bench")."""
        return {
            "measurements": [measurement_json(one) for one in self.measurements],
            "lost": lost_json(self.lost),
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        files = (f"'{one.artifact.path}' on {one.device.name}" for one in self.measurements)
        return f"<Benchmark of {', '.join(files)}>"

    def _repr_html_(self) -> str:
        return notebook.measurements(self.document)


def bench(request: Request, setting: Setting, progress: Progress = silent) -> Benchmark:
    """Measure every file on every device, each in fresh processes, their blocks interleaved; of
    files with the same content, one for all.

    Raises UsageError, DataError, ModelError for what cannot be measured, and DeviceError where the
    only device fails; of several, those that fail are `lost`.
    """
    if request.record is not None:
        data = None if request.data is None else Path(request.data)
        read = [*request.files, data, *(each.path for each in setting.files)]
        require_apart([request.record], read, "Give --record a file of its own.")
        require_writable(request.record.absolute().parent)
    artifacts = [lone_files.artifact(path) for path in request.files]
    devices = setting.devices(request.on)
    if request.record:
        devices = [_recorded(devices)]
    baseline = _baseline(request, artifacts)
    plan = setting.plan(artifacts, request.data, request.asked, baseline)
    asked = alike.distinct(artifacts)
    found = on_each(devices, lambda device, each: measure(asked, device, plan, each), progress)
    measurements = tuple(
        one for _, several in found.results for one in alike.for_each(artifacts, several)
    )
    for device in devices:
        if request.record and device.recorder:
            with interruption.delivery(request.record):
                device.recorder.write(request.record)
    doubts = constant_answer_warnings(list(measurements), plan, setting)
    warnings = [*alike.remarks(artifacts), *doubts]
    return Benchmark(measurements, found.lost, tuple(warnings))


def _baseline(request: Request, artifacts: Sequence[Artifact]) -> str:
    """The SHA-256 of the file that drops are counted from; "": of none. Raises UsageError."""
    if request.baseline is None:
        return ""
    for file, artifact in zip(request.files, artifacts, strict=True):
        if file == request.baseline:
            return artifact.sha256
    raise UsageError(
        f"The baseline, {request.baseline}, is not one of the files to measure.",
        "Give it among the files as well: all are measured side by side.",
    )


def _recorded(devices: Sequence[Device]) -> Device:
    """The one device, with a recorder. Raises UsageError for several."""
    if len(devices) > 1:
        raise UsageError(
            f"{RECORD} takes one device at a time.", f"Name one device: {DEVICES.given('DEVICE')}."
        )
    return replace(devices[0], recorder=Recorder())
