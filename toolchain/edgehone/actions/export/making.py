"""Makes the files that `export` was asked for; what cannot be made is kept with its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone import formats, precisions
from edgehone.actions import lone_files
from edgehone.actions.export.calibration_checks import differences_between
from edgehone.actions.export.options import Bits, floated, floated_json, judged_on
from edgehone.actions.export.parity_limit import ParityLimit
from edgehone.actions.export.reference import Comparison, Compute, comparison, targets_of
from edgehone.actions.export.samples import Fed, loader, random_samples, samples
from edgehone.actions.guess_warnings import input_summary
from edgehone.actions.settings import Setting
from edgehone.documents import artifact_json
from edgehone.errors import ConversionError, ExecutionError, ModelError, UsageError
from edgehone.export import importing
from edgehone.export.conversion import PLAIN, Converter, Layout
from edgehone.export.execution import outputs_of
from edgehone.export.float_worst import Bound, Source
from edgehone.export.ports import Port, ports_of_file
from edgehone.export.requirements import require_findings
from edgehone.export.trial import require_survival
from edgehone.formats._base import Calibration, Format, learned_ranges
from edgehone.measure.input_range import clipped_inputs
from edgehone.run.borders import held_by
from edgehone.run.stages.conversion import Conversion, convert
from edgehone.run.stages.quantization import Check, Quantization, publish, quantize, smaller_form
from edgehone.run.teacher_check import expectation
from edgehone.run.workspace import Workspace, temporary
from edgehone.system.files import require_writable
from edgehone.system.interface import all_named
from edgehone.system.settings import BATCH, FORMATS, RECURRENT
from edgehone.values import Event, PrecisionPlan, Progress, StepReport


@dataclass(frozen=True)
class Request:
    """What was asked: a model, formats times precisions, data to calibrate with, how files are
    laid out, and what is required of each (`edgehone.export.requirements`), in parity as well.
    steps: what made the model, whose learned activation ranges go before those of the data.
    """

    model: str
    destination: Path
    formats: Sequence[str]
    precisions: Sequence[str]
    calibration: str | None = None
    samples: int = 200
    trust: bool = False
    custom: Sequence[str] = ()
    seed: int = 0
    bits: Bits = field(default_factory=Bits)
    layout: Layout = PLAIN
    require: Sequence[str] = ()
    parity: ParityLimit | None = None
    steps: Sequence[StepReport] = ()


def perform(order: Request, setting: Setting, progress: Progress) -> dict[str, Any]:
    """Make every file of the order: {"artifacts": […], "skipped": [{format, precision, reason}],
    "calibration", "warnings"}.

    Parity is taken on calibration data, or on random numbers where there is none; "data" in it
    says which. A file that does not run, or lacks what is required of it, is not written and
    counts as skipped. Raises ModelError when the model cannot be read.
    """
    require_writable(order.destination)
    with TemporaryDirectory(prefix="edgehone-") as folder:
        workspace = temporary(Path(folder), progress)
        if formats.of_suffix(Path(order.model)):
            return _requantized(order, setting, workspace)
        return _converted(order, setting, workspace)


def _converted(order: Request, setting: Setting, workspace: Workspace) -> dict[str, Any]:
    """The document for a Keras model."""
    # `import_model` is the gate
    with Converter(trust=True, sources=(order.model,), custom=order.custom) as converter:
        converter.warm()
        workspace.progress(Event("load the model", order.model))
        file = workspace.scratch / "model.keras"
        source = importing.Source(
            order.model, file, order.formats, order.layout, order.trust, order.custom
        )
        imported = importing.import_model(source, converter, workspace.progress)

        def converted(name: str, form: Format) -> Path:
            asked = Conversion(imported.model, name, form.SUFFIX, order.layout)
            return convert(asked, converter, workspace)

        origin = _Origin(imported.ports, imported.compute, expectation(imported.scaling), converted)
        return _made_of(origin, order, setting, workspace)


def _requantized(order: Request, setting: Setting, workspace: Workspace) -> dict[str, Any]:
    """The same document, made of a finished float32 file in its own format."""
    source = lone_files.artifact(Path(order.model))
    if source.precision != precisions.FLOAT32:
        raise ConversionError(
            f"{source.path} is {source.precision} already; other precisions are made of float32.",
            "Give the float32 file, or the Keras model it was made from.",
        )
    if tuple(order.formats) != (source.format,):
        raise UsageError(
            f"{source.path} is a finished {source.path.suffix} file, and cannot be made another "
            "format.",
            f"Leave out {FORMATS}, or give the Keras model it was made from.",
        )
    if order.layout != PLAIN:
        raise UsageError(
            f"{source.path} is a finished file, and its batch and loops are what they are.",
            f"Leave out {all_named((BATCH, RECURRENT))}, or give the Keras model it was made from.",
        )
    lone_files.require_fixed(source)
    if not formats.load(source.format).AUDIT_OPENS:  # which has been tried already
        require_survival(source.path, run=True)
    origin = _Origin(
        ports_of_file(source.audit or {}),
        partial(outputs_of, source.path),
        input_summary(source),
        lambda name, form: source.path,
    )
    return _made_of(origin, order, setting, workspace)


@dataclass(frozen=True, eq=False)
class _Origin:
    """What files are made of: its inputs, its outputs of samples, which values it seems to take,
    and its float32 file in a format.
    """

    ports: tuple[Port, ...]
    compute: Compute
    expects: str
    float_file: Callable[[str, Format], Path]


@dataclass(frozen=True, eq=False)
class _Making:
    """How every file of an order is made and compared."""

    order: Request
    setting: Setting
    origin: _Origin
    compared: Comparison
    workspace: Workspace

    @property
    def calibration(self) -> Calibration:
        """What activation ranges are taken from."""
        return Calibration(self.compared.fed.inputs, learned_ranges(self.order.steps))


def _made_of(
    origin: _Origin, order: Request, setting: Setting, workspace: Workspace
) -> dict[str, Any]:
    """The document of all files of an order."""
    fed = _calibration(order, setting, origin.ports)
    targets = targets_of(order.calibration, order.samples, order.seed, setting, origin.ports)
    compared = comparison(targets, fed, setting, origin.compute, origin.expects)
    making = _Making(order, setting, origin, compared, workspace)
    artifacts: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    for name in order.formats:
        made, refused = _files(name, making)
        artifacts += made
        skipped += refused
    return {
        "artifacts": artifacts,
        "skipped": skipped,
        "calibration": fed.document(),
        "warnings": [*compared.warnings(artifacts), *differences_between(artifacts)],
    }


def _files(name: str, making: _Making) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Documents of all precisions of one format, and what was refused with its reason."""
    made: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    form = formats.load(name)
    wanted, progress = making.order.precisions, making.workspace.progress
    try:
        source = making.origin.float_file(name, form)
    except ConversionError as error:
        return [], [_refusal(name, precision, error) for precision in wanted]
    bound = _bound(making, source)
    for done, precision in enumerate(wanted):
        progress(Event("export", f"{name} {precision}", done, len(wanted)))
        asked = _quantization(name, form, source, precision, making)
        try:
            made.append(_file(asked, bound, making))
        except (ConversionError, ExecutionError) as error:
            refused.append(_refusal(name, precision, error))
    return made, refused


