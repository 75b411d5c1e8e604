"""What a kit is made of: a lone file or a run's files, and what is known of their data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgehone.actions import lone_files
from edgehone.actions.run.history import document_of
from edgehone.actions.run.released import Files, release_of
from edgehone.actions.scaling import Scaling, number
from edgehone.actions.settings import Setting
from edgehone.config import DataSection, Partial
from edgehone.data import DataSettings, load_samples
from edgehone.data.preprocessing import affine
from edgehone.data.settings import USUAL
from edgehone.errors import DataError, UsageError
from edgehone.export.apps._contract import Known, Normalization, stem_of
from edgehone.export.ports import ports_of_file
from edgehone.formats import suffixes
from edgehone.store import Store
from edgehone.system import files
from edgehone.system.settings import STD
from edgehone.values import Artifact

if TYPE_CHECKING:
    from edgehone.actions.app.kits import About, Request

LABELS_BYTES = 16 << 20
CLASSES = 100_000

RANDOM = "random"
"""The data that are made up."""


@dataclass(frozen=True)
class Source:
    """artifacts: finished files by format; about: what is known of all of them, samples apart.
    data: where samples come from; "": made up; how: how they are read, as the app has them.
    """

    artifacts: Mapping[str, Artifact]
    about: Known
    data: str = ""
    warnings: tuple[str, ...] = ()
    how: DataSettings = USUAL

    def known(self, artifact: Artifact) -> Known:
        """What is known of one file: with samples as the app has them, where there are data."""
        if not self.data:
            return self.about
        ports = ports_of_file(artifact.audit or {})
        if len(ports) > 1:
            return replace(self.about, samples=_of_several(self.data, [p.name for p in ports]))
        port = ports[0]
        quantized = bool((artifact.audit or {})["inputs"][0]["scale"])
        dtype = "float32" if quantized else port.dtype
        about = replace(self.how, input_shape=port.shape, input_dtype=dtype)
        found = load_samples(self.data, about)
        classes = self.about.classes or found.classes
        return replace(self.about, samples=(found.x,), classes=classes)


def of_file(request: "Request", setting: Setting) -> Source:
    """A lone file's. Raises UsageError, DataError, ModelError."""
    assert request.file is not None  # noqa: S101 - asked for by the caller
    artifact = lone_files.artifact(request.file)
    text = any(each.task for each in setting.files)
    about = Known(
        name=request.about.name or stem_of(request.file),
        normalization=normalization(request.about, setting.scaling),
        kind=request.about.kind,
        task=setting.task.kind if text else "",
        classes=_classes(request.about),
        licence=request.about.licence,
    )
    how = setting.data_settings(0)
    found = Source({artifact.format: artifact}, about, _data(request.data, setting.data))
    return _behind_preprocessing(found, how)


def of_run(request: "Request", setting: Setting) -> Source:
    """A run's winner in every format that was made of it."""
    release = release_of(request.folder, request.run)
    document = document_of(request.folder, release.run)
    config = Store(request.folder, read_only=True).run(release.run).config
    table = config.get("data")
    data: Mapping[str, Any] = table if isinstance(table, Mapping) else {}
    scaling = Scaling(
        setting.scale or float(data.get("scale", 1.0)),
        float(data.get("offset", 0.0)) if setting.offset is None else setting.offset,
        explicit=True,
    )
    about = Known(
        name=request.about.name or _called(document.project.teacher),
        normalization=normalization(request.about, scaling),
        kind=request.about.kind,
        task=document.project.kind,
        classes=_classes(request.about) or document.project.classes,
        licence=request.about.licence,
        run=release.run,
    )
    artifacts = _of_winner(request.folder, release.run, release.measured[0].artifact)
    source = _data(request.data, document.project.data)
    read = Partial(Path(release.run), {"data": data}).data or DataSection(source=RANDOM)
    how = read.settings()
    return _behind_preprocessing(Source(artifacts, about, source, release.warnings), how)


