"""Where each byte of a bundle stands: a ZIP archive that follows from names and contents alone.

Members are stored and not compressed, one directly after the other, with one fixed date and without
anything ZIP leaves to choose, so that the same files are the same bytes with every version of zlib,
and a reader can say of each byte what it has to be. Source: APPNOTE.TXT 6.3.10, 4.3.7 to 4.3.16.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

LOCAL = struct.Struct("<4s5H3L2H")
"""Before each content: signature, version, flags, method, time, date, CRC-32, sizes, lengths."""

LOCAL_MARK, CENTRAL_MARK, END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"

_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_VERSION = 10
"""Of what is needed to unpack: stored members need the oldest."""
_UNIX = 3 << 8
_UTF_8 = 0x800
_STORED = 0
_TIME, _DATE = 0, 0x21
"""1 January 1980, the first day that ZIP knows."""
_PLAIN_FILE = 0o100644 << 16


@dataclass(frozen=True)
class Member:
    """A file in a bundle: its path there, its size in bytes, and the CRC-32 of its content."""

    name: str
    size: int
    crc32: int

    @property
    def encoded(self) -> bytes:
        """The path as it is written."""
        return self.name.encode()


def local_header(member: Member) -> bytes:
    """What stands before a member's content."""
    return LOCAL.pack(LOCAL_MARK, *_facts(member), len(member.encoded), 0) + member.encoded


def directory(members: Sequence[Member]) -> bytes:
    """What stands after the last content, to the end of the file."""
    entries, offset = list[bytes](), 0
    for member in members:
        lengths = (len(member.encoded), 0, 0, 0, 0)
        fixed = _CENTRAL.pack(
            CENTRAL_MARK, _UNIX | _VERSION, *_facts(member), *lengths, _PLAIN_FILE, offset
        )
        entries.append(fixed + member.encoded)
        offset += LOCAL.size + len(member.encoded) + member.size
    found, count = b"".join(entries), len(members)
    return found + _END.pack(END_MARK, 0, 0, count, count, len(found), offset, 0)


def size_of(members: Sequence[Member]) -> int:
    """Bytes of the whole file."""
    contents = sum(len(local_header(member)) + member.size for member in members)
    return contents + sum(_CENTRAL.size + len(each.encoded) for each in members) + _END.size


def _facts(member: Member) -> tuple[int, ...]:
    """What local header and directory both say of a member."""
    numbers = (member.crc32, member.size, member.size)
    return (_VERSION, _UTF_8, _STORED, _TIME, _DATE, *numbers)
