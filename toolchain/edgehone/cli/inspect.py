"""`edgehone inspect`: a model's layers, costs and channel groups; what is in an artifact."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgehone.cli import options, output
from edgehone.cli.files import SUFFIXES
from edgehone.report.numbers import TIMES
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help=".keras, .h5, python:module:function, .tflite or .onnx."
        ),
    ],
    trust: Annotated[
        bool, typer.Option("--trust", help="Let code inside the model file (Lambda layers) run.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Show what a model costs, or what a file really holds."""
    if Path(source).suffix.lower() in SUFFIXES:
        output.emit(_artifact(Path(source)), _show_artifact, as_json=as_json)
    else:
        output.emit(_model(source, trust=trust), _show_model, as_json=as_json)


def _artifact(path: Path) -> dict[str, Any]:
    from edgehone.cli import files
    from edgehone.documents import plain

    artifact = files.artifact(path)
    about = {"precision": artifact.precision, "compressed_bytes": artifact.compressed_bytes}
    return dict(plain({**(artifact.audit or {}), **about}))


def _model(source: str, *, trust: bool) -> dict[str, Any]:
    from dataclasses import asdict

    from edgehone.documents import plain
    from edgehone.graph import costs, groups, loading

    model = loading.load(source, trust=trust)
    found = groups.analyse(model)
    return dict(
        plain(
            {
                "params": costs.total_params(model),
                "macs": costs.total_macs(model),
                "layers": [asdict(layer) for layer in costs.layer_costs(model)],
                "groups": [asdict(group) for group in found.groups],
            }
        )
    )


def _show_model(value: Plain, console: "Console") -> None:
    from edgehone.report import numbers
    from edgehone.report.tables import Cell, Column, from_columns, rich

    layers, groups = value["layers"], value["groups"]
    size_unit, sizes = numbers.column([layer["size_bytes"] for layer in layers], "bytes")
    costs = from_columns(
        [
            (Column("layer", numeric=False), [layer["name"] for layer in layers]),
            (Column("kind", numeric=False), [layer["kind"] for layer in layers]),
            (Column("output", numeric=False), [_shape(a["output_shape"]) for a in layers]),
            (Column("parameters"), [f"{layer['params']:,}" for layer in layers]),
            (Column("MACs"), [f"{layer['macs']:,}" for layer in layers]),
            (Column("float32", size_unit), sizes),
        ]
    )
    tied = from_columns(
        [
            (Column("group", numeric=False), [group["name"] for group in groups]),
            (Column("channels"), [str(group["channels"]) for group in groups]),
            (
                Column("prunable", numeric=False),
                [Cell("yes", "pass") if g["prunable"] else Cell("no", "quiet") for g in groups],
            ),
            (Column("layers tied", numeric=False), [", ".join(g["layers"]) for g in groups]),
            (Column("reason", numeric=False), [group["reason"] for group in groups]),
        ]
    )
    console.print(rich(costs, "Layers"))
    console.print(rich(tied, "Channel groups"))
    console.print(f"{value['params']:,} parameters, {value['macs']:,} MACs", style="bold")


def _shape(shape: Any) -> str:
    return f" {TIMES} ".join("·" if size is None else str(size) for size in shape)


def _show_artifact(value: Plain, console: "Console") -> None:
    from edgehone.report import numbers
    from edgehone.report.tables import Column, from_columns, rich

    layers = list(value.get("layers") or ())
    unit, sizes = numbers.column([layer["weight_bytes"] for layer in layers], "bytes")
    table = from_columns(
        [
            (Column("layer", numeric=False), [layer["name"] for layer in layers]),
            (Column("operator", numeric=False), [layer["operator"] for layer in layers]),
            (Column("types", numeric=False), [_types(layer["types"]) for layer in layers]),
            (Column("weights", unit), sizes),
        ]
    )
    console.print(rich(table, "Layers with weights"))
    for title, key in (("Operators", "operators"), ("Tensors", "types")):
        told = ", ".join(f"{name} {TIMES} {count}" for name, count in value[key].items())
        console.print(f"{title}: {told}")
    for title, key in (("Inputs", "inputs"), ("Outputs", "outputs")):
        told = ", ".join(f"{p['name']} {_shape(p['shape'])} {p['dtype']}" for p in value[key])
        console.print(f"{title}: {told}")
    _show_doubts(value, console)
    size, packed = (
        numbers.in_unit(value[key], "bytes") for key in ("size_bytes", "compressed_bytes")
    )
    console.print(
        f"{value['format']} {value['precision']}, {size} ({packed} compressed)", style="bold"
    )


def _show_doubts(value: Plain, console: "Console") -> None:
    if value["flex"]:
        told = ", ".join(value["flex"])
        console.print(f"Needs the Flex delegate, which phones lack: {told}", style="red")
    floats = [layer["name"] for layer in value.get("float_layers") or ()]
    if floats and "int8" in value["precision"]:
        console.print(f"Computes in float: {', '.join(floats)}", style="yellow")


def _types(types: Any) -> str:
    return " · ".join(str(kind) for kind in types)
