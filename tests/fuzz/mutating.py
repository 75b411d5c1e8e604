"""Damaged copies that know what they damage: JSON by its values, archives by their members."""

import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import h5py  # type: ignore[import-untyped]  # it has no types
import numpy as np

from tests.mutations import damaged
from tests.saved_model_files import metadata

TRAP = "fuzz_trap_module"
"""A module that every process can import, and that no file may have imported."""
_WEIRD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 7, 255, 1 << 31, 1 << 63, -(1 << 70), 10**400, 1e-320, 1e308),
    *(
        float("nan"),
        float("inf"),
        "",
        "x",
        "0",
        "x" * 5000,
        "\0",
        "\ud800",
        "ä\n\x1b[31m",
        "../../x",
    ),
    *("/etc/passwd", "{}", [], {}, [[]], [None], {"class_name": "x"}, {"": 0}),
)
_NAMES = (
    *(
        TRAP,
        "os",
        "builtins",
        "keras.utils",
        "tf_keras.saving",
        "tensorflow",
        "Lambda",
        "load_model",
    ),
    *("TFOpLambda", "__import__", "__lambda__", "function", "Functional", "Sequential", "Wrapper"),
)
_NAMING = ("class_name", "module", "registered_name", "config", "function")
_NUMBER = re.compile(rb"-?\d+(\.\d+)?")

Mutate = Callable[[bytes, random.Random], bytes]


def bytes_of(content: bytes, chance: random.Random) -> bytes:
    """A copy that is wrong in one to four places, whatever it is."""
    return next(damaged(content, 1, chance.getrandbits(32)))


def text(content: bytes, chance: random.Random) -> bytes:
    """A text with another number, a line moved, doubled or lost, or a few bytes wrong."""
    lines = content.split(b"\n")
    match chance.randrange(5):
        case 0:
            numbers = list(_NUMBER.finditer(content))
            if not numbers:
                return bytes_of(content, chance)
            found = chance.choice(numbers)
            weird = json.dumps(chance.choice(_WEIRD)).encode()
            return content[: found.start()] + weird + content[found.end() :]
        case 1:
            del lines[chance.randrange(len(lines))]
        case 2:
            lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
        case 3:
            chance.shuffle(lines)
        case _:
            return bytes_of(content, chance)
    return b"\n".join(lines)


def json_text(content: bytes, chance: random.Random) -> bytes:
    """JSON with some values changed, mostly; else text with a few bytes wrong."""
    if chance.random() < 0.2:
        return bytes_of(content, chance)
    try:
        return json.dumps(described(json.loads(content), chance)).encode()
    except RecursionError:  # deep in deep: enough of it
        return bytes_of(content, chance)


def json_bytes(content: bytes, chance: random.Random) -> bytes:
    """JSON with some values changed, a few bytes wrong, or both."""
    if chance.random() < 0.5:
        content = json_text(content, chance)
    return content if chance.random() < 0.3 else bytes_of(content, chance)


def json_lines(content: bytes, chance: random.Random) -> bytes:
    """Lines of JSON, one of them changed, or lines moved, doubled or lost."""
    if chance.random() < 0.3:
        return text(content, chance)
    lines = content.splitlines(keepends=True)
    place = chance.randrange(len(lines))
    lines[place] = json_text(lines[place].rstrip(b"\n"), chance) + b"\n"
    return b"".join(lines)


def described(value: Any, chance: random.Random) -> Any:
    """A copy of plain data with one to three places changed."""
    copy = json.loads(json.dumps(value))
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = list(_places(copy))
        if not places:
            return deepcopy(chance.choice(_WEIRD))
        holder, key = chance.choice(places)
        _change(holder, key, chance, places)
    return copy


def _places(value: Any) -> Any:
    """(holder, key) of every value in a holder."""
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, part in pairs:
        yield value, key
        yield from _places(part)


def _change(holder: Any, key: Any, chance: random.Random, places: list[Any]) -> None:
    way = chance.randrange(8)
    if way == 0:
        holder.pop(key)
    elif way == 1:
        other, at = chance.choice(places)
        if isinstance(other, list) and at >= len(other):
            return
        if isinstance(other, dict) and at not in other:
            return
        holder[key] = json.loads(json.dumps(other[at]))
    elif way == 2 and isinstance(holder, dict):
        holder[chance.choice((*_NAMING, "name", "x" * 300))] = holder.pop(key)
    elif way == 3 and isinstance(holder, dict):
        holder[chance.choice(_NAMING)] = chance.choice(_NAMES)
    elif way == 4:
        holder[key] = {"class_name": chance.choice(_NAMES), "config": {"name": "n"}, "module": TRAP}
    elif way == 5:
        holder[key] = [holder[key]] * chance.choice((1, 2, 50))
    elif way == 6:
        deep: Any = holder[key]
        for _ in range(chance.choice((3, 60, 900))):
            deep = [deep]
        holder[key] = deep
    else:
        holder[key] = deepcopy(chance.choice(_WEIRD))  # it may be changed in turn


def hdf5(content: bytes, chance: random.Random) -> bytes:
    """An HDF5 file with another description, other arrays, or bytes wrong."""
    way = chance.randrange(4)
    if way == 0:
        return bytes_of(content, chance)
    stream = io.BytesIO(content)
    with h5py.File(stream, "r+") as file:
        if way == 1 and "model_config" in file.attrs:
            given = file.attrs["model_config"]
            given = given.encode() if isinstance(given, str) else given
            file.attrs["model_config"] = json_text(given, chance).replace(b"\0", b"?")
        else:
            _other_arrays(file, chance)
    return stream.getvalue()


