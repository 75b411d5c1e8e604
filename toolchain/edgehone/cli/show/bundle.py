"""Bundles, their verification, and releases, printed for people."""

from typing import TYPE_CHECKING, Any

from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

STATES = {
    "unsigned": "not signed",
    "unchecked": "signed, not checked: name the signer with --key or --certificate-chain",
    "trusted": "signed by",
}


def show_bundle(value: Plain, console: "Console") -> None:
    """The files of a bundle, where it is, and what to know of it."""
    _files(value["manifest"], console)
    console.print(f"{value['bundle']}: {_size(value['size_bytes'])}, SHA-256 {value['sha256']}")
    signature = value["signature"]
    console.print(f"signature: {signature}" if signature else "not signed", soft_wrap=True)
    for text in value["warnings"]:
        console.print(f"warning: {text}", style="yellow")


def show_verified(value: Plain, console: "Console") -> None:
    """What a bundle is, once every byte of it was verified."""
    manifest, signature = value["manifest"], value["signature"]
    _files(manifest, console)
    run = f", run {manifest['run']} ({manifest['decision']})" if manifest["run"] else ""
    console.print(f"{manifest['title']}{run}")
    console.print(f"every byte verified: SHA-256 {value['sha256']}", style="green")
    state = signature["state"]
    by = f" {signature['by']}" if state == "trusted" else ""
    console.print(f"{STATES[state]}{by}", style="green" if state == "trusted" else "yellow")


def show_release(value: Plain, console: "Console") -> None:
    """A release that was tagged."""
    release = value["release"]
    console.print(
        f"{release['name']}: {release['title']}, bundle {release['bundle_sha256'][:12]}, "
        f"in {value['folder']}"
    )


def show_releases(value: Plain, console: "Console") -> None:
    """All releases as a table."""
    from edgehone.report.tables import Column, from_columns, print_table

    found: list[dict[str, Any]] = value["releases"]
    if not found:
        console.print(
            f"There are no releases in {value['folder']} yet. Tag one: edgehone release BUNDLE "
            "--name NAME"
        )
        return
    columns = {
        "release": [each["name"] for each in found],
        "tagged (UTC)": [each["created"][:16].replace("T", " ") for each in found],
        "what": [str(each["title"] or "") for each in found],
        "decision": [str(each["decision"] or "") for each in found],
        "signed by": [str(each["signed_by"] or "") for each in found],
        "run": [str(each["run"] or "") for each in found],
        "bundle": [each["bundle_sha256"][:12] for each in found],
    }
    table = from_columns(
        [
            (Column(title, numeric=False, rank=rank), [*cells])
            for rank, (title, cells) in enumerate(columns.items())
        ]
    )
    print_table(console, table)


def _files(manifest: Plain, console: "Console") -> None:
    from edgehone.report.tables import Column, from_columns, print_table

    files = manifest["files"]
    table = from_columns(
        [
            (Column("file", numeric=False), [each["path"] for each in files]),
            (Column("for", numeric=False, rank=2), [each["role"] for each in files]),
            (Column("size", rank=1), [_size(each["size_bytes"]) for each in files]),
            (Column("SHA-256", numeric=False, rank=1), [each["sha256"][:12] for each in files]),
        ]
    )
    print_table(console, table)


def _size(count: int) -> str:
    from edgehone.units import in_unit

    return in_unit(count, "bytes")
