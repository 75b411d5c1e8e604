"""The runner without Python: compiled here, with the runtimes' libraries beside it there."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from edgehone import targets
from edgehone.devices._base import Transport
from edgehone.errors import ConfigError, DeviceError
from edgehone.runners import _building
from edgehone.runners._base import Runner, Supplies
from edgehone.runners._probe import ABIS, Facts, probe
from edgehone.runners._sending import LIBRARY_S, TRANSFER_S
from edgehone.runners._starting import explained
from edgehone.runners._trial import try_out
from edgehone.runners._wheels import library_from_wheel
from edgehone.runners.setup.installation import Installation, record
from edgehone.targets import Target
from edgehone.values import Event

PROGRAM = PurePosixPath("bin/runner")

LIBRARIES = {
    "litert": ("ai-edge-litert", "libLiteRt.so"),
    "onnxruntime": ("onnxruntime", "libonnxruntime.so"),
}
"""By runtime: the package whose wheel has its library, and what the library's name begins with."""


class Native(Runner):
    """A program of some 80 KB that opens the runtimes' libraries itself."""

    def install(self, transport: Transport, target: Target, supplies: Supplies) -> Installation:
        """Build the runner for the device, and bring it and the libraries there.

        Libraries that the user does not give come out of wheels, where the device has glibc.
        """
        supplies.progress(Event("look", "what the device is"))
        facts = _facts(transport)
        _require_architecture(facts, target)
        with TemporaryDirectory(prefix="edgehone-") as scratch:
            program = supplies.program or _built(facts, Path(scratch) / PROGRAM.name, supplies)
            libraries = dict(_libraries(facts, target, supplies))
            supplies.progress(Event("send", "the runner and its libraries"))
            transport.put(program, PROGRAM, timeout_s=TRANSFER_S)
            brought = {
                runtime: _bring(transport, runtime, file) for runtime, file in libraries.items()
            }
        installation = Installation(
            program="native",
            command=(str(PROGRAM),),
            libraries=brought,
            packages={LIBRARIES[name][0]: _version(file) for name, file in libraries.items()},
            source="" if supplies.program else _building.source_digest(),
        )
        supplies.progress(Event("try", "the runner"))
        try:
            try_out(self, transport, installation, target)
        except DeviceError as error:
            raise explained(error, "The runner", _architecture(facts)) from error
        record(transport, installation)
        return installation

    def words(self, transport: Transport, installation: Installation) -> Sequence[str]:
        """The runner. Raises DeviceError when another version built it."""
        if installation.source not in ("", _building.source_digest()):
            raise DeviceError(
                "The runner on the device was built by another version of edgehone.",
                "Set the device up again: edgehone devices setup NAME",
            )
        return installation.command


def _facts(transport: Transport) -> Facts:
    """What the device is; of a machine that is made up on this one nobody needs to ask."""
    emulated_machine = transport.emulated_machine
    if emulated_machine is not None:
        return Facts("Linux", emulated_machine.machine, glibc=emulated_machine.glibc)
    return probe(transport)


def _architecture(facts: Facts) -> str:
    return ABIS.get(facts.abi, facts.architecture)


def _require_architecture(facts: Facts, target: Target) -> None:
    found = _architecture(facts)
    if target.architecture not in ("any", found):
        installation = [
            name
            for name, each in targets.profiles().items()
            if each.architecture == found and not each.emulated
        ]
        raise DeviceError(
            f"The device's programs are for {found}, those of target {target.name} for "
            f"{target.architecture}.",
            f"Take a target of that architecture ({', '.join(installation) or 'none is known'}).",
        )


def _built(facts: Facts, destination: Path, supplies: Supplies) -> Path:
    known = _building.ANDROID if facts.android else _building.LINUX
    triple = known.get(facts.abi or facts.architecture)
    if triple is None:
        raise DeviceError(
            f"No runner is built for {facts.abi or facts.architecture} under {facts.system}.",
            "Compile targets/runner/runner.c for it and give it with --program.",
        )
    supplies.progress(Event("build", f"the runner for {triple}"))
    return _building.build(triple, destination)


def _libraries(facts: Facts, target: Target, supplies: Supplies) -> Iterator[tuple[str, Path]]:
    """The user's libraries, and those of the target's packages that there are for the device.

    Raises what `library_from_wheel` does when the target's own runtime is not among them.
    """
    yield from supplies.libraries.items()
    for package in target.packages:
        name = canonicalize_name(Requirement(package).name)
        for runtime, (wheel, library) in LIBRARIES.items():
            if name != wheel or runtime in supplies.libraries:
                continue
            supplies.progress(Event("fetch", library))
            try:
                yield runtime, library_from_wheel(package, f"{library}*", facts)
            except (ConfigError, DeviceError) as error:
                if runtime == target.runtime:
                    raise
                supplies.progress(Event("note", f"Without {runtime}: {error.message}"))


def _bring(transport: Transport, runtime: str, file: Path) -> str:
    name = PurePosixPath("lib") / runtime / file.name
    transport.put(file, name, timeout_s=LIBRARY_S)
    return str(name)


def _version(file: Path) -> str:
    """The version at the end of a library's name; "" where it has none."""
    return file.name.partition(".so.")[2]
