"""What runtimes add to a download: the table has what the benchmark counted, on its day."""

import json
from pathlib import Path

from edgehone.export.apps._download import COUNTED_ON, TABLE, rows

RESULTS = Path(__file__).parents[2] / "benchmarks/runtime_sizes/results.json"


def test_the_table_has_what_was_counted() -> None:
    found = json.loads(RESULTS.read_text())
    assert found["day"] == COUNTED_ON
    counted = {
        (row["platform"], row["format"], row["abi"]): (row["bytes"], row["compressed_bytes"])
        for row in found["rows"]
    }
    assert counted == {
        (*key, each.abi): (each.bytes, each.compressed_bytes)
        for key, entries in TABLE.items()
        for each in entries
    }
    named = {row["package"] for row in found["rows"]}
    assert all(any(name in each.source for name in named) for v in TABLE.values() for each in v)


def test_a_runtime_that_was_not_counted_is_unknown() -> None:
    (row,) = rows("android", "tflite", 100, (), ("arm64-v8a",))
    assert (row["runtime_bytes"], row["total_bytes"], row["source"]) == (None, None, None)
