"""Prints the kits that were written, or the measurements that apps took."""

from typing import TYPE_CHECKING, Any

from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def show(value: Plain, console: "Console") -> None:
    """Print a table of kits with what to know, or of measurements."""
    if value["kits"]:
        _show_kits(value["kits"], console)
    for each in value.get("measurements") or ():
        times = each["latency_ms"]
        count = sum(map(len, times["samples"]))
        console.print(
            f"{each['device']['name']}: p50 {times['p50']:.3f} ms, p90 {times['p90']:.3f} ms, "
            f"{count:,} sample{'s' * (count != 1)} of {each['artifact']['path']}; kept as measured "
            "in the app.",
            soft_wrap=True,
        )
    for line in value["warnings"]:
        console.print(f"warning: {line}", style="bold yellow", markup=False, soft_wrap=True)


def _show_kits(kits: list[dict[str, Any]], console: "Console") -> None:
    from edgehone.report.tables import Column, from_columns, print_table

    added = [row for kit in kits for row in kit["download"]]
    table = from_columns(
        [
            (Column("platform", numeric=False), [each["platform"] for each in kits]),
            (Column("folder", numeric=False), [each["folder"] for each in kits]),
            (
                Column("model", "bytes"),
                [f"{each['model']['model']['size_bytes']:,}" for each in kits],
            ),
            (Column("files", rank=1), [str(len(each["files"])) for each in kits]),
        ]
    )
    print_table(console, table)
    for each in [tier for kit in kits for tier in kit.get("tiers", ())]:
        console.print(_tier(each), soft_wrap=True, markup=False)
    for row in added:
        console.print(_download(row), style="dim", soft_wrap=True)


def _tier(row: Plain) -> str:
    """Which model the devices of a tier get, in a sentence."""
    artifact = row["artifact"]
    return (
        f"tier {row['name']}: {row['choice']}, {artifact['precision']}, "
        f"{artifact['size_bytes']:,} bytes."
    )


def _download(row: Plain) -> str:
    """What a kit adds to an app's download, in a sentence."""
    begin = f"{row['platform']}, {row['abi']}: model {row['model_bytes']:,} bytes compressed"
    if row["runtime_bytes"] is None:
        way = (
            "Xcode's App Thinning Size Report tells it"
            if row["platform"] == "ios"
            else "--library FILE counts it"
        )
        return f"{begin}; the size of the runtime is not known: {way}."
    return f"{begin}, runtime {row['runtime_bytes']:,} ({row['source']})."
