"""Small wheels, and an index that has no others, so that pip can be tried without a network."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ANY = "py3-none-any"


def write_wheel(
    folder: Path,
    name: str,
    version: str,
    tag: str = ANY,
    *,
    files: Mapping[str, str] | None = None,
    requires: Sequence[str] = (),
) -> Path:
    """A wheel of a package: its files, `NAME/__init__.py` if none are given, and its metadata."""
    module = name.replace("-", "_")
    about = f"{module}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    content = {
        **(files or {f"{module}/__init__.py": f'__version__ = "{version}"\n'}),
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    record = "".join(f"{path},,\n" for path in [*content, f"{about}/RECORD"])
    file = folder / f"{module}-{version}-{tag}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as wheel:
        for path, text in {**content, f"{about}/RECORD": record}.items():
            wheel.writestr(path, text)
    return file


def only_index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip know no packages but the wheels in `folder`, and no settings of the machine."""
    folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
