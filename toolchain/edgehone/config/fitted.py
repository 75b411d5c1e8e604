"""A short project file with the keys that fit one model and its data, each with its reason."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgehone.config.written import comment, toml
from edgehone.values import NOTHING, Plain

INTRODUCTION = """\
# An edgehone project: edgehone run
# Keys that are not here have defaults: `edgehone init DIR` writes a file that explains each.
# File names count from this file's folder.
"""


@dataclass(frozen=True)
class Fitted:
    """What a project file says: tables by name, budgets, devices, and remarks above tables."""

    tables: Mapping[str, Plain]
    budgets: Sequence[Plain]
    devices: Mapping[str, Plain] = NOTHING
    remarks: Mapping[str, Sequence[str]] = NOTHING

    @property
    def text(self) -> str:
        """The file's content."""
        parts = [self._table(f"[{name}]", name, table) for name, table in self.tables.items()]
        parts += [
            self._table("[[budget]]", f"budget {table['metric']}", table) for table in self.budgets
        ]
        parts += [
            self._table(f"[devices.{name}]", f"devices {name}", table)
            for name, table in self.devices.items()
        ]
        return "\n".join([INTRODUCTION, *parts])

    def _table(self, header: str, name: str, table: Mapping[str, Any]) -> str:
        remarks = [comment(line) for text in self.remarks.get(name, ()) for line in _lines(text)]
        keys = [f"{key} = {toml(value)}" for key, value in table.items()]
        return "\n".join([*remarks, header, *keys]) + "\n"


def _lines(text: str) -> list[str]:
    return textwrap.wrap(text, 98, break_long_words=False, break_on_hyphens=False)
