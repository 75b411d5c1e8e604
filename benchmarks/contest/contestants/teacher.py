"""The teacher itself: its float file, what drops are counted from, and edgehone's plain int8."""

from pathlib import Path

from arena import TEACHER, Arena, Made, files_made

import edgehone as eh
from contestants._base import Contestant


class Teacher(Contestant):
    """No training: what `edgehone export` makes."""

    def enter(self, arena: Arena) -> None:
        """Both files."""

        def work(folder: Path) -> list[Made]:
            both = ["float32", "int8"]
            made = eh.export(arena.teacher, folder, precision=both, calibration=arena.calibration)
            return files_made(list(made), "", {})

        arena.kept(self.name, "export", {}, work)


CONTESTANTS = (Teacher(TEACHER),)
