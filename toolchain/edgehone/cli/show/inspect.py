"""Prints what is in a model or a finished file."""

from typing import TYPE_CHECKING, Any

from edgehone.report.numbers import TIMES
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


_SHOWN_LABELS = 5


def show_model(value: Plain, console: "Console") -> None:
    """Print a model's layers, channel groups and totals."""
    from edgehone.report import numbers
    from edgehone.report.tables import Cell, Column, from_columns, print_table

    layers, groups = value["layers"], value["groups"]
    size_unit, sizes = numbers.column([layer["size_bytes"] for layer in layers], "bytes")
    costs = from_columns(
        [
            (Column("layer", numeric=False), [layer["name"] for layer in layers]),
            (Column("kind", numeric=False, rank=1), [layer["kind"] for layer in layers]),
            (Column("output", numeric=False, rank=3), [_shape(a["output_shape"]) for a in layers]),
            (Column("parameters", rank=1), [f"{layer['params']:,}" for layer in layers]),
            (Column("MACs"), [f"{layer['macs']:,}" for layer in layers]),
            (Column("float32", size_unit, rank=2), sizes),
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
            (
                Column("layers tied", numeric=False, rank=2),
                [", ".join(g["layers"]) for g in groups],
            ),
            (Column("reason", numeric=False, rank=1), [group["reason"] for group in groups]),
        ]
    )
    print_table(console, costs, "Layers")
    print_table(console, tied, "Channel groups")
    if "rules" in value:
        from edgehone.compress._tree_rules import rules_text

        console.print("The soft decision tree, with each node's strongest features", style="bold")
        for line in rules_text(value["rules"]).split("\n"):
            console.print(line, markup=False, highlight=False)
    _show_ports(value, console)
    for remark in value["remarks"]:
        console.print(f"{remark['message']} {remark['hint']}", style="yellow", markup=False)
    console.print(f"{value['params']:,} parameters, {value['macs']:,} MACs", style="bold")


def _shape(shape: Any) -> str:
    return f" {TIMES} ".join("·" if size is None else str(size) for size in shape)


def show_file(value: Plain, console: "Console") -> None:
    """Print what a finished file holds, by layer and by role."""
    from edgehone.report import numbers
    from edgehone.report.tables import Column, from_columns, print_table

    layers = [layer for layer in value["layers"] if not _converts(layer)]
    unit, sizes = numbers.column([layer["weight_bytes"] for layer in layers], "bytes")
    table = from_columns(
        [
            (Column("layer", numeric=False), [layer["name"] for layer in layers]),
            (Column("operator", numeric=False), [layer["operator"] for layer in layers]),
            (Column("types", numeric=False), [_types(layer["types"]) for layer in layers]),
            (Column("weights", unit), sizes),
        ]
    )
    print_table(console, table, "Operators by layer")
    _show_roles(value, console)
    text = ", ".join(f"{name} {TIMES} {count}" for name, count in value["operators"].items())
    console.print(f"Operators: {text}")
    _show_delegates(value, console)
    if value["loops"]:
        console.print(f"Loops: {', '.join(value['loops'])}")
    _show_ports(value, console)
    _show_metadata(value.get("metadata"), console)
    if value.get("metadata_fault"):
        console.print(str(value["metadata_fault"]), style="yellow", markup=False)
    _show_doubts(value, console)
    size, packed = (
        numbers.in_unit(value[key], "bytes") for key in ("size_bytes", "compressed_bytes")
    )
    console.print(
        f"{value['format']} {value['precision']}, {size} ({packed} compressed)", style="bold"
    )


def _show_ports(value: Plain, console: "Console") -> None:
    for title, key in (("Inputs", "inputs"), ("Outputs", "outputs")):
        text = ", ".join(f"{p['name']} {_shape(p['shape'])} {p['dtype']}" for p in value[key])
        console.print(f"{title}: {text}", markup=False)