def saved_model(content: bytes, chance: random.Random) -> bytes:
    """A keras_metadata.pb with another description, or bytes wrong."""
    start = content.find(b"{")
    if chance.random() < 0.4:
        return bytes_of(content, chance)
    root, _ = json.JSONDecoder().raw_decode(content[start:].decode(errors="replace"))
    try:
        return metadata((0, b"root", described(root, chance)))
    except RecursionError:
        return bytes_of(content, chance)


def _other_arrays(file: Any, chance: random.Random) -> None:
    names = list[str]()
    file.visit(names.append)
    if not names:
        return
    name = chance.choice(names)
    attributes = list(file[name].attrs)
    if attributes and chance.random() < 0.4:
        file[name].attrs[chance.choice(attributes)] = chance.choice((0, "x", b"\xff", [b"a", b"b"]))
        return
    del file[name]
    match chance.randrange(6):
        case 0:
            file[name] = np.zeros(chance.choice(((), (0,), (3,), (2, 2), (1, 1, 1, 1))))
        case 1:
            file[name] = chance.choice(("text", np.array([b"x"]), np.array([1j])))
        case 2:
            file.create_group(name)
        case 3:
            file[name] = h5py.ExternalLink("/etc/passwd", "/x")
        case 4:
            file[name] = h5py.SoftLink(chance.choice((name, "/", "/nowhere")))
        case _:
            pass


def zipped(content: bytes, chance: random.Random, inner: dict[str, Mutate]) -> bytes:
    """A ZIP archive with one member changed as its kind is, lost, doubled or renamed; or bytes
    wrong. inner: what a member is, by the end of its name.
    """
    if chance.random() < 0.25:
        return bytes_of(content, chance)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    place = chance.randrange(len(members))
    name, held = members[place]
    match chance.randrange(8):
        case 0:
            del members[place]
        case 1:
            members[place] = (chance.choice(("../x", "/x", "", "x" * 300, f"{name}x")), held)
        case 2:
            members.append((name, bytes_of(held, chance)))
        case _:
            change = next((each for end, each in inner.items() if name.endswith(end)), bytes_of)
            members[place] = (name, change(held, chance))
    stream = io.BytesIO()
    method = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(stream, "w", method) as archive:
        for each, value in members:
            archive.writestr(zipfile.ZipInfo(each or "empty"), value)
    return stream.getvalue()


def keras(content: bytes, chance: random.Random) -> bytes:
    """A .keras file."""
    return zipped(content, chance, {".json": json_text, ".h5": hdf5})


def npz(content: bytes, chance: random.Random) -> bytes:
    """An .npz file, whose arrays' headers are Python."""
    return zipped(content, chance, {".npy": npy})


def npy(content: bytes, chance: random.Random) -> bytes:
    """An array with another header, or bytes wrong."""
    if chance.random() < 0.3:
        return bytes_of(content, chance)
    shape = chance.choice(
        (b"()", b"(0,)", b"(-1,)", b"(1<<40,)", b"(10**12,)", b"(3, 3)", b"x", b"(")
    )
    kind = chance.choice((b"<f4", b"<f8", b"|O", b"<U9", b"|V8", b"<c8", b"<M8[s]", b"|b1", b"zz"))
    header = b"{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)
    size = len(header).to_bytes(2, "little")
    return b"\x93NUMPY\x01\x00" + size + header + content[chance.randrange(len(content)) :]


_SIDES = (0, 1, 1, 2, 3, 5, -1, 2**31, 2**62, 2**63 - 1, 2**63, 10**30, "", "x", "0" * 300, "3 ")


def samples(content: bytes, chance: random.Random) -> bytes:
    """Float32 with another shape, order, version or size of the header, or a few bytes wrong."""
    if chance.random() < 0.4:
        return bytes_of(content, chance)
    rank = chance.choice((0, 1, 2, 3, 4, 8, 9, 10, 40))
    shape = chance.choice((", ", ",", " ")).join(str(chance.choice(_SIDES)) for _ in range(rank))
    entries = [
        f"'descr': '{chance.choice(('<f4', '<f4', '<f4', '<f4', '<f8', '>f4', '|O'))}'",
        f"'fortran_order': {chance.choice(('False', 'False', 'False', 'True', '0'))}",
        f"'shape': ({shape}{chance.choice((')', ',)', ',)', ''))}",
    ]
    if chance.random() < 0.2:
        chance.shuffle(entries)
    header = f"{{{', '.join(entries)}, }}".encode()
    version = chance.choice((1, 1, 1, 2, 3, 255))
    size = chance.choice((len(header),) * 6 + (0, 0xFFFF, len(header) - 1))
    start = b"\x93NUMPY" + bytes((version, 0)) + size.to_bytes(2 if version == 1 else 4, "little")
    return start + header + content[chance.randrange(len(content)) :]


def archive(content: bytes, chance: random.Random) -> bytes:
    """A ZIP archive with members changed, a few bytes wrong, or both."""
    if chance.random() < 0.4:
        content = zipped(content, chance, {})
    return bytes_of(content, chance)
