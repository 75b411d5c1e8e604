"""The release example does what its README says, and its workflow judges the commits as it says."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import jsonschema
import pytest
from tests.ci_runner import ROOT, read, step
from tests.shell_pages import environment, follow

from edgehone.documents import schema

pytestmark = [pytest.mark.slow, pytest.mark.peer]

EXAMPLE = ROOT / "examples" / "release"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
COMMIT = re.compile(r"^\| `(\w+)` \| .* \| (\d) \|$", re.M)
"""A commit's tag and what the gate's exit code is there."""


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Path:
    """A copy of the example's folder, in which all was done that its README says."""
    place = tmp_path_factory.mktemp("example")
    folder = shutil.copytree(EXAMPLE, place / "release")
    (place / "home").mkdir()
    assert follow(README, folder, environment(place / "home", programs)) == []
    return folder


def test_the_readme_is_followed_to_its_end(followed: Path) -> None:
    names = {each.name for each in followed.iterdir()}
    assert {"kits", "build", "digits-app", "v1.zip", "v1.zip.sig", "runs", "next"} <= names
    assert "latency" in (followed / "app.log").read_text()


def test_the_workflow_judges_each_commit_as_the_readme_says(followed: Path, programs: Path) -> None:
    """The gate's step of both jobs, run in a checkout of the commit."""
    commits = {name: int(code) for name, code in COMMIT.findall(README)}
    assert set(commits.values()) == {0, 1}
    (used,) = (
        each["with"]
        for each in read(EXAMPLE / "models.yml")["jobs"]["files"]["steps"]
        if "edgehone-gate" in each["uses"]
    )
    for name, code in commits.items():
        checkout = followed.parent / f"checkout-{name}"
        clone(followed / "digits-app", checkout, name)
        found = step("edgehone-gate", "Check the budgets", used, checkout, programs=programs)
        assert found.code == code, found.log
        assert found.outputs["decision"] == ("fail" if code else "pass")
        document = json.loads((checkout / found.outputs["document"]).read_text())
        jsonschema.validate(document, schema("gate"))


def clone(repository: Path, place: Path, tag: str) -> None:
    """Check out a tag as CI does."""
    words = ["git", "clone", "--quiet", "--branch", tag, str(repository), str(place)]
    subprocess.run(words, check=True, capture_output=True)


def test_files_that_it_leaves_obey_their_published_schemas(followed: Path) -> None:
    for name, place in {
        "bench": "measured.json",
        "app_model": "kits/linux/model.json",
        "app_golden": "kits/linux/golden.json",
    }.items():
        jsonschema.validate(json.loads((followed / place).read_text()), schema(name))
    with ZipFile(followed / "v1.zip") as bundle:
        for name, place in {
            "manifest": "manifest.json",
            "evidence": "evidence.json",
            "app_model": "app/model.json",
        }.items():
            jsonschema.validate(json.loads(bundle.read(place)), schema(name))
