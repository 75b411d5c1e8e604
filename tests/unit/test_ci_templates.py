"""What CI systems read: it obeys their schemas, and no text of users becomes a command."""

import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import pytest
from tests.ci_runner import ACTIONS, ROOT, read

ACTION_FILES = sorted(ACTIONS.glob("*/action.yml"))
GITHUB = ROOT / "docs" / "ci" / "github.yml"
EXAMPLE = ROOT / "examples" / "release" / "models.yml"
GITLAB = ROOT / "docs" / "ci" / "gitlab.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("vendor.github-actions", ACTION_FILES),
        ("vendor.github-workflows", [GITHUB, EXAMPLE, ROOT / ".github" / "workflows" / "ci.yml"]),
        ("vendor.gitlab-ci", [GITLAB]),
    ],
)
def test_files_obey_the_published_schemas(schema: str, paths: list[Path]) -> None:
    words = ["-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n"), done.stdout


def zizmor() -> str:
    """The linter, wherever its wheel was installed."""
    found = (each for each in files("zizmor") or () if each.name.startswith("zizmor"))
    return str(next(Path(str(each.locate())) for each in found if "bin" in each.parts).resolve())


def test_a_linter_finds_no_way_for_text_to_become_a_command(tmp_path: Path) -> None:
    linter = [zizmor(), "--offline", "--strict-collection"]
    linter += ["--config", str(ROOT / ".github" / "zizmor.yml"), "--no-progress"]
    paths = [*map(str, ACTION_FILES), str(GITHUB), str(EXAMPLE), str(HOOKS)]
    done = subprocess.run([*linter, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    bad = tmp_path / "action.yml"  # and it would, if there were one
    text = ACTION_FILES[0].read_text()
    bad.write_text(text.replace('bash "$ACTION_FOLDER/gate.sh"', "echo ${{ inputs.files }}"))
    bad.write_text(
        bad.read_text().replace('python "$ACTION_FOLDER/comment.py"', "echo ${{ inputs.key }}")
    )
    done = subprocess.run([*linter, str(bad)], capture_output=True, text=True, check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("path", ACTION_FILES, ids=lambda path: path.parent.name)
def test_commands_of_actions_hold_no_expressions(path: Path) -> None:
    for step in read(path)["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_scripts_parse() -> None:
    for script in ACTIONS.rglob("*.sh"):
        subprocess.run(["/bin/bash", "-n", str(script)], check=True)


@pytest.mark.parametrize(("path", "steps"), [(GITHUB, 3), (EXAMPLE, 2)])
def test_the_workflow_uses_inputs_and_outputs_that_the_actions_have(path: Path, steps: int) -> None:
    jobs = read(path)["jobs"].values()
    uses = [
        step for job in jobs for step in job["steps"] if "edgehone-gate" in step.get("uses", "")
    ]
    assert len(uses) == steps
    for step in uses:
        name = step["uses"].rpartition("/")[2].partition("@")[0]
        assert step["with"].keys() <= read(ACTIONS / name / "action.yml")["inputs"].keys()
