"""Describes a Keras model (layers, costs, channel groups) or what a finished file really holds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from edgehone import formats
from edgehone.actions import lone_files, notebook
from edgehone.actions.documented import Written
from edgehone.documents import plain
from edgehone.errors import UsageError
from edgehone.system.settings import EXPORT, REQUIRE
from edgehone.values import Progress, silent


@dataclass(frozen=True)
class Request:
    """source: a model or a .tflite or .onnx file; require: properties that a file must have, such
    as "int8" or "no-flex"; trust, custom: as `graph.loading.load` takes them.
    """

    source: str
    trust: bool = False
    custom: tuple[str, ...] = ()
    require: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Inspection(Written):
    """A mapping: what `edgehone inspect --json` prints (schema "inspect"). about: which kind."""

    about: Literal["model", "file"]

    @property
    def findings(self) -> list[dict[str, str]]:
        """What a file lacks of what was required: {"requirement", "reason"}; [] when nothing."""
        return list(self.document.get("findings") or ())

    def __repr__(self) -> str:
        return f"<Inspection of a {self.about}: {', '.join(self.document)}>"

    def _repr_html_(self) -> str:
        return notebook.layers(self.document, self.about)


def inspect(request: Request, progress: Progress = silent) -> Inspection:
    """What is in a model or file. Raises ModelError when it cannot be read, UsageError for
    requirements on a model.
    """
    if formats.of_suffix(Path(request.source)):
        return Inspection(_file(Path(request.source), request.require), "file")
    if request.require:
        raise UsageError(
            f"{REQUIRE} is about {' and '.join(formats.suffixes())} files.",
            f"Export the model: {EXPORT}.",
        )
    return Inspection(_model(request, progress), "model")


def _file(path: Path, require: Sequence[str]) -> dict[str, Any]:
    from edgehone.export.requirements import findings

    artifact = lone_files.artifact(path)
    audit = artifact.audit or {}
    about: dict[str, Any] = {
        "precision": artifact.precision,
        "compressed_bytes": artifact.compressed_bytes,
    }
    if require:
        about["findings"] = findings(audit, require)
    return dict(plain({**audit, **about}))


def _model(request: Request, progress: Progress) -> dict[str, Any]:
    from edgehone.compress._tree_rules import rules_of
    from edgehone.graph import costs, groups, loading

    model = loading.load(
        request.source, trust=request.trust, custom=request.custom, progress=progress
    )
    found = groups.analyse(model)
    rules = rules_of(model)
    return dict(
        plain(
            {
                "params": costs.total_params(model),
                "macs": costs.total_macs(model),
                "inputs": _ports(model.inputs),
                "outputs": _ports(model.outputs, getattr(model, "output_names", ())),
                "layers": [asdict(layer) for layer in costs.layer_costs(model)],
                "groups": [asdict(group) for group in found.groups],
                "remarks": _remarks(model, request.source),
                **({} if rules is None else {"rules": rules}),
            }
        )
    )


def _remarks(model: Any, source: str) -> list[dict[str, str]]:
    """What the other commands refuse the model for."""
    from edgehone.graph.supported import formats_refusal, refusals

    found = [*refusals(model, source), *formats_refusal(model, (formats.USUAL,))]
    return [{"message": each.message, "hint": each.hint} for each in found]


def _ports(tensors: Sequence[Any], names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Inputs or outputs of a Keras model, by the names given or of the layers they come from."""
    known = names or [tensor._keras_history.operation.name for tensor in tensors]
    return [
        {"name": str(name), "shape": list(tensor.shape), "dtype": str(tensor.dtype)}
        for name, tensor in zip(known, tensors, strict=True)
    ]
