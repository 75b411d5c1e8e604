"""`edgehone verify`: whether a bundle is as it was written, and whose it is."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import options, output
from edgehone.cli.options.signatures import Trusted


def command(
    bundle: Annotated[
        Path, typer.Argument(metavar="ZIP", help="A file that edgehone bundle wrote.")
    ],
    *,
    trusted: Trusted,
    as_json: options.Json = False,
) -> None:
    """Verify every byte of a bundle and, with --key, --certificate-chain or --identity, whose
    signature it has; without a network. Ends with code 5 otherwise.
    """
    from edgehone.actions.release.verify import Request, verify
    from edgehone.cli.show.bundle import show_verified

    found = verify(Request(bundle, trusted.trust, trusted.signature))
    output.emit(found.document, show_verified, as_json=as_json)
