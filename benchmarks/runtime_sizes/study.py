"""What a runtime adds to a download, counted from the packages that its makers publish.

Writes results.md and results.json beside itself. `edgehone app` has these numbers in
`toolchain/edgehone/export/apps/_download.py`; `--check` fails where they differ.
"""

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edgehone.export.apps._download import COUNTED_ON, TABLE

HERE = Path(__file__).parent
LITERT, ONNXRUNTIME = "2.3.0", "1.32.0"
LITERT_JS, ORT_WEB = "2.5.3", "1.30.0"


@dataclass(frozen=True)
class Package:
    """Files of a published package that an app ships. wheel: of PyPI, for a tag; else of npm."""

    platform: str
    format: str
    abi: str
    name: str
    version: str
    members: tuple[str, ...]
    wheel: str = ""


PACKAGES = (
    *(
        Package(
            "linux", "tflite", abi, "ai-edge-litert", LITERT, ("ai_edge_litert/libLiteRt.so",), tag
        )
        for abi, tag in (
            ("x86_64", "manylinux_2_27_x86_64"),
            ("arm64-v8a", "manylinux_2_27_aarch64"),
        )
    ),
    *(
        Package(
            "linux",
            "onnx",
            abi,
            "onnxruntime",
            ONNXRUNTIME,
            (f"onnxruntime/capi/libonnxruntime.so.{ONNXRUNTIME}",),
            tag,
        )
        for abi, tag in (
            ("x86_64", "manylinux_2_28_x86_64"),
            ("arm64-v8a", "manylinux_2_28_aarch64"),
        )
    ),
    Package(
        "web",
        "tflite",
        "wasm",
        "@litertjs/core",
        LITERT_JS,
        (
            "package/dist/index.js",
            "package/wasm/litert_wasm_internal.js",
            "package/wasm/litert_wasm_internal.wasm",
        ),
    ),
    Package(
        "web",
        "onnx",
        "wasm",
        "onnxruntime-web",
        ORT_WEB,
        (
            "package/dist/ort.wasm.bundle.min.mjs",
            "package/dist/ort-wasm-simd-threaded.wasm",
        ),
    ),
)


def fetched(package: Package, folder: Path) -> Path:
    """The package's file, by the registry's own client."""
    if package.wheel:
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        argv += ["--only-binary", ":all:", "--python-version", "311"]
        argv += ["--platform", package.wheel, f"{package.name}=={package.version}"]
    else:
        argv = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    place = folder / f"{package.platform}-{package.format}-{package.abi}"
    place.mkdir()
    subprocess.run(argv, cwd=place, check=True)
    (file,) = place.iterdir()
    return file


def contents(file: Path, members: Sequence[str]) -> list[bytes]:
    """The members of a wheel or of an npm package."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            return [wheel.read(name) for name in members]
    with tarfile.open(file) as package:
        found = [package.extractfile(name) for name in members]
        return [each.read() for each in found if each is not None]


def counted(package: Package, folder: Path) -> dict[str, str | int]:
    """Bytes as they lie, and each file after DEFLATE at level 9."""
    parts = contents(fetched(package, folder), package.members)
    return {
        "platform": package.platform,
        "format": package.format,
        "abi": package.abi,
        "package": f"{package.name} {package.version}",
        "files": ", ".join(name.rpartition("/")[2] for name in package.members),
        "bytes": sum(map(len, parts)),
        "compressed_bytes": sum(len(zlib.compress(part, 9)) for part in parts),
    }


def differing(rows: Sequence[dict[str, str | int]]) -> list[str]:
    """Where the table of `edgehone app` has other numbers."""
    kept = {
        (platform, form, each.abi): (each.bytes, each.compressed_bytes)
        for (platform, form), entries in TABLE.items()
        for each in entries
    }
    found = {
        (str(row["platform"]), str(row["format"]), str(row["abi"])): (
            row["bytes"],
            row["compressed_bytes"],
        )
        for row in rows
    }
    return [
        f"{key}: counted {found.get(key)}, kept {kept.get(key)}"
        for key in {*kept, *found}
        if kept.get(key) != found.get(key)
    ]


def page(rows: Sequence[dict[str, str | int]], day: str) -> str:
    """The rows as a table in Markdown."""
    lines = [
        "# What runtimes add to a download",
        "",
        f"Counted on {day}.",
        "",
        "| platform | format | ABI | package | files | bytes | after DEFLATE |",
        "|---|---|---|---|---|---:|---:|",
    ]
    for row in rows:
        cells = [row[key] for key in ("platform", "format", "abi", "package", "files")]
        numbers = [f"{row[key]:,}" for key in ("bytes", "compressed_bytes")]
        lines.append(f"| {' | '.join(map(str, (*cells, *numbers)))} |")
    return "\n".join([*lines, ""])


def main() -> int:
    """Count, write, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with edgehone's table alone")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as scratch:
        rows = [counted(package, Path(scratch)) for package in PACKAGES]
    if not check:
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        (HERE / "results.md").write_text(page(rows, day))
        (HERE / "results.json").write_text(json.dumps({"day": day, "rows": rows}, indent=2) + "\n")
    wrong = differing(rows)
    print("\n".join(wrong) or f"The table of {COUNTED_ON} has these numbers.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
