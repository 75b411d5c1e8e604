"""`edgehone release`: a bundle tagged as the baseline of the next gate, and the list of those."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import options, output, trust_options
from edgehone.errors import UsageError


def command(
    bundle: Annotated[
        Path | None, typer.Argument(metavar="[ZIP]", help="A file that edgehone bundle wrote.")
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What the release is called: v1.2, say.")
    ] = "",
    list_them: Annotated[
        bool, typer.Option("--list", help="List the releases, newest first.")
    ] = False,
    key: trust_options.PublicKey = None,
    chain: trust_options.Chain = None,
    identity: trust_options.Identity = "",
    issuer: trust_options.Issuer = "",
    trust_config: trust_options.TrustConfig = None,
    signature: trust_options.SignatureFile = None,
    folder: options.Folder = options.RUNS_FOLDER,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Tag a verified bundle as a release, the baseline of the next gate; or list the releases."""
    from edgehone.actions.releases import Request, rows, tag
    from edgehone.cli.show.bundle import show_release, show_releases
    from edgehone.release.signatures import Trust

    if list_them:
        if bundle is not None or name:
            raise UsageError("--list takes no bundle and no name.", "Give one or the other.")
        value = {"releases": rows(folder), "folder": str(folder)}
        output.emit(value, show_releases, as_json=as_json, wide=wide)
        return
    if bundle is None or not name:
        missing = "bundle" if bundle is None else "name"
        raise UsageError(
            f"The {missing} of the release is not given.",
            "edgehone release BUNDLE --name NAME, or edgehone release --list",
        )
    trust = Trust(key, tuple(chain or ()), identity, issuer, trust_config)
    found = tag(Request(bundle, name, folder, trust, signature))
    output.emit(found.document, show_release, as_json=as_json)