def _quantization(
    name: str, form: Format, source: Path, precision: str, making: _Making
) -> Quantization:
    """What is asked of one file: the plan, and everything that it is held against."""
    order = making.order
    stem = Path(order.model.rpartition(":")[2]).stem
    return Quantization(
        source,
        name,
        form,
        _plan(making, form, precision),
        making.calibration,
        calibrated_by=[order.calibration, order.samples, order.seed],
        reference=lambda: making.compared.reference,
        compared_by=order.model,
        checks=_checks(order),
        name=f"{stem}-{precision}",
    )


def _plan(making: _Making, form: Format, precision: str) -> PrecisionPlan:
    """All layers in one precision; the borders as the order says, else as the project does, where
    there are data to take their ranges from.
    """
    plan, io = making.order.bits.plan(precision), making.setting.io
    if plan.io or making.order.calibration is None:
        return plan
    return held_by(form, replace(plan, io=io))


def _checks(order: Request) -> list[Check]:
    """What every file of an order must pass. A wrecked one is made, and said to be wrecked."""
    limit = order.parity
    checks: list[Check] = [partial(require_findings, requirements=order.require)]
    if limit is not None:
        checks.append(lambda artifact: limit.check(artifact.parity or {}))
    return checks


def _file(asked: Quantization, bound: Bound | None, making: _Making) -> dict[str, Any]:
    """The document of one file, which is at its place when it has passed."""
    order, workspace = making.order, making.workspace
    floats: dict[str, Any] = {}
    if bound is not None and not precisions.named(asked.plan.default).float_weights:
        trial = Source(asked.float_file, asked.form, asked.calibration)
        found = floated(
            trial, asked.plan, bound, instead=order.bits.worst_as, progress=workspace.progress
        )
        asked = replace(asked, plan=found.plan)
        floats = {"float_worst": floated_json(found, bound)}
    artifact = quantize(asked, workspace)
    destination = order.destination / f"{asked.name}{asked.form.SUFFIX}"
    publish(artifact, destination)
    document = artifact_json(replace(artifact, path=destination), details=True)
    parity = {**(document["parity"] or {}), "data": "calibration"}
    inputs = clipped_inputs(asked.calibration.samples, artifact.audit, "calibration")
    if order.calibration is None:
        parity["data"], inputs = "random numbers", []
    offer = smaller_form(asked, artifact, workspace)
    return {**document, "parity": parity, "smaller": offer, "inputs": inputs, **floats}


def _refusal(name: str, precision: str, error: ModelError) -> dict[str, str]:
    return {"format": name, "precision": precision, "reason": error.message, "hint": error.hint}


def _calibration(order: Request, setting: Setting, ports: Sequence[Port]) -> Fed:
    """Samples as the model takes them; random ones when no data was given."""
    if order.calibration is None:
        made_up = random_samples(ports, order.seed)
        return Fed(made_up, len(made_up[0]))
    return _noted(order, order.calibration, setting, ports)


def _noted(order: Request, source: str, setting: Setting, ports: Sequence[Port]) -> Fed:
    found = samples(source, ports, order.samples, order.seed, setting.data_settings(order.seed))
    setting.note(found.notes)
    return found


def _bound(making: _Making, float_file: Path) -> Bound | None:
    """What --float-worst asks for: on validation samples, or on those given for several inputs."""
    order, setting, ports = making.order, making.setting, making.origin.ports
    if not order.bits.float_worst or order.calibration is None:
        return None
    gives_labels = "labels" in making.compared.reference.kinds(float_file)
    if len(ports) > 1:
        fed = _noted(order, order.calibration, setting, ports)
        return order.bits.bound(fed.inputs, None, scores=gives_labels)
    x, labels = judged_on(
        loader(order.calibration, ports[0], order.seed, setting.data_settings(order.seed))
    )
    return order.bits.bound((x[:],), labels, scores=gives_labels)
