"""The results as Markdown: the contest, the loop against each width, and the predictions."""

from collections.abc import Sequence

from edgehone.values import Plain

Interval = Sequence[float]


def markdown(found: Plain) -> str:
    """The whole of results.md."""
    return "\n".join(
        [
            "# Fashion-MNIST: results",
            "",
            "Written by `study.py`; see README.md for what was done. Intervals are 95 %.",
            "",
            f"**{found['conclusion']}**",
            "",
            "## The contest: one interleaved measurement, test split",
            "",
            *_table(CONTEST, [_contestant(row) for row in found["contest"]]),
            "",
            "Drop: accuracy lost against the Keras teacher, paired image by image, in points. "
            "Faster: than the teacher in float32, paired block by block. Budgets: "
            f"{_budgets(found['budgets'])}; the whole interval must be within.",
            "",
            "## The loop against uniform width",
            "",
            "For each width: the loop's fastest candidate that is at least as accurate on the "
            "validation split (its most accurate one, where none is).",
            "",
            *_table(DUELS, [_duel(row) for row in found["against"]]),
            "",
            "## Predicted and measured, round by round",
            "",
            "Latency at the speed the machine had when the baselines were measured; drop on the "
            "validation split.",
            "",
            *_table(ROUNDS, [_round(row) for row in found["rounds"]]),
            "",
            f"The loop stopped because {found['stopped']}.",
            f"Its choice: {found['winner'] or 'none'}.",
            "",
            _conditions(found),
            "",
        ]
    )


CONTEST = (
    "model",
    "how",
    "accuracy %",
    "drop, points",
    "bytes",
    "deflated",
    "p50 µs",
    "times faster",
    "budgets",
    "numbers",
)
DUELS = (
    "width",
    "the loop's",
    "latency, loop / width",
    "bytes, loop / width",
    "accuracy gained, points",
    "outcome",
)
ROUNDS = (
    "round",
    "predicted µs",
    "measured µs",
    "error",
    "predicted bytes",
    "bytes",
    "predicted drop",
    "drop",
    "budgets",
)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---" if index < 1 else "---:" for index in range(len(heads))]
    return ["| " + " | ".join(cells) + " |" for cells in (heads, rule, *rows)]


def _contestant(row: Plain) -> list[str]:
    return [
        row["name"],
        row["method"],
        f"{100 * row['accuracy']:.2f} {_span(row['accuracy_ci95'], 100, 2)}",
        f"{100 * row['drop']:+.2f} {_span(row['drop_ci95'], 100, 2)}",
        f"{row['size_bytes']:,}",
        f"{row['compressed_bytes']:,}",
        f"{1000 * row['p50_ms']:.1f} {_span(row['p50_ci95'], 1000, 1)}",
        f"{row['times_faster']:.2f} {_span(row['times_faster_ci95'], 1, 2)}",
        row["budgets"],
        row["verdict"],
    ]


def _duel(row: Plain) -> list[str]:
    return [
        row["width"],
        row["candidate"],
        f"{row['latency_ratio']:.2f} {_span(row['latency_ratio_ci95'], 1, 2)}",
        f"{row['bytes_ratio']:.2f}",
        f"{100 * row['accuracy_gain']:+.2f} {_span(row['accuracy_gain_ci95'], 100, 2)}",
        row["outcome"],
    ]


def _round(row: Plain) -> list[str]:
    predicted_drop = row["predicted_drop"]
    return [
        row["name"],
        f"{1000 * row['predicted_ms']:.1f}",
        f"{1000 * row['steady_ms']:.1f}",
        f"{100 * row['error']:+.0f} %",
        f"{row['predicted_bytes']:,.0f}",
        f"{row['size_bytes']:,}",
        "" if predicted_drop is None else f"{100 * predicted_drop:.2f}",
        f"{100 * row['drop']:+.2f}",
        row["outcome"],
    ]


def _span(interval: Interval, scale: float, digits: int) -> str:
    low, high = interval
    return f"[{scale * low:.{digits}f}, {scale * high:.{digits}f}]"


def _budgets(budgets: Sequence[Plain]) -> str:
    return ", ".join(f"{each['metric']} ≤ {each['max']:g}" for each in budgets)


def _conditions(found: Plain) -> str:
    images, environment = found["images"], found["environment"]
    versions = ", ".join(f"{name} {version}" for name, version in environment.items())
    return (
        f"Images: {images['train']:,} trained on, {images['validation']:,} for the search, "
        f"{images['test']:,} to judge. {versions}."
    )
