"""Links of pages outside the site lead somewhere; the site's own are checked as it is built."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("benchmarks/*/*.md"), *ROOT.glob("examples/*/*.md")]
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_to_files(page: Path) -> None:
    targets = [link.partition("#")[0] for link in LINK.findall(page.read_text())]
    lost = [each for each in targets if "://" not in each and not (page.parent / each).exists()]
    assert lost == []


def test_a_release_is_the_version_of_the_changelog() -> None:
    import edgehone

    heads = re.findall(r"^## (\d+\.\d+\.\d+) \((.+)\)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    released = [version for version, when in heads if when != "not released yet"]
    assert edgehone.__version__ == heads[0][0]
    numbers = [tuple(int(part) for part in each.split(".")) for each in released]
    assert numbers == sorted(numbers, reverse=True)
