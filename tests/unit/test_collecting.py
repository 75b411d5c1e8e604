"""What collecting tests loads, every worker loads, whichever tests it runs."""


def test_collecting_tests_loads_no_tensorflow(loaded_by_collecting: frozenset[str]) -> None:
    assert not loaded_by_collecting
