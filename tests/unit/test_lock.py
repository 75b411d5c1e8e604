"""The lock is installed as it stands: no installation resolves anything anew."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLERS = ("Makefile", "docker/toolchain.Dockerfile")


@pytest.mark.parametrize("name", INSTALLERS)
def test_installed_without_resolving_and_checked(name: str) -> None:
    text = (ROOT / name).read_text().replace("\\\n", " ")
    installs = [line for line in text.splitlines() if re.search(r"-r \S*requirements\.lock", line)]
    assert installs
    for line in installs:
        assert "--require-hashes" in line
        assert "--no-deps" in line
    assert "pip check" in text


def test_every_entry_is_pinned_and_hashed() -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text())
    packages = [entry for entry in entries if not entry.startswith("#")]
    assert len(packages) > 100
    for entry in packages:
        assert re.match(r"[\w.\-]+(\[[\w,\-]+\])?==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_no_file_installs_the_lock_unnoticed() -> None:
    tracked = [*ROOT.glob("*"), *ROOT.glob("docker/*"), *ROOT.glob(".github/**/*")]
    texts = {path for path in tracked if path.is_file() and path.suffix not in {".lock", ".db"}}
    found = {
        str(path.relative_to(ROOT))
        for path in texts
        if re.search(
            r"install.*-r \S*requirements\.lock",
            path.read_text(errors="replace").replace("\\\n", " "),
        )
    }
    assert found == set(INSTALLERS)
