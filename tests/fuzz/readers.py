"""What is fed with damaged copies: each reader by name, its seeds, and how a copy is read."""

import contextlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgehone import targets
from edgehone.cli.app import main
from edgehone.config.loading import load as load_config
from edgehone.config.loading import user_devices
from edgehone.config.user import user_file
from edgehone.errors import EdgehoneError
from edgehone.targets import load as load_target
from tests.fuzz import bundles, mutating, native
from tests.fuzz.mutating import Mutate

SEEDS = Path(__file__).parent / "seeds"
UNFORESEEN = "Something unforeseen"
RUN_S = 20.0
"""A program that a request keeps busy for longer is stopped; it was asked to."""

Read = Callable[[Path], str]
"""Reads a file in the working folder; "" or what went wrong, which is a finding."""


@dataclass(frozen=True)
class Reader:
    """seeds: names of good files; mutate: how copies are damaged; slow: it needs Keras, or a
    program of its own; long: only tried by `make fuzz`; times: how many inputs it reads while
    others read one.
    """

    name: str
    seeds: tuple[str, ...]
    mutate: Mutate
    read: Read
    slow: bool = False
    long: bool = False
    times: int = 1

    def input(self, number: int, folder: Path) -> Path:
        """Damaged copy `number` of a seed, in a folder where it may be read."""
        chance = random.Random(f"{self.name} {number}")  # repeatable, no secret
        seed = SEEDS / self.seeds[number % len(self.seeds)]
        content = self.mutate(seed.read_bytes(), chance)
        path = folder / seed.name
        path.write_bytes(content)
        return path


def by_command(*words: str) -> Read:
    """Read by a command of edgehone; "FILE" in it is the file, "FOLDER" its folder."""

    def read(path: Path) -> str:
        names = {"FILE": str(path), "FOLDER": str(path.parent)}
        given = [names.get(word, word) for word in words]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(given)
        return _judged(code, err.getvalue())

    return read


def _judged(code: int, said: str) -> str:
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    if code not in range(6):
        return f"exit code {code}"
    if UNFORESEEN in said or "Traceback" in said:
        return next((line for line in errors if UNFORESEEN in line), said[-500:])
    if code not in (0, 1, 3) and len(errors) != 1:
        return f"exit code {code} with {len(errors)} sentences"
    return ""


def by_call(read: Callable[[Path], object]) -> Read:
    """Read by a function of edgehone: its refusals are EdgehoneErrors."""

    def called(path: Path) -> str:
        try:
            read(path)
        except EdgehoneError as error:
            return "" if error.message and error.hint else "a refusal without a sentence"
        return ""

    return called


def _described(path: Path) -> None:
    """All that is done with a model of Keras 2 before tf_keras opens it."""
    from edgehone.graph import consent, saved
    from edgehone.graph.legacy import folder, origin
    from edgehone.graph.old_files import readable
    from edgehone.graph.weights_files import require_own_weights

    if path.suffix == ".pb":
        path = path.parent
    is_folder = path.is_dir()
    config = folder.read_config(path) if is_folder else saved.read_config(path)
    saved.require_graph(config, path)
    consent.require_consent(config, path, trust=False)
    if not is_folder:
        require_own_weights(path)
    origin.needs_comparison(path, config)
    origin.is_wrapped(config)
    origin.refuse(path, config)
    with readable(path, config):
        pass


def _user_devices(path: Path) -> None:
    user_file().parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, user_file())
    user_devices()


def _images(path: Path) -> str:
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            (path.parent / "images" / split / name).mkdir(parents=True, exist_ok=True)
            for number in range(4):
                shutil.copy(
                    SEEDS / "plain.png", path.parent / f"images/{split}/{name}/{number}.png"
                )
    shutil.copy(path, path.parent / "images" / "test" / "cat" / path.name)
    return _with_data("images")(path)


def _with_data(name: str) -> Read:
    def read(path: Path) -> str:
        shutil.copy(SEEDS / "net.tflite", path.parent)
        words = ("bench", "net.tflite", "--on", "local@scripted://", "--data", name or path.name)
        return by_command(*words)(path)

    return read


def _answers(path: Path) -> str:
    """A device that answers what is in a file."""
    shutil.copy(SEEDS / "dense.tflite", path.parent)
    answer = {"stdout": path.read_bytes().decode(errors="replace")}
    (path.parent / "script.json").write_text(json.dumps({"answers": [answer] * 9}))
    return by_command("bench", "dense.tflite", "--on", "local@scripted://script.json")(path)


