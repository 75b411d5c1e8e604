"""`edgehone verify`: whether a bundle is as it was written, and whose it is."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import options, output, trust_options


def command(
    bundle: Annotated[
        Path, typer.Argument(metavar="ZIP", help="A file that edgehone bundle wrote.")
    ],
    key: trust_options.PublicKey = None,
    chain: trust_options.Chain = None,
    identity: trust_options.Identity = "",
    issuer: trust_options.Issuer = "",
    trust_config: trust_options.TrustConfig = None,
    signature: trust_options.SignatureFile = None,
    as_json: options.Json = False,
) -> None:
    """Verify every byte of a bundle and, with --key, --certificate-chain or --identity, whose
    signature it has; without a network. Ends with code 5 otherwise.
    """
    from edgehone.actions.verify import Request, verify
    from edgehone.cli.show.bundle import show_verified
    from edgehone.release.signatures import Trust

    trust = Trust(key, tuple(chain or ()), identity, issuer, trust_config)
    found = verify(Request(bundle, trust, signature))
    output.emit(found.document, show_verified, as_json=as_json)