def _behind_preprocessing(source: Source, how: DataSettings) -> Source:
    """The same for a model that a function of batches comes before: mean and deviation stand for
    it where it does the same to all values of a channel; else samples are those behind it, and a
    warning says so. how: how the project's data are read.
    """
    name = how.preprocess
    raw = replace(how, scale=1.0, offset=0.0, preprocess="")
    if not name:
        return replace(source, how=raw)
    about = replace(source.about, preprocess=name)
    artifact = next(iter(source.artifacts.values()))
    linear = affine(name, ports_of_file(artifact.audit or {})[0].shape)
    if linear is not None:
        return replace(source, how=raw, about=replace(about, normalization=_through(about, linear)))
    warning = (
        f"The model is behind {name}, which no mean and deviation stand for, so the kit's samples "
        "are those behind it: call the same in the app, or put it into the model."
    )
    about = replace(about, normalization=Normalization(explicit=True))
    return replace(source, how=how, about=about, warnings=(*source.warnings, warning))


def _through(about: Known, linear: tuple[tuple[float, ...], tuple[float, ...]]) -> Normalization:
    """What f(x) = scale * x + offset makes of a normalization, channel by channel."""
    scale, offset = (np.array(values) for values in linear)
    deviation = np.array(about.normalization.deviation) / scale
    mean = np.array(about.normalization.mean) - offset * deviation
    deviation = np.broadcast_to(deviation, mean.shape)
    return Normalization(tuple(mean.tolist()), tuple(deviation.tolist()), True)


def _data(asked: str | None, known: str | None) -> str:
    """Where golden samples come from: as asked, else what is known; "": they are made up."""
    if asked == RANDOM:
        return ""
    return (known if asked is None else asked) or ""


def _called(teacher: str) -> str:
    return stem_of(Path(teacher.rpartition(":")[2] or teacher))


def _of_winner(folder: Path, run: str, winner: Artifact) -> dict[str, Artifact]:
    """The winner's file, proven, and those of other formats in its folder, audited."""
    found = {winner.format: lone_files.artifact(winner.path)}
    place = Files(folder, run).folder / run / "winner"
    for path in sorted(place.glob("winner.*")):
        if path.suffix in suffixes():
            artifact = lone_files.artifact(path)
            found.setdefault(artifact.format, artifact)
    return found


def normalization(about: "About", scaling: Scaling) -> Normalization:
    """Mean and deviation of the app's values: the model sees (x * scale + offset - mean) / std.

    Raises UsageError for a deviation of 0.
    """
    if any(each == 0 for each in about.deviation):
        raise UsageError(
            f"{STD} is 0, which nothing can be divided by.", f"Give {STD.set(1)}, or leave it out."
        )
    mean, deviation = about.mean or (0.0,), about.deviation or (1.0,)
    return Normalization(
        tuple((each - scaling.offset) / scaling.scale for each in mean),
        tuple(each / scaling.scale for each in deviation),
        scaling.explicit or bool(about.mean or about.deviation),
    )


def numbers(text: str | None, option: str) -> tuple[float, ...]:
    """Numbers between commas, such as 0.485,0.456,0.406; () where nothing is said. Raises
    UsageError.
    """
    return () if text is None else tuple(number(word, option) for word in text.split(","))


def _classes(about: "About") -> tuple[str, ...]:
    """Names of classes, from a file one a line. Raises DataError, StorageError."""
    path = about.labels
    if path is None:
        return about.names
    content = files.content(path, LABELS_BYTES, DataError)
    try:
        lines = re.split("\r\n|\n|\r", content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not UTF-8 text.", "Save it as UTF-8, one name a line."
        ) from error
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines or len(lines) > CLASSES or not all(each.strip() for each in lines):
        raise DataError(
            f"{path} has {len(lines)} lines, or an empty one among them.",
            "Write the name of a class on each line, in the order of training.",
        )
    return tuple(each.strip() for each in lines)


def _of_several(source: str, names: list[str]) -> tuple[Any, ...]:
    """An array of the .npz file for each input. Raises DataError."""
    from edgehone.data.sources import arrays_of

    arrays = arrays_of(Path(source), names)
    missing = [name for name in names if name not in arrays]
    if missing:
        raise DataError(
            f"{source} has no array for the inputs {', '.join(missing)}.",
            "Save an array for each input, called like it, with numpy.savez.",
        )
    return tuple(np.asarray(arrays[name]) for name in names)
