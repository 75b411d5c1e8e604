"""`edgehone bundle`: a run's winner, or finished files, with the evidence for them in one file."""

from edgehone.cli import options, output
from edgehone.cli.options import bundle as own
from edgehone.cli.options.signatures import Signing


def command(
    sources: own.Sources,
    *,
    destination: own.Destination,
    licence: own.Licence = "",
    measured: own.Measured = None,
    contract: own.Contract = None,
    signing: Signing,
    folder: options.Folder = options.RUNS_FOLDER,
    as_json: options.Json = False,
) -> None:
    """Bundle a run's winner, or files, with all evidence for them. The same again is the same
    bytes.
    """
    from edgehone.actions.release.bundle import Request, bundle
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.bundle import show_bundle

    request = Request(
        tuple(sources),
        destination,
        folder,
        licence,
        tuple(measured or ()),
        contract,
        signing.signer,
    )
    with Bars() as bars:
        found = bundle(request, bars)
    output.emit(found.document, show_bundle, as_json=as_json)
