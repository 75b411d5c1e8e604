"""A light search for a student: sizes on a grid, screened by cost, thinned by short trainings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

WIDTHS = (0.25, 0.5, 0.75, 1.0)
DEPTHS = (0.34, 0.67, 1.0)
"""Shares of the teacher's channels and of its blocks that students may have."""

FINALISTS = 3
"""How many are left to be measured."""


@dataclass(frozen=True)
class Student:
    """One student: shares of the teacher's width and depth in (0, 1], what it costs, what its
    trainings reached, (epochs, score) with higher scores better, and why it was left out, if so.
    """

    width: float
    depth: float
    params: int
    macs: int
    scores: tuple[tuple[int, float], ...] = ()
    left_out: str = ""

    @property
    def score(self) -> float:
        """The score after its longest training; minus infinity before the first."""
        return self.scores[-1][1] if self.scores else float("-inf")


Train = Callable[[Student, int], float]
"""(student, epochs) -> its score after a training of that length from the start."""


def grid() -> list[tuple[float, float]]:
    """(width, depth) of all students worth a thought, the teacher's own size left out."""
    return [(width, depth) for depth in DEPTHS for width in WIDTHS if (width, depth) != (1.0, 1.0)]


def screened(
    students: Sequence[Student], teacher_macs: int, most_params: float, most: int
) -> list[Student]:
    """All students in order of MACs, those left out with the reason; at most `most` stay.

    Left out: what saves no MACs, what costs as much as another one, what has more than most_params
    (unless all have), and then those that lie closest together between the smallest and the
    largest.
    """
    ordered = sorted(students, key=lambda s: (s.macs, s.params, -s.width))
    small = [student for student in ordered if student.params <= most_params]
    found: list[Student] = []
    taken: set[tuple[int, int]] = set()
    for student in ordered:
        why = ""
        if student.macs >= teacher_macs:
            why = "no cheaper than the teacher"
        elif (student.macs, student.params) in taken:
            why = "costs as much as another one"
        elif small and student.params > most_params:
            why = "larger than the budgets allow"
        else:
            taken.add((student.macs, student.params))
        found.append(replace(student, left_out=why))
    staying = [index for index, student in enumerate(found) if not student.left_out]
    for index in set(staying) - set(_spread(staying, most)):
        found[index] = replace(found[index], left_out="between others of like cost")
    return found


def halved(students: Sequence[Student], epochs: int, train: Train) -> list[Student]:
    """Successive halving (Jamieson & Talwalkar 2016): every round trains those that are left, from
    the start and twice as long as before, and the better half goes on, until `FINALISTS` are left.

    Better: on a front that fewer students outdo at no higher cost (non-dominated sorting, Deb
    2002), so that small students are not simply driven out by large ones; within a front those
    that lie apart in cost. Students with `left_out` take no part. In the order given.
    """
    found = list(students)
    left = [index for index, student in enumerate(found) if not student.left_out]
    while left:
        for index in left:
            score = train(found[index], epochs)
            scores = (*found[index].scores, (epochs, score))
            found[index] = replace(found[index], scores=scores)
        if len(left) <= FINALISTS:
            break
        goes_on = _better(found, left, max(FINALISTS, (len(left) + 1) // 2))
        for index in set(left) - set(goes_on):
            text = f"outdone after {epochs} epoch{'s' if epochs > 1 else ''}"
            found[index] = replace(found[index], left_out=text)
        left, epochs = goes_on, 2 * epochs
    return found


def _better(students: Sequence[Student], indices: Sequence[int], count: int) -> list[int]:
    """The indices of the best, by fronts; of the last front that fits only in part, those apart."""
    waiting, chosen = list(indices), list[int]()
    while len(chosen) < count:
        front = [i for i in waiting if not any(_beats(students[j], students[i]) for j in waiting)]
        front.sort(key=lambda i: students[i].macs)
        chosen += _spread(front, count - len(chosen))
        waiting = [i for i in waiting if i not in front]
    return sorted(chosen)


def _beats(first: Student, second: Student) -> bool:
    """Whether the first is no worse in score and MACs, and better in one of them."""
    no_worse = first.score >= second.score and first.macs <= second.macs
    return no_worse and (first.score > second.score or first.macs < second.macs)


def _spread(items: Sequence[int], count: int) -> list[int]:
    """At most `count` of the items, evenly, both ends included; of one, the last."""
    if len(items) <= count:
        return list(items)
    if count == 1:
        return [items[-1]]
    steps = (len(items) - 1) / (count - 1)
    return [items[round(number * steps)] for number in range(count)]
