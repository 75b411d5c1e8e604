"""Debian for other processors, unpacked into a folder from the mirrors this machine itself uses."""

import shutil
import subprocess
from pathlib import Path

BUILD_S = 900
TRIES = 2
"""Mirrors are busy at times."""

MIRROR = "http://deb.debian.org/debian"
BASE = (
    "base-files",
    "bash",
    "busybox-static",
    "coreutils",
    "dash",
    "findutils",
    "grep",
    "gzip",
    "libc-bin",
    "procps",
    "sed",
    "tar",
    "util-linux",
)
"""What any small computer with Debian has."""

ACCOUNTS = """\
root:x:0:0:root:/root:/bin/bash
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
pi:x:1000:1000::/home/pi:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUPS = """\
root:x:0:
pi:x:1000:
nogroup:x:65534:
"""


def unpack(architecture: str, packages: tuple[str, ...], root: Path, suite: str = "") -> None:
    """Unpack Debian packages with all they depend on; their scripts do not run.

    architecture: as Debian names it; suite: this machine's release if "". Takes half a minute, most
    of it downloads. Raises RuntimeError that says why it cannot be.
    """
    argv = ["mmdebstrap", "--mode=root", f"--architectures={architecture}", "--variant=extract"]
    argv += [f"--include={','.join(packages)}", "--format=directory"]
    argv += [suite or release(), str(root), *sources(suite)]
    for _ in range(TRIES):
        said = _failure(argv)
        if not said:
            break
        shutil.rmtree(root, ignore_errors=True)
    else:
        raise RuntimeError(f"Debian for {architecture} cannot be unpacked: {said}")
    for part in ("doc", "man", "locale", "info"):
        shutil.rmtree(root / "usr/share" / part, ignore_errors=True)


def _failure(argv: list[str]) -> str:
    """Why a program failed, by the end of what it said; "" where it did not. Raises RuntimeError
    where it does not end.
    """
    try:
        done = subprocess.run(argv, timeout=BUILD_S, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"{argv[0]} took longer than {BUILD_S} s.") from error
    return (done.stderr[-2000:] or f"exit code {done.returncode}") if done.returncode else ""


def architecture() -> str:
    """This machine's, as Debian names it."""
    argv = ["dpkg", "--print-architecture"]
    done = subprocess.run(argv, check=True, timeout=60, capture_output=True, text=True)
    return done.stdout.strip()


def settle(root: Path) -> None:
    """What the packages' scripts would have done: accounts, and folders to mount things on."""
    for name in ("dev", "proc", "sys", "run", "tmp", "root", "home/pi"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text(ACCOUNTS)
    (root / "etc/group").write_text(GROUPS)
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    own(root / "home/pi", 1000)


def compile_python(root: Path) -> None:
    """Compile its Python files here, where it takes seconds: this machine's release is the same."""
    argv = ["/usr/bin/python3", "-m", "compileall", "-q", "-j", "0", "-s", str(root), "-p", "/"]
    subprocess.run([*argv, str(root / "usr/lib")], check=False, timeout=BUILD_S)


def own(folder: Path, user: int) -> None:
    """Give a folder, with all in it, to a user of that number."""
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user, user)


def release() -> str:
    """The codename of this machine's Debian."""
    return _facts()["VERSION_CODENAME"]


def _facts() -> dict[str, str]:
    """What this machine's system says of itself."""
    lines = Path("/etc/os-release").read_text().splitlines()
    facts = dict(line.split("=", 1) for line in lines if "=" in line)
    return {name: value.strip('"') for name, value in facts.items()}


def sources(suite: str = "") -> list[str]:
    """This machine's own sources of its release's main packages, or of another release's, as apt's
    one-line entries. Another release's are Debian's public mirror where this machine runs
    another system.
    """
    if suite and _facts().get("ID") != "debian":
        return [f"deb {MIRROR} {suite} main"]
    wanted = ("--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
    argv = ["apt-get", "indextargets", *wanted]
    text = subprocess.run(argv, check=True, timeout=60, capture_output=True, text=True)
    found = {tuple(line.split()) for line in text.stdout.splitlines()}
    own = sorted(uri for uri, *rest in found if rest == [release(), "main"])
    return [f"deb {uri} {suite or release()} main" for uri in own]
