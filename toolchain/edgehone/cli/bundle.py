"""`edgehone bundle`: a run's winner, or finished files, with the evidence for them in one file."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import options, output
from edgehone.cli.trust_options import TrustConfig


def command(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="RUN|FILE...", help="A run, or .tflite and .onnx files."),
    ],
    destination: Annotated[
        Path, typer.Option("-o", "--output", metavar="ZIP", help="The bundle to write.")
    ],
    licence: Annotated[
        str,
        typer.Option("--license", metavar="SPDX", help="The model's licence: Apache-2.0, say."),
    ] = "",
    measured: Annotated[
        list[Path] | None,
        typer.Option(
            "--measured",
            metavar="JSON",
            help="What bench, compare or gate printed about the files with --json; may be "
            "repeated.",
        ),
    ] = None,
    contract: Annotated[
        Path | None,
        typer.Option("--contract", metavar="JSON", help="The model.json of an app kit."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="PEM", help="Sign with this private key.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="PEM", help="The key's certificate.")
    ] = None,
    chain: Annotated[
        list[Path] | None,
        typer.Option(
            "--certificate-chain",
            metavar="PEM",
            help="Certificates between that one and a root; may be repeated.",
        ),
    ] = None,
    sigstore: Annotated[
        bool,
        typer.Option("--sigstore", help="Sign keyless, by an identity; needs the network."),
    ] = False,
    trust_config: TrustConfig = None,
    folder: options.Folder = options.RUNS_FOLDER,
    as_json: options.Json = False,
) -> None:
    """Bundle a run's winner, or files, with all evidence for them. The same again is the same
    bytes.
    """
    from edgehone.actions.bundle import Request, bundle
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.bundle import show_bundle
    from edgehone.release.signing import Signer

    signer = Signer(key, certificate, tuple(chain or ()), sigstore, trust_config)
    request = Request(
        tuple(sources), destination, folder, licence, tuple(measured or ()), contract, signer
    )
    with Bars() as bars:
        found = bundle(request, bars)
    output.emit(found.document, show_bundle, as_json=as_json)
