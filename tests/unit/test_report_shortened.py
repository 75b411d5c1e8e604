"""Markdown is cut between lines, closed and said to be cut; and only where it must be."""

import pytest

from edgehone.report.shortened import CUT, shortened

TEXT = "## ❌ Budgets\n\n" + "".join(f"| größe {n} | 1 |\n" for n in range(50))
DETAILS = "<details><summary>What was measured</summary>\n\n" + "| a |\n" * 50 + "</details>\n"


@pytest.mark.parametrize("text", [TEXT, TEXT + DETAILS, "", "no line ends"])
def test_shortened_keeps_what_fits(text: str) -> None:
    assert shortened(text, len(text.encode())) == text


@pytest.mark.parametrize("most", range(120, 1200, 7))
def test_shortened_cuts_between_lines_and_closes_tags(most: int) -> None:
    found = shortened(TEXT + DETAILS, most)
    kept, _, rest = found.partition(CUT)
    assert len(found.encode()) <= most
    assert rest in ("", "</details>\n")
    assert found.count("<details>") == found.count("</details>")
    assert (TEXT + DETAILS).startswith(f"{kept}\n") or not kept


def test_shortened_is_nothing_where_not_even_the_remark_has_room() -> None:
    assert shortened(TEXT, 10) == ""
