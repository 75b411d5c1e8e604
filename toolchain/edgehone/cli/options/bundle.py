"""Options of `edgehone bundle`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli.options.trust import TrustConfig

if TYPE_CHECKING:
    from edgehone.release.signing import Signer

Sources = Annotated[
    list[str], typer.Argument(metavar="RUN|FILE...", help="A run, or .tflite and .onnx files.")
]
Destination = Annotated[
    Path, typer.Option("-o", "--output", metavar="ZIP", help="The bundle to write.")
]
Licence = Annotated[
    str,
    typer.Option(
        "--license",
        metavar="SPDX",
        show_default=False,
        help="The model's licence: Apache-2.0, say.",
    ),
]
Measured = Annotated[
    list[Path] | None,
    typer.Option(
        "--measured",
        metavar="JSON",
        help="What bench, compare or gate printed about the files with --json; may be repeated.",
    ),
]
Contract = Annotated[
    Path | None,
    typer.Option(
        "--contract",
        metavar="JSON",
        help="The model.json of an app kit, instead of the one that is made here.",
    ),
]


@dataclass(frozen=True)
class Signing:
    """Who signs."""

    key: Annotated[
        Path | None, typer.Option("--key", metavar="PEM", help="Sign with this private key.")
    ] = None
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="PEM", help="The key's certificate.")
    ] = None
    chain: Annotated[
        list[Path] | None,
        typer.Option(
            "--certificate-chain",
            metavar="PEM",
            help="Certificates between that one and a root; may be repeated.",
        ),
    ] = None
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
