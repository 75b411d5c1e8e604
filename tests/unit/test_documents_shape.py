"""A kept document of another shape is told by its first wrong place."""

import cProfile
import pstats
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.run_document import run_document

from edgehone.documents.published import schema
from edgehone.documents.shape import fault, require_shape, shaped
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


ODD = st.one_of(
    st.floats(),
    st.integers(),
    st.none(),
    st.booleans(),
    st.just("1"),
    st.just(10**400),
    st.just([1.0]),
)
ARRAYS = st.one_of(st.lists(st.floats(-1, 2)), st.lists(st.integers(-1, 2)), st.lists(ODD))
RULES = st.fixed_dictionaries(
    {"type": st.sampled_from(["number", "integer", ["number", "null"], "string", ["integer"]])},
    optional={
        "minimum": st.integers(-1, 1),
        "maximum": st.integers(0, 2),
        "exclusiveMinimum": st.integers(-1, 1),
        "exclusiveMaximum": st.integers(0, 2),
        "multipleOf": st.just(2),
        "enum": st.just([1]),
    },
)


@given(ARRAYS, RULES)
def test_arrays_of_numbers_are_held_to_all_that_the_schema_says(array: Any, rules: Any) -> None:
    whole = {"type": "array", "items": rules}
    errors = jsonschema.Draft202012Validator(whole).iter_errors(array)
    assert bool(fault(array, whole)) == any(errors)


def test_a_wrong_number_among_many_is_found() -> None:
    document = run_document()
    samples = [0.5] * 2000
    samples[1234] = -1
    document["baseline"]["latency_ms"]["samples"] = [[0.5] * 10, samples]
    found = fault(document, schema("run"))
    assert found.startswith("baseline.latency_ms.samples.1.1234: -1 is less than")


def test_samples_are_not_looked_at_one_by_one() -> None:
    calls = []
    for count in (10, 20_000):
        document = run_document()
        document["winner"]["latency_ms"]["samples"] = [[0.5] * count] * 6
        profile = cProfile.Profile()
        profile.runcall(require_shape, document, "run", "It")
        calls.append(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]  # typeshed
    assert calls[1] < 2 * calls[0]
