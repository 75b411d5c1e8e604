"""Container images built without an engine or a registry, on a base that is made here."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.machines import debian

BUILD_S = 1500
CALL_S = 300
CHECKOUT = Path(__file__).resolve().parents[2]
AUTHORITIES = ("PIP_CERT", "SSL_CERT_FILE")
"""Where a machine names the authorities it trusts in its own network."""


@dataclass(frozen=True)
class Store:
    """A folder of images, apart from those of this machine's users."""

    folder: Path

    def call(self, *words: str, timeout_s: float = CALL_S) -> str:
        """What buildah prints. Raises RuntimeError with the last it said when it fails."""
        argv = ["buildah", "--root", str(self.folder / "images"), "--storage-driver", "overlay"]
        argv += ["--runroot", str(self.folder / "run"), *words]
        done = subprocess.run(argv, timeout=timeout_s, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"buildah {words[0]}: {(done.stdout + done.stderr)[-3000:]}")
        return done.stdout.strip()

    def add_base(self, name: str, architecture: str) -> None:
        """Make Debian, with its packages set up, the image that Dockerfiles begin from."""
        tree = self.folder / f"{architecture}.tar"
        argv = ["mmdebstrap", "--mode=root", f"--architectures={architecture}"]
        argv += ["--variant=minbase", "--aptopt=APT::Install-Recommends false"]
        argv += [
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-exclude=/usr/share/man/*",
        ]
        argv += [debian.release(), str(tree), *debian.sources()]
        subprocess.run(argv, timeout=BUILD_S, check=True, capture_output=True)
        container = self.call("from", "--arch", architecture, "scratch")
        self.call("add", "--quiet", container, str(tree), "/")
        self.call("config", "--arch", architecture, container)
        self.call("commit", "--quiet", "--rm", container, name)
        tree.unlink()

    def build(self, dockerfile: str, tag: str, *options: str) -> None:
        """Build one of docker/ in the checkout; what this machine's network needs is lent to it."""
        lent = self.folder / "pip.conf"
        authorities = next((os.environ[name] for name in AUTHORITIES if name in os.environ), "")
        lent.write_text("[global]\n" + ("cert = /run/authorities.pem\n" if authorities else ""))
        volumes = [f"--volume={lent}:/etc/pip.conf:ro"]
        volumes += [f"--volume={authorities}:/run/authorities.pem:ro"] if authorities else []
        words = ["bud", "--isolation", "chroot", "--pull=never", "--layers=false", *volumes]
        words += [*options, "--file", f"docker/{dockerfile}", "--tag", tag, str(CHECKOUT)]
        self.call(*words, timeout_s=BUILD_S)

    def run(self, image: str, *words: str) -> str:
        """What a command prints in a container of the image, run by the image's own user."""
        container = self.call("from", "--pull=never", image)
        try:
            return self.call("run", "--isolation", "chroot", container, "--", *words)
        finally:
            self.call("rm", container)

    def root_of(self, image: str) -> Path:
        """The image's files, mounted."""
        return Path(self.call("mount", self.call("from", "--pull=never", image)))
