"""Options that say whose signature a bundle must have."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgehone.release.signatures import Trust

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


@dataclass(frozen=True)
class Trusted:
    """Whom the user trusts, and where their signature lies."""

    key: Annotated[
        Path | None, typer.Option("--key", metavar="PEM", help="The signer's public key.")
    ] = None
    chain: Annotated[
        list[Path] | None,
        typer.Option(
            "--certificate-chain",
            metavar="PEM",
            help="Certificates that you trust, a root among them; may be repeated.",
        ),
    ] = None
    identity: Annotated[
        str,
        typer.Option(
            "--identity",
            metavar="WHO",
            show_default=False,
            help="Who signed keyless, as Sigstore knows them.",
        ),
    ] = ""
    issuer: Annotated[
        str,
        typer.Option(
            "--issuer",
            metavar="URL",
            show_default=False,
            help="The issuer that confirms that identity.",
        ),
    ] = ""
    trust_config: TrustConfig = None
    signature: SignatureFile = None

    @property
    def trust(self) -> "Trust":
        """What is asked of a signature."""
        from edgehone.release.signatures import Trust

        chain = tuple(self.chain or ())
        return Trust(self.key, chain, self.identity, self.issuer, self.trust_config)
