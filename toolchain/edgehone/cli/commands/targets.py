"""`edgehone targets`: the kinds of device there are profiles of."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from edgehone.cli import options, output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def command(wide: options.Wide = False, as_json: options.Json = False) -> None:
    """List the kinds of device. Says where to put profiles of your own."""
    from edgehone import targets

    found = [asdict(target) for target in targets.profiles().values()]
    value = {"targets": found, "folder": str(targets.user_folder())}
    output.emit(value, _show, as_json=as_json, wide=wide)


def _show(value: Plain, console: "Console") -> None:
    from edgehone.report.tables import Column, from_columns, print_table

    found = value["targets"]
    table = from_columns(
        [
            (Column("target", numeric=False), [t["name"] for t in found]),
            (Column("description", numeric=False), [t["description"] for t in found]),
            (Column("architecture", numeric=False), [t["architecture"] for t in found]),
            (Column("runtime", numeric=False, rank=1), [_runtime(t) for t in found]),
            (Column("threads", rank=3), [str(t["threads"]) for t in found]),
            (
                Column("precisions", numeric=False, rank=2),
                [", ".join(t["precisions"]) for t in found],
            ),
        ]
    )
    print_table(console, table)
    console.print(f"Profiles of your own go into {value['folder']}.", style="dim", soft_wrap=True)


def _runtime(target: Plain) -> str:
    return f"{target['runtime']} {target['delegate']}"
