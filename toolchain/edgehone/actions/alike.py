"""Files of the same content, of which one is measured for all."""

from collections.abc import Sequence
from dataclasses import replace

from edgehone.values import Artifact, Measurement


def distinct(artifacts: Sequence[Artifact]) -> list[Artifact]:
    """The first artifact of each content, in their order."""
    found: dict[str, Artifact] = {}
    for each in artifacts:
        found.setdefault(each.sha256, each)
    return list(found.values())


def for_each(artifacts: Sequence[Artifact], measured: Sequence[Measurement]) -> list[Measurement]:
    """A measurement for each artifact, from those of the distinct ones."""
    known = {each.artifact.sha256: each for each in measured}
    return [replace(known[each.sha256], artifact=each) for each in artifacts]


def remarks(artifacts: Sequence[Artifact]) -> list[str]:
    """A sentence on each file that was not measured by itself."""
    first: dict[str, Artifact] = {}
    found = []
    for each in artifacts:
        other = first.setdefault(each.sha256, each)
        if other is each:
            continue
        if other.path == each.path:
            found.append(f"{each.path} was given more than once: it was measured once")
        else:
            found.append(f"{each.path} has the content of {other.path}: it was measured once")
    return list(dict.fromkeys(found))
