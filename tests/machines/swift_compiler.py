"""Swift's own compiler with its Foundation and XCTest, as the Debian release after this one has it.

At first it takes two minutes and 470 MB of downloads; 1.9 GB are kept.
"""

import shutil
import subprocess
from pathlib import Path

from tests.machines import cache, debian

RELEASE = "trixie"
PACKAGES = ("base-files", "swiftlang", "libc6-dev", "libstdc++-14-dev", "coreutils", "dash")
NEEDED = ("mmdebstrap", "unshare")
RUN_S = 600
_UNUSED = ("bin/clangd", "bin/docc", "bin/lld", "bin/lldb*", "bin/sourcekit*", "lib/swift_static")
_INSIDE = """\
set -e
mount -t proc proc "$1/proc"
mount --bind "$2" "$1/mnt"
exec chroot "$1" /bin/sh -c "cd /mnt && $3"
"""


def run(folder: Path, commands: str) -> "subprocess.CompletedProcess[str]":
    """What shell commands say that are run in `folder` with swiftc at hand."""
    root = cache.built("swift", (Path(__file__), Path(debian.__file__)), _build) / "root"
    argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation=private", "--"]
    argv += ["/bin/sh", "-c", _INSIDE, "sh", str(root), str(folder), commands]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    try:
        return subprocess.run(
            argv, env=environment, capture_output=True, text=True, timeout=RUN_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"The commands took longer than {RUN_S} s: {commands}") from error


def _build(scratch: Path) -> None:
    root = scratch / "root"
    debian.unpack(debian.architecture(), PACKAGES, root, RELEASE)
    debian.settle(root)
    (root / "mnt").mkdir(exist_ok=True)
    for pattern in _UNUSED:
        for path in (root / "usr/libexec/swift").glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