def _to_program(argv: list[str], path: Path) -> str:
    """Put a request to a program of a device, in the folder of the request."""
    for seed in ("dense.tflite", "prices.zip"):
        if seed != path.name:
            shutil.copy(SEEDS / seed, path.parent)
    if path.name == "prices.zip":
        shutil.copy(SEEDS / "prices-request.json", path.parent / "request.json")
    else:
        path.rename(path.parent / "request.json")
    try:
        done = subprocess.run(
            [*argv, "request.json"],
            cwd=path.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=RUN_S,
            preexec_fn=native.without_limit,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1"},
        )
    except subprocess.TimeoutExpired:
        return ""
    said = done.stderr.decode(errors="replace")
    if any(sign in said for sign in ("Traceback", "Sanitizer", "runtime error")):
        return said[-2000:]
    last = done.stdout.decode(errors="replace").splitlines()[-1:]
    whole = bool(last) and last[0].startswith(('{"event": "end"', '{"event":"end"'))
    refused = bool(last) and "refused" in last[0]
    if (done.returncode == 0) != whole or (done.returncode == 2) != refused or done.returncode < 0:
        return f"exit code {done.returncode} after {last}: {said[-500:]}"
    return ""


def _python_program(path: Path) -> str:
    return _to_program([sys.executable, str(targets.runner_source("runner.py"))], path)


def native_program() -> str | None:
    """runner.c, built with sanitizers where that is possible; None without a compiler."""
    from edgehone.runners import _building

    gcc = shutil.which("gcc")
    if gcc is None:
        return None
    built = Path(os.environ["EDGEHONE_FUZZ"]) / "runner"
    if not built.exists():
        sanitizers = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
        source = str(targets.runner_source("runner.c"))
        words = [*_building.OPTIONS, *sanitizers, source, "-o", str(built), *_building.LIBRARIES]
        subprocess.run([gcc, *words], check=True, timeout=300)
    return str(built)


def _native_program(path: Path) -> str:
    program = native_program()
    return "" if program is None else _to_program([program], path)


INSPECT = by_command("inspect", "FILE")
BENCH = by_command("bench", "FILE", "--on", "local@scripted://")
REPACK = by_command("repack", "FILE", "-o", "FOLDER")
DESCRIBED = by_call(_described)
JSONS = ("text.json", "request.json")
NETS = ("net.tflite", "int8.tflite")
IMAGES = tuple(f"plain.{kind}" for kind in ("png", "jpg", "bmp", "gif", "webp", "tiff"))
READERS = {
    reader.name: reader
    for reader in (
        Reader("keras", ("net.keras", "conv.keras"), mutating.keras, INSPECT, slow=True),
        Reader("h5", ("net.h5",), mutating.hdf5, INSPECT, slow=True),
        Reader("keras-2", ("old.keras",), mutating.keras, DESCRIBED, slow=True),
        Reader("h5-2", ("old.h5",), mutating.hdf5, DESCRIBED, slow=True),
        Reader("folder", ("keras_metadata.pb",), mutating.saved_model, DESCRIBED, slow=True),
        Reader("folder-2.3", ("saved_model.pb",), mutating.bytes_of, DESCRIBED, slow=True),
        Reader("carried", ("old.h5",), mutating.hdf5, INSPECT, slow=True, long=True),
        Reader("tflite", NETS, mutating.bytes_of, INSPECT),
        Reader("tflite-metadata", ("about.tflite",), mutating.bytes_of, INSPECT),
        Reader("repack", NETS, mutating.bytes_of, REPACK, slow=True),
        Reader("tflite-bench", NETS, mutating.bytes_of, BENCH),
        Reader("onnx", ("net.onnx",), mutating.bytes_of, INSPECT),
        Reader("onnx-bench", ("net.onnx",), mutating.bytes_of, BENCH),
        Reader("npz", ("data.npz",), mutating.npz, _with_data("")),
        Reader("bundle", ("release.zip",), bundles.bundle, by_command("verify", "FILE")),
        Reader("evidence", ("release.zip",), bundles.bundle, by_call(bundles.read)),
        Reader("image", IMAGES, mutating.bytes_of, _images),
        Reader("toml", ("edgehone.toml",), mutating.text, by_call(load_config)),
        Reader("user-toml", ("devices.toml",), mutating.text, by_call(_user_devices)),
        Reader("target-toml", ("board.toml",), mutating.text, by_call(load_target)),
        Reader("answers", ("answer.jsonl",), mutating.json_lines, _answers),
        Reader("request-python", ("request.json",), mutating.json_text, _python_program, slow=True),
        Reader("request-c", ("request.json",), mutating.json_text, _native_program, slow=True),
        Reader("zip-python", ("prices.zip",), mutating.bytes_of, _python_program, slow=True),
        Reader("zip-c", ("prices.zip",), mutating.bytes_of, _native_program, slow=True),
        Reader("json-in-c", JSONS, mutating.json_bytes, native.READ["json"], times=25),
        Reader("npy-in-c", ("samples.npy",), mutating.samples, native.READ["npy"], times=25),
        Reader("zip-in-c", ("members.zip",), mutating.archive, native.READ["zip"], times=25),
        Reader("npy-in-c-32", ("samples.npy",), mutating.samples, native.READ["npy-32"], times=25),
        Reader("zip-in-c-32", ("members.zip",), mutating.archive, native.READ["zip-32"], times=25),
    )
}
