"""The document of a run says what its search said of itself."""

from pathlib import Path

from tests import run_parts

from edgehone.run.document import document
from edgehone.run.state import Searched
from edgehone.search.accountability import Account, MetricError


def test_the_account_is_the_one_that_the_search_gave_at_its_end(tmp_path: Path) -> None:
    account = Account(5, 0.25, (MetricError("size_bytes", 5, 0.1, 0.4, 0.8),), 5)
    state = run_parts.state(run_parts.context(tmp_path))
    found = document(state, "a", Searched((), "enough", None, account), seconds=1.0).search
    assert found is not None
    assert (found.candidates, found.rank_correlation, found.guessing) == (5, 0.25, True)
    assert [each.metric for each in found.errors] == ["size_bytes"]
