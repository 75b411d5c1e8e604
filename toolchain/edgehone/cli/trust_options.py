"""Options that say whose signature a bundle must have."""

from pathlib import Path
from typing import Annotated

import typer

PublicKey = Annotated[
    Path | None,
    typer.Option("--key", metavar="PEM", help="The signer's public key."),
]
Chain = Annotated[
    list[Path] | None,
    typer.Option(
        "--certificate-chain",
        metavar="PEM",
        help="Certificates that you trust, a root among them; may be repeated.",
    ),
]
Identity = Annotated[
    str,
    typer.Option("--identity", metavar="WHO", help="Who signed keyless, as Sigstore knows them."),
]
Issuer = Annotated[
    str, typer.Option("--issuer", metavar="URL", help="Who vouches for that identity.")
]
TrustConfig = Annotated[
    Path | None,
    typer.Option(
        "--trust-config", metavar="JSON", help="Servers of your own in place of Sigstore's."
    ),
]
SignatureFile = Annotated[
    Path | None,
    typer.Option("--signature", metavar="FILE", help="The signature, if not beside the bundle."),
]
