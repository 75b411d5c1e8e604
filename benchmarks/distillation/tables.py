"""The rows as tables: what each setting gains over labels alone, by situation and data set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from settings import AUTO, LABELS, SITUATIONS, Situation, named, settings

TAUGHT = named(4, 0.7)
"""What `soft = "auto"` tries beside the labels alone."""

Key = tuple[str, int, str, str]


@dataclass(frozen=True)
class Row:
    """One training: percent right of the student, and of its teacher; CPU seconds."""

    data: str
    seed: int
    situation: str
    setting: str
    epochs: int
    validation: float
    test: float
    teacher_validation: float
    teacher_test: float
    seconds: float

    @property
    def key(self) -> Key:
        """What makes it this row."""
        return self.data, self.seed, self.situation, self.setting


def report(rows: Sequence[Row], names: Sequence[str], seeds: Sequence[int]) -> str:
    """A table for each situation, and what the default comes to."""
    found = {row.key: row for row in rows}
    shown = [each.name for each in settings()]
    parts = [_coverage(found, names, seeds), _defaults(found, names, seeds)]
    for situation in SITUATIONS:
        lines = [f"### {situation.name.capitalize()}", "", _levels(found, situation, names, seeds)]
        lines += ["", f"| gain over labels alone, points | {' | '.join(names)} | mean |"]
        lines.append("|---" * (len(names) + 2) + "|")
        for setting in [*(name for name in shown if name != LABELS), AUTO]:
            cells = [_gains(found, situation, setting, name, seeds) for name in names]
            if any(cells):
                texts = [*map(_cell, cells), _cell([fmean(each) for each in cells if each])]
                lines.append(f"| {setting} | {' | '.join(texts)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def auto(found: Mapping[Key, Row], key: Key) -> Row | None:
    """The row that `soft = "auto"` ends with: of the two that it trains, the one that is better on
    the validation split, with the teacher where both are equal; the first where the teacher is not
    above it.
    """
    first, second = (found.get((*key[:3], each)) for each in (LABELS, TAUGHT))
    if first is None or second is None:
        return None
    if first.teacher_validation <= first.validation:
        return first
    return second if second.validation >= first.validation else first


def _row(found: Mapping[Key, Row], key: Key) -> Row | None:
    return auto(found, key) if key[3] == AUTO else found.get(key)


def _gains(
    found: Mapping[Key, Row], situation: Situation, setting: str, name: str, seeds: Iterable[int]
) -> list[float]:
    """Points above labels alone on the test split, of every seed that has both."""
    gains = []
    for seed in seeds:
        start = found.get((name, seed, situation.name, LABELS))
        row = _row(found, (name, seed, situation.name, setting))
        if start is not None and row is not None:
            gains.append(row.test - start.test)
    return gains


def _cell(gains: Sequence[float]) -> str:
    """The mean and its standard error; how many there are, where they are not three."""
    if not gains:
        return ""
    text = f"{fmean(gains):+.2f}"
    if len(gains) > 1:
        text += f" ± {stdev(gains) / len(gains) ** 0.5:.2f}"
    return text if len(gains) == 3 else f"{text} ({len(gains)})"


def _levels(
    found: Mapping[Key, Row], situation: Situation, names: Sequence[str], seeds: Sequence[int]
) -> str:
    """What labels alone and the teacher reach."""
    texts = []
    for name in names:
        rows = [found.get((name, seed, situation.name, LABELS)) for seed in seeds]
        there = [row for row in rows if row is not None]
        if there:
            student, teacher = (
                fmean(row.test for row in there),
                fmean(row.teacher_test for row in there),
            )
            texts.append(f"{name} {student:.1f} % (teacher {teacher:.1f} %)")
    return f"Labels alone: {', '.join(texts)}." if texts else "No rows yet."


def _defaults(found: Mapping[Key, Row], names: Sequence[str], seeds: Sequence[int]) -> str:
    """Over all situations and data sets: the mean gain, the worst cell, and the cells below it."""
    lines = ["### Over all situations", ""]
    lines.append("| setting | mean gain | worst mean of a data set | cells below -0.1 | cells |")
    lines.append("|---|---|---|---|---|")
    for setting in [each.name for each in settings() if each.name != LABELS] + [AUTO]:
        cells = [
            (fmean(gains), f"{name}, {situation.name}")
            for situation in SITUATIONS
            for name in names
            if (gains := _gains(found, situation, setting, name, seeds))
        ]
        if cells:
            worst, where = min(cells)
            below = sum(gain < -0.1 for gain, _ in cells)
            mean = fmean(gain for gain, _ in cells)
            lines.append(
                f"| {setting} | {mean:+.2f} | {worst:+.2f} ({where}) | {below} | {len(cells)} |"
            )
    return "\n".join(lines)


def _coverage(found: Mapping[Key, Row], names: Sequence[str], seeds: Sequence[int]) -> str:
    """How many of the rows there are."""
    wanted = sum(
        situation.few or not setting.unlabelled
        for situation in SITUATIONS
        for setting in settings()
        for _ in names
        for _ in seeds
    )
    asked = sum(key[0] in names and key[1] in seeds for key in found)
    return (
        f"{asked} of {wanted} trainings. Gains are points of test accuracy above labels alone with "
        "the same seed: mean ± standard error over 3 seeds, or over as many as stand in brackets."
    )
