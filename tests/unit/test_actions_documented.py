"""Results that are mappings read as what their command prints."""

from pathlib import Path

import pytest

import edgehone as eh
from edgehone.actions.app.kits import Kits
from edgehone.actions.documented import Documented
from edgehone.actions.release.bundle import Bundled
from edgehone.actions.release.releases import Tagged
from edgehone.actions.release.verify import Verified

KINDS = [Kits, Bundled, Tagged, Verified, eh.Inspection, eh.Repacking]


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_is_documented(kind: type) -> None:
    assert issubclass(kind, Documented)


def test_a_result_reads_as_its_document() -> None:
    found = Kits({"kits": [{"folder": "a/linux"}], "warnings": []})
    assert dict(found) == found.document
    assert (len(found), list(found)) == (2, ["kits", "warnings"])
    assert repr(found) == "<Kits a/linux>"


def test_equal_results_have_equal_documents() -> None:
    before = {"before": {"size_bytes": 9}, "artifact": {"size_bytes": 4, "path": "a.tflite"}}
    found = eh.Repacking(before)
    assert found == eh.Repacking(dict(before))
    assert found.path == Path("a.tflite")
    assert repr(found) == "<Repacking of 9 bytes into 4>"
    assert eh.Inspection({"layers": []}, "model") != eh.Inspection({"layers": []}, "file")
