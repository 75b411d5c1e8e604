"""The guide to data: its tables load, and it names every source and key."""

import re
from pathlib import Path

import pytest

from edgehone.config import DataSection, load_partial

PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "data.md").read_text(encoding="utf-8")
TABLES = re.findall(r"```toml\n(.*?)```", PAGE, re.S)


@pytest.mark.parametrize("table", TABLES)
def test_tables_of_the_guide_load(table: str, tmp_path: Path) -> None:
    (tmp_path / "edgehone.toml").write_text(table)
    found = load_partial(tmp_path / "edgehone.toml").data
    assert found is not None
    assert found.settings().reading is not None


def test_the_guide_names_the_keys_that_say_how_data_are_read() -> None:
    elsewhere = {"unlabelled", "calibration", "memory"}
    others = {name for name in DataSection.model_fields if not re.search(rf"\b{name}\b", PAGE)}
    assert others <= elsewhere