def _show_metadata(about: Plain | None, console: "Console") -> None:
    """What the file says of itself, where it says something."""
    if about is None:
        return
    facts = [about[key] for key in ("name", "version", "author", "license", "description")]
    console.print(f"Says of itself: {', '.join(filter(None, facts)) or 'no name'}", markup=False)
    for each in about["inputs"]:
        scaled = f", (x - {_numbers(each['mean'])}) / {_numbers(each['deviation'])}"
        text = f"{each['content']} {each['colors']}".strip() + (scaled if each["mean"] else "")
        console.print(f"  takes {each['name'] or 'an input'}: {text}", markup=False)
    for each in about["outputs"]:
        count, labels = len(each["labels"]), ", ".join(each["labels"][:_SHOWN_LABELS])
        more = ", …" if count > _SHOWN_LABELS else ""
        text = f"{count} labels ({labels}{more})" if count else "no labels"
        console.print(f"  gives {each['name'] or 'an output'}: {text}", markup=False)


def _numbers(values: Any) -> str:
    return " ".join(f"{value:g}" for value in values)


def _converts(layer: Plain) -> bool:
    """Whether an operator only turns one type into another, as thousands do in QDQ files."""
    return str(layer["operator"]).upper().startswith(("QUANTIZE", "DEQUANTIZE"))


def _show_doubts(value: Plain, console: "Console") -> None:
    if value["flex"]:
        text = ", ".join(value["flex"])
        console.print(f"Needs the Flex delegate, which phones lack: {text}", style="red")
    floats = [layer["name"] for layer in value.get("float_layers") or ()]
    if floats and _promises_integers(value["precision"]):
        console.print(f"Computes in float: {', '.join(floats)}", style="yellow")
    for found in value.get("findings") or ():
        console.print(f"It is {lacking(found)}", style="red")


def _promises_integers(label: str) -> bool:
    """Whether some of a file's layers compute in integers, by its label: "uint8", "int16x8+…"."""
    return any(kind.startswith(("int", "uint")) for kind in label.split("+"))


def lacking(found: Plain) -> str:
    """Which requirement a file misses, and why."""
    return f"not {found['requirement']}: {found['reason']}"


def _show_roles(value: Plain, console: "Console") -> None:
    """Types and scales of tensors by what they are for."""
    from edgehone.report.tables import Column, from_columns, print_table

    roles = {role: types for role, types in value["roles"].items() if types}
    schemes = [value["quantization"].get(role) for role in roles]
    table = from_columns(
        [
            (Column("tensors", numeric=False), list(roles)),
            (
                Column("types", numeric=False),
                [
                    ", ".join(f"{k} {TIMES} {n}" for k, n in types.items())
                    for types in roles.values()
                ],
            ),
            (Column("quantized", numeric=False), [_scheme(scheme) for scheme in schemes]),
            (Column("scales"), [_span(scheme, "scale") for scheme in schemes]),
            (Column("zero points"), [_span(scheme, "zero_point") for scheme in schemes]),
        ]
    )
    print_table(console, table, "Tensors by role")


def _scheme(scheme: Plain | None) -> str:
    if scheme is None:
        return ""
    kinds = ("per channel", scheme["per_channel"]), ("per tensor", scheme["per_tensor"])
    text = ", ".join(f"{count} {kind}" for kind, count in kinds if count)
    return f"{text}, symmetric" if scheme["symmetric"] else text


def _span(scheme: Plain | None, key: str) -> str:
    if scheme is None:
        return ""
    low, high = scheme[key]
    return f"{low:.3g}" if low == high else f"{low:.3g} … {high:.3g}"


def _show_delegates(value: Plain, console: "Console") -> None:
    found = value["delegates"].get("xnnpack")
    if found is None:
        return
    if "reason" in found:
        console.print(f"XNNPACK: {found['reason']}", style="yellow")
        return
    macs = found["macs"]
    share = f", {macs['delegated'] / macs['total']:.0%} of the MACs" if macs["total"] else ""
    left = ", ".join(f"{name} {TIMES} {count}" for name, count in found["left"].items())
    console.print(
        f"XNNPACK: {found['delegated']} of {found['nodes']} operators{share}, in "
        f"{found['partitions']} pieces" + (f"; left: {left}" if left else "")
    )


def _types(types: Any) -> str:
    return " · ".join(str(kind) for kind in types)
