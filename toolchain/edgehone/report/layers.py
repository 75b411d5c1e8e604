"""What a search decided about every layer, as a table; the more is kept, the darker the cell."""

from collections.abc import Sequence

from edgehone.documents.run.candidate import CandidateEntry, LayerEntry
from edgehone.report import numbers
from edgehone.report.markup import filled
from edgehone.report.rows import Row, one_each


def layers_html(rows: Sequence[Row]) -> str:
    """One layer a row, one candidate a column; "" where nothing was decided."""
    made = [
        (row, row.candidate)
        for row in one_each(rows)
        if row.candidate is not None and row.candidate.layers
    ]
    if not made:
        return ""
    kinds = {layer.name: layer.kind for _, candidate in made for layer in candidate.layers}
    columns = [
        {
            "name": candidate.name,
            "precision": candidate.recipe.precision.default,
            "marked": row.leading,
        }
        for row, candidate in made
    ]
    lines = [
        {
            "name": name,
            "kind": kind,
            "cells": [_cell(row, candidate, name) for row, candidate in made],
        }
        for name, kind in kinds.items()
    ]
    return filled("layers.html", {"columns": columns, "lines": lines})


def _cell(row: Row, candidate: CandidateEntry, name: str) -> dict[str, object]:
    """What the template shows of one layer in one candidate."""
    layer = next((each for each in candidate.layers if each.name == name), None)
    marked = " marked" if row.leading else ""
    if layer is None:
        nothing = {"text": numbers.ABSENT, "before": "", "chips": (), "title": "", "share": ""}
        return {"classes": f"quiet{marked}", **nothing}
    kept, before = layer.channels, layer.channels_before
    share = min(kept / before, 1.0) if kept is not None and before else 1.0
    return {
        "classes": f"heat{marked}",
        "share": f"{share:.3f}",
        "title": f"{name} in {row.name}: {kept} of {before} channels, {layer.precision}",
        "text": "" if kept is None else str(kept),
        "before": str(before) if kept is not None and before and kept != before else "",
        "chips": _chips(layer, candidate.recipe.precision.default),
    }


def _chips(layer: LayerEntry, default: str) -> list[str]:
    """What is unlike the rest of the candidate."""
    chips = [f"rank {layer.rank}"] if layer.rank else []
    if layer.precision and layer.precision != default:
        chips.append(layer.precision)
    return [*chips, *(f"{name} {value}" for name, value in layer.others.items() if value)]
