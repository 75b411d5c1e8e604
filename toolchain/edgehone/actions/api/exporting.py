"""`export`: a model as .tflite and .onnx files, each audited and compared with the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.actions import notebook
from edgehone.actions.api import arguments, datasets, models, named
from edgehone.actions.api.arguments import PathOrText
from edgehone.actions.api.boundary import public
from edgehone.actions.api.explained import explained
from edgehone.actions.api.measuring import SEEDS
from edgehone.actions.api.references import kind
from edgehone.actions.export import request
from edgehone.actions.export.making import Request, perform
from edgehone.actions.export.options import Bits
from edgehone.actions.export.parity_limit import ParityLimit
from edgehone.documents import artifact_from_json
from edgehone.errors import ConversionError, UsageError
from edgehone.export.conversion import Layout
from edgehone.system.bounds import SAMPLES
from edgehone.values import Artifact, Plain, Progress, silent


@dataclass(frozen=True)
class Options:
    """How files are quantized and laid out, beyond their precision; as `edgehone export --help`.

    algorithm: how scales are chosen: "min_max", or for TFLite's weights "octav", "mse", "gptq",
    "oscar", "recovery", "hadamard", "hadamard_custom", for ONNX's activations "entropy".
    percentile in (50, 100]: share of each activation tensor's values that integer ranges cover.
    block: 4-bit weights that share a scale; 0: those of a channel do. symmetric: integer
    activations have their zero at 0. io: "float32", "int8" or "uint8" at the model's borders; "":
    as the layers there. float_worst: the worst layers go back to `worst_as` until no more accuracy
    is lost than "0.01", say, or outputs have "30dB". batch: samples a run takes; None: any number.
    recurrent: "auto", "loop" or "unrolled". require: what every file must be: "int8", "no-flex",
    "no-custom", "no-loops", "xnnpack". require_parity: "20dB", or "0.98" of equal labels.
    """

    algorithm: str = "min_max"
    percentile: float = 100.0
    block: int = 0
    symmetric: bool = False
    io: str = ""
    float_worst: str = ""
    worst_as: str = "float32"
    batch: int | None = 1
    recurrent: str = "auto"
    require: tuple[str, ...] = ()
    require_parity: str = ""

    @property
    def bits(self) -> Bits:
        """Those that are about numbers."""
        return Bits(
            self.algorithm,
            self.percentile,
            self.io,
            self.block,
            self.symmetric,
            self.float_worst,
            self.worst_as,
        )

    @property
    def layout(self) -> Layout:
        """Those that are about how the float file is laid out."""
        batch = "free" if self.batch is None else str(self.batch)
        return Layout(request.batch(batch), request.form(self.recurrent))

    @property
    def parity(self) -> ParityLimit | None:
        """How close to its model every file must be."""
        return ParityLimit.read(self.require_parity) if self.require_parity else None


@dataclass(frozen=True, repr=False)
class Exported(Sequence[Artifact]):
    """The files that were made; `skipped` ones could not be, each with its "reason" and "hint"."""

    document: Plain
    artifacts: tuple[Artifact, ...]

    def __getitem__(self, index: Any) -> Any:
        return self.artifacts[index]

    def __len__(self) -> int:
        return len(self.artifacts)

    @property
    def skipped(self) -> list[dict[str, str]]:
        """What was not made: {"format", "precision", "reason", "hint"}."""
        return list(self.document["skipped"])

    @property
    def warnings(self) -> list[str]:
        """What to know of the files, in sentences."""
        return list(self.document["warnings"])

    def __repr__(self) -> str:
        names = ", ".join(f"'{each.path}'" for each in self.artifacts)
        return f"<Exported [{names}]{f', {len(self.skipped)} skipped' * bool(self.skipped)}>"

    def _repr_html_(self) -> str:
        return notebook.files(self.document)


@public
@explained(
    {
        "model": "a Keras model, a candidate, or a path; also a float32 .tflite or .onnx file, "
        "which is made other precisions.",
        "folder": "where the files go.",
        "precision": "float32, float16, dynamic8, int8, int8x4, int16x8, dynamic4 or weights4; one "
        "or several.",
        "calibration": "samples (n, *shape) of the training data, with or without targets, which "
        "int8, int8x4 and int16x8 need; of a model of several inputs a dict of arrays by the "
        "inputs' names.",
        "formats": '"tflite" (the default), "onnx", or a class or object of your own, derived from '
        "`Format`; one or several.",
        "samples": "how many of the calibration data are drawn.",
        "options": "algorithms, ranges, borders and layout (`Options`).",
        "scale": "calibration data become x * scale + offset.",
        "config": "a project file, for [data].",
    }
)
def export(
    model: Any,
    folder: PathOrText,
    *,
    precision: str | Sequence[str] = "float32",
    calibration: Any = None,
    formats: Any = None,
    samples: int = 200,
    options: Options | None = None,
    scale: float | None = None,
    offset: float | None = None,
    trust: bool = False,
    custom: str | Sequence[str] = (),
    config: PathOrText | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Exported:
    """Write a model as .tflite or .onnx files into `folder`: MODEL-PRECISION.FORMAT.

    Every file is audited, run, and compared with the model, on calibration data or random numbers.
    Returns a sequence of `Artifact`; what could not be made is in its `skipped`. Raises
    ConversionError where nothing could be made, UsageError, DataError, ModelError, StorageError.
    """
    setting = arguments.setting(
        config=config, task=None, scale=scale, offset=offset, progress=progress
    )
    chosen = _chosen(options)
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        found = models.given(model, Path(scratch))
        order = Request(
            model=found.source,
            destination=arguments.path(folder, "folder"),
            formats=_formats(formats, found.source),
            precisions=request.precisions(_joined(precision, "precision")),
            calibration=datasets.optional(calibration, scratch, "calibration"),
            samples=arguments.integer(samples, "samples", low=1, high=SAMPLES),
            trust=arguments.flag(trust, "trust") or found.in_memory,
            custom=(*found.custom, *arguments.names(custom, "custom")),
            seed=arguments.integer(seed, "seed", low=0, high=SEEDS),
            bits=chosen.bits,
            layout=chosen.layout,
            require=arguments.names(chosen.require, "require"),
            parity=chosen.parity,
            steps=getattr(model, "reports", ()),
        )
        request.require_data(order)
        return _exported(perform(order, setting, progress))


def _chosen(options: Any) -> Options:
    chosen = Options() if options is None else options
    if not isinstance(chosen, Options):
        raise UsageError(f"options is {kind(options)}.", "Write options=edgehone.Options(…).")
    return chosen


def _exported(document: Plain) -> Exported:
    if not document["artifacts"]:
        first = document["skipped"][0]
        raise ConversionError(first["reason"], first["hint"])
    return Exported(document, tuple(artifact_from_json(each) for each in document["artifacts"]))


def _formats(given: Any, source: str) -> tuple[str, ...]:
    names = None if given is None else ",".join(named.several(given, named.FORMAT))
    return request.formats(names, source)


def _joined(given: Any, what: str) -> str:
    return ",".join(arguments.names(given, what))
