import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests import needs

from edgehone.errors import ConfigError
from edgehone.runners._building import ANDROID, GLIBC, LINUX, TRIPLES, build

CLANG = """#!{python}
import json, pathlib, sys
log = pathlib.Path({log!r})
log.write_text((log.read_text() if log.exists() else "") + json.dumps(sys.argv[1:]) + "\\n")
if "--version" in sys.argv:
    print("clang 0")
elif {fails}:
    sys.exit("runner.c:1:1: error: no such thing\\n1 error generated.")
else:
    pathlib.Path(sys.argv[sys.argv.index("-o") + 1]).write_text("built")
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ANDROID_NDK_HOME", raising=False)


def ndk(folder: Path, *, fails: bool = False) -> Path:
    """A folder like Android's NDK whose compiler writes down what it is asked."""
    clang = folder / "ndk/toolchains/llvm/prebuilt/linux-x86_64/bin/clang"
    clang.parent.mkdir(parents=True)
    log = str(folder / "log")
    clang.write_text(CLANG.format(python=sys.executable, log=log, fails=fails))
    clang.chmod(0o755)
    return folder / "ndk"


def asked(folder: Path) -> list[list[str]]:
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


def test_build_for_android_takes_the_users_ndk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANDROID_NDK_HOME", str(ndk(tmp_path)))
    built = build(ANDROID["arm64-v8a"], tmp_path / "bin" / "runner")
    assert built.read_text() == "built"
    assert os.access(built, os.X_OK)
    words = asked(tmp_path)[-1]
    assert "--target=aarch64-linux-android28" in words
    assert {"-std=c11", "-Wall", "-Wextra", "-Werror"} <= set(words)


def test_build_takes_the_same_again_from_the_cache(tmp_path: Path) -> None:
    place = ndk(tmp_path)
    for name in ("one", "two"):
        build(ANDROID["armeabi-v7a"], tmp_path / name, ndk=place)
    assert (tmp_path / "two").read_text() == "built"
    assert sum("-o" in words for words in asked(tmp_path)) == 1
    build(ANDROID["arm64-v8a"], tmp_path / "three", ndk=place)
    assert sum("-o" in words for words in asked(tmp_path)) == 2


def test_build_tells_the_compilers_first_error_and_keeps_nothing(tmp_path: Path) -> None:
    place = ndk(tmp_path, fails=True)
    with pytest.raises(ConfigError, match="no such thing"):
        build(ANDROID["arm64-v8a"], tmp_path / "runner", ndk=place)
    assert not (tmp_path / "runner").exists()
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_build_for_android_without_an_ndk_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no NDK is known") as caught:
        build(ANDROID["arm64-v8a"], tmp_path / "runner")
    assert "ANDROID_NDK_HOME" in caught.value.hint
    with pytest.raises(ConfigError, match="is not an NDK"):
        build(ANDROID["arm64-v8a"], tmp_path / "runner", ndk=tmp_path)


def test_build_for_what_is_not_known_lists_what_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'vax'") as caught:
        build("vax", tmp_path / "runner")
    assert all(triple in caught.value.hint for triple in TRIPLES)


def test_build_without_a_compiler_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ziglang", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="no C compiler for arm-linux-gnueabihf") as caught:
        build(LINUX["armv7l"], tmp_path / "runner")
    assert '".[devices]"' in caught.value.hint


@pytest.mark.peer
def test_build_takes_gcc_where_there_is_no_zig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = os.uname().machine
    needs.program(f"{LINUX[machine]}-gcc")
    monkeypatch.setitem(sys.modules, "ziglang", None)
    built = build(LINUX[machine], tmp_path / "runner")
    done = subprocess.run([built, "none"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert json.loads(done.stdout)["cause"] == "protocol"


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.parametrize(("triple", "machine"), [("aarch64", 183), ("armv7l", 40), ("x86_64", 62)])
def test_zig_builds_for_boards_with_an_old_glibc(triple: str, machine: int, tmp_path: Path) -> None:
    if importlib.util.find_spec("ziglang") is None:
        needs.program("zig")
    content = build(LINUX[triple], tmp_path / "runner").read_bytes()
    assert content[:4] == b"\x7fELF"
    assert int.from_bytes(content[18:20], "little") == machine
    versions = {
        tuple(map(int, found.split(b"."))) for found in re.findall(rb"GLIBC_([\d.]+)", content)
    }
    assert versions
    assert max(versions) <= tuple(map(int, GLIBC.split(".")))
