"""Options on signatures: who signs a bundle, and whose signature it must have."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from edgehone.release.signatures import Trust
    from edgehone.release.signing import Signer


def key_file(words: str) -> Any:
    """The option that names a key, with words on whose."""
    return typer.Option("--key", metavar="PEM", help=words)


def certificates(words: str) -> Any:
    """The option that names certificates, with words on which."""
    return typer.Option("--certificate-chain", metavar="PEM", help=f"{words}; may be repeated.")


Files = list[Path] | None

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
class Signing:
    """Who signs."""

    key: Annotated[Path | None, key_file("Sign with this private key.")] = None
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="PEM", help="The key's certificate.")
    ] = None
    chain: Annotated[Files, certificates("Certificates between that one and a root")] = None
    sigstore: Annotated[
        bool, typer.Option("--sigstore", help="Sign keyless, by an identity; needs the network.")
    ] = False
    trust_config: TrustConfig = None

    @property
    def signer(self) -> "Signer":
        """Who signs, as the action takes it."""
        from edgehone.release.signing import Signer

        chain = tuple(self.chain or ())
        return Signer(self.key, self.certificate, chain, self.sigstore, self.trust_config)


@dataclass(frozen=True)
class Trusted:
    """Whom the user trusts, and where their signature lies."""

    key: Annotated[Path | None, key_file("The signer's public key.")] = None
    chain: Annotated[Files, certificates("Certificates that you trust, a root among them")] = None
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
