"""A kept document of another shape is told by its first wrong place."""

from typing import Any

import pytest
from tests.run_document import run_document

from edgehone.documents.shape import require_shape, shaped
from edgehone.errors import StorageError


def test_a_document_as_it_is_written_has_its_shape() -> None:
    require_shape(run_document(), "run", "It")


def test_what_older_versions_did_not_write_may_be_missing() -> None:
    document = run_document()
    del document["winner"]["conditions"]
    require_shape(document, "run", "It")


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [("run", 5, "run: "), ("winner", "best", "winner: "), ("devices", {}, "devices: ")],
)
def test_values_of_other_types_are_refused_with_their_place(
    key: str, value: Any, place: str
) -> None:
    with pytest.raises(StorageError, match=f"It is damaged or of another version: {place}"):
        require_shape({**run_document(), key: value}, "run", "It")


def test_what_a_missing_key_leads_to_is_told() -> None:
    text = r"It is damaged or of another version .*KeyError: 'winner'"
    with pytest.raises(StorageError, match=text) as caught, shaped("It"):
        raise KeyError("winner")
    assert caught.value.exit_code == 2
