"""Flatbuffers of a schema given as plain data, written from and read into dictionaries."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
from flatbuffers import number_types
from flatbuffers.table import Table

Values = Mapping[str, Any]
"""A table's fields by name, those that are left out being absent. A union's value is a pair: the
name of its table, and the fields of that.
"""

MOST_TABLES = 10_000
"""Read from one buffer: vectors may refer to the same table over and over."""

DAMAGED = (IndexError, KeyError, TypeError, UnicodeDecodeError, ValueError, struct.error)
"""What reading a damaged buffer raises."""

_NUMBERS = {
    "byte": (number_types.Int8Flags, "PrependInt8Slot"),
    "int": (number_types.Int32Flags, "PrependInt32Slot"),
    "uint": (number_types.Uint32Flags, "PrependUint32Slot"),
}


@dataclass(frozen=True)
class Field:
    """A table's field. kind: "string", "byte", "int", "uint", "floats", or the name of a table.
    several: a vector of tables. union: the names of its tables, numbered from 1.
    """

    name: str
    kind: str
    several: bool = False
    union: tuple[str, ...] = ()

    @property
    def slots(self) -> int:
        """How many places of the table it takes: a union has its type before its value."""
        return 2 if self.union else 1


Schema = Mapping[str, Sequence[Field]]
"""Tables by name, fields in the schema's order."""


def write(schema: Schema, root: str, values: Values, identifier: bytes) -> bytes:
    """The buffer of one table and all within it."""
    builder = flatbuffers.Builder(256)
    place = _write(schema, root, values, builder)
    builder.Finish(place, file_identifier=identifier)
    return bytes(builder.Output())


def read(schema: Schema, root: str, content: bytes) -> Values:
    """The fields of a buffer's table. Raises one of DAMAGED."""
    return _Reader(schema, content).root(root)


def _write(schema: Schema, name: str, values: Values, builder: Any) -> int:
    fields, places = schema[name], dict[str, int]()
    for each in fields:
        if each.name in values and each.kind not in _NUMBERS:
            places[each.name] = _place(schema, each, values[each.name], builder)
    builder.StartObject(sum(each.slots for each in fields))
    slot = 0
    for each in fields:
        if each.name in values:
            _put(each, slot, values[each.name], places.get(each.name, 0), builder)
        slot += each.slots
    return int(builder.EndObject())


def _place(schema: Schema, field: Field, value: Any, builder: Any) -> int:
    """Where a value lies that is not a number itself."""
    if field.union:
        return _write(schema, value[0], value[1], builder)
    if field.kind == "string":
        return int(builder.CreateString(value))
    if field.kind == "floats":
        builder.StartVector(4, len(value), 4)
        for each in reversed(value):
            builder.PrependFloat32(each)
        return int(builder.EndVector())
    if not field.several:
        return _write(schema, field.kind, value, builder)
    places = [_write(schema, field.kind, each, builder) for each in value]
    builder.StartVector(4, len(places), 4)
    for place in reversed(places):
        builder.PrependUOffsetTRelative(place)
    return int(builder.EndVector())


def _put(field: Field, slot: int, value: Any, place: int, builder: Any) -> None:
    if field.kind in _NUMBERS:
        getattr(builder, _NUMBERS[field.kind][1])(slot, value, 0)
        return
    if field.union:
        builder.PrependUint8Slot(slot, field.union.index(value[0]) + 1, 0)
        slot += 1
    builder.PrependUOffsetTRelativeSlot(slot, place, 0)


@dataclass
class _Reader:
    """A buffer that is read table by table, no further than MOST_TABLES."""

    schema: Schema
    content: bytes
    count: int = field(default=0)

    def root(self, name: str) -> Values:
        start = flatbuffers.encode.Get(flatbuffers.packer.uoffset, self.content, 0)
        return self.table(name, int(start))

    def table(self, name: str, place: int) -> Values:
        self.count += 1
        if self.count > MOST_TABLES:
            raise ValueError(f"it holds more than {MOST_TABLES} tables")
        if not 0 <= place < len(self.content):
            raise ValueError("a table lies outside")
        found, table, slot = dict[str, Any](), Table(self.content, place), 0
        for each in self.schema[name]:
            offset = int(table.Offset(4 + 2 * slot))
            kind = each.kind
            if each.union and offset:
                number = int(table.Get(number_types.Uint8Flags, place + offset))
                offset = int(table.Offset(6 + 2 * slot))
                known = 0 < number <= len(each.union)
                kind, offset = (each.union[number - 1], offset) if known else ("", 0)
            if offset:
                value = self.value(each, kind, table, place + offset)
                found[each.name] = (kind, value) if each.union else value
            slot += each.slots
        return found

    def value(self, field: Field, kind: str, table: Any, place: int) -> Any:
        if kind in _NUMBERS:
            return int(table.Get(_NUMBERS[kind][0], place))
        if kind == "string":
            return table.String(place).decode()
        if kind != "floats" and not field.several:
            return self.table(kind, int(table.Indirect(place)))
        start, length = self.vector(table, place)
        if kind == "floats":
            return [table.Get(number_types.Float32Flags, start + 4 * n) for n in range(length)]
        return [self.table(kind, int(table.Indirect(start + 4 * n))) for n in range(length)]

    def vector(self, table: Any, place: int) -> tuple[int, int]:
        """Where a vector's elements start, and how many there are."""
        start = int(table.Indirect(place))
        length = int(table.Get(number_types.UOffsetTFlags, start))
        if length * 4 > len(self.content):
            raise ValueError("a vector is longer than what it lies in")
        return start + 4, length
