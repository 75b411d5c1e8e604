"""Container images built without an engine or a registry, on a base that is made here."""

import json
import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from tests.machines import cache, debian

BASE = "docker.io/library/debian:12.8-slim"
"""What the Dockerfiles build on."""
SOURCES = "debian.sources"
BUILD_S = 1500
CALL_S = 300
CHECKOUT = Path(__file__).resolve().parents[2]
AUTHORITIES = ("PIP_CERT", "SSL_CERT_FILE")
"""Where a machine names the authorities it trusts in its own network."""
DEVICES = {"null": (1, 3), "zero": (1, 5), "urandom": (1, 9)}
"""What an engine puts into every container's /dev that programs cannot do without."""


@dataclass(frozen=True)
class Image:
    """How a container of an image starts. environment: NAME=VALUE, one each."""

    architecture: str
    user: str
    entrypoint: tuple[str, ...]
    environment: tuple[str, ...]


class Store:
    """Images apart from those of this machine's users; all are gone when the `with` block ends."""

    def __init__(self) -> None:
        self._scratch = TemporaryDirectory(prefix="images-")
        self.folder = Path(self._scratch.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if (self.folder / "images").exists():
            self.call("rm", "--all")
            self.call("rmi", "--all", "--force")
            mounted = self.folder / "images/overlay"
            if mounted.is_mount():
                subprocess.run(["/usr/bin/umount", str(mounted)], check=True, timeout=60)
        self._scratch.cleanup()

    def call(self, *words: str) -> str:
        """What buildah prints. Raises RuntimeError with the last it said when it fails."""
        return self._run([*self._buildah, *words], CALL_S)

    def add_base(self) -> None:
        """Make this machine's Debian, with its packages set up, what the Dockerfiles build on."""
        made_of = (Path(__file__), Path(debian.__file__))
        built = cache.built("container-base", made_of, _build_base)
        container = self.call("from", "scratch")
        self.call("add", "--quiet", container, str(built / "base.tar"), "/")
        self.call("commit", "--quiet", "--rm", container, BASE)

    def make(self, target: str) -> None:
        """Have `make` build an image; what this machine's network needs is lent to the builder."""
        lent = self.folder / "pip.conf"
        authorities = next((os.environ[name] for name in AUTHORITIES if name in os.environ), "")
        lent.write_text("[global]\n" + ("cert = /run/authorities.pem\n" if authorities else ""))
        builder = [*self._buildah, "bud", "--isolation", "chroot", "--pull=never", "--layers=false"]
        builder += [f"--volume={lent}:/etc/pip.conf:ro"]
        builder += [f"--volume={authorities}:/run/authorities.pem:ro"] if authorities else []
        self._run(["make", target, f"BUILD={' '.join(builder)}"], BUILD_S)

    def image(self, name: str) -> Image:
        """What an image says of itself."""
        found: dict[str, Any] = json.loads(self.call("inspect", "--type", "image", name))["OCIv1"]
        config = found["config"]
        started = (tuple(config.get(key, ())) for key in ("Entrypoint", "Env"))
        return Image(found["architecture"], config["User"], *started)

    def run(self, name: str, *words: str) -> str:
        """What a command prints in a container of the image, run by the image's own user."""
        container = self.call("from", "--pull=never", name)
        try:
            return self.call("run", "--isolation", "chroot", container, "--", *words)
        finally:
            self.call("rm", container)

    def root_of(self, name: str) -> Path:
        """The files of a new container, with the devices that an engine would give it."""
        architecture = self.image(name).architecture
        container = self.call("from", "--pull=never", "--arch", architecture, name)
        root = Path(self.call("mount", container))
        for device, number in DEVICES.items():
            os.mknod(root / "dev" / device, stat.S_IFCHR, os.makedev(*number))
            (root / "dev" / device).chmod(0o666)
        return root

    @property
    def _buildah(self) -> list[str]:
        places = ["--root", str(self.folder / "images"), "--runroot", str(self.folder / "run")]
        return ["buildah", *places, "--storage-driver", "overlay"]

    def _run(self, argv: list[str], timeout_s: float) -> str:
        done = subprocess.run(
            argv,
            timeout=timeout_s,
            capture_output=True,
            text=True,
            check=False,
            cwd=CHECKOUT,
            env={**os.environ, "TMPDIR": str(self.folder)},
        )
        if done.returncode:
            raise RuntimeError(f"{argv[0]} ends with {(done.stdout + done.stderr)[-3000:]}")
        return done.stdout.strip()


def _build_base(folder: Path) -> None:
    """An archive of what Docker's image `slim` has: the required packages, no documentation."""
    entries = [line.split() for line in debian.sources()]
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    parts = (
        f"Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: main\nSigned-By: {keyring}\n"
        for _, uri, suite, _ in entries
    )
    (folder / SOURCES).write_text("\n".join(parts))
    argv = ["mmdebstrap", "--mode=root", "--variant=minbase"]
    argv += [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "locale", "man")]
    argv += [debian.release(), str(folder / "base.tar"), str(folder / SOURCES)]
    subprocess.run(argv, timeout=BUILD_S, check=True, capture_output=True)
