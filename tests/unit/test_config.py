"""Configuration: what loads, what is refused and how that is told."""

from pathlib import Path

import pytest

from edgehone.budgets import Budget
from edgehone.config import load, load_budgets, template, user_devices
from edgehone.config.quantities import quantity
from edgehone.decide.budget_metrics import METRICS, Unit
from edgehone.decide.choice import Objective
from edgehone.errors import ConfigError, StorageError
from edgehone.values import Task

MINIMAL = """
[model]
teacher = "teacher.keras"
[data]
source = "data.npz"
[[budget]]
metric = "accuracy_drop"
max = 0.01
"""


@pytest.fixture(autouse=True)
def no_user_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))


def written(folder: Path, text: str) -> Path:
    path = folder / "edgehone.toml"
    path.write_text(text)
    return path


def refusal(folder: Path, text: str) -> tuple[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(written(folder, text))
    return caught.value.message, caught.value.hint


def test_defaults_fill_what_is_left_out(tmp_path: Path) -> None:
    found = load(written(tmp_path, MINIMAL))
    assert found.task.value == Task("classification", "accuracy")
    assert found.objective.value == Objective("latency_p50_ms")
    assert found.search.rounds == 6
    assert found.export.formats == ("tflite", "onnx")
    assert found.budgets == (Budget("accuracy_drop", "max", 0.01),)
    assert found.devices == {}


def test_paths_count_from_the_files_folder(tmp_path: Path) -> None:
    found = load(written(tmp_path, MINIMAL))
    assert found.model.teacher == str(tmp_path / "teacher.keras")
    assert found.data.source == str(tmp_path / "data.npz")
    assert found.model.student == "same"
    text = MINIMAL.replace("teacher.keras", "python:mine:teacher").replace("data.npz", "digits")
    found = load(written(tmp_path, text))
    assert (found.model.teacher, found.data.source) == ("python:mine:teacher", "digits")
    found = load(written(tmp_path, MINIMAL.replace("data.npz", "/data/x.npz")))
    assert found.data.source == "/data/x.npz"


def test_every_section_can_be_set(tmp_path: Path) -> None:
    text = """
[model]
teacher = "t.h5"
student = "auto"
trust = true
[student]
width = 0.25
[data]
source = "digits"
scale = 0.0625
offset = -1
limit = 100
memory = "512 MiB"
[task]
kind = "regression"
[objective]
maximize = "accuracy"
[[budget]]
metric = "size_bytes"
max = "1.5 MB"
device = "bench-pi"
[[budget]]
metric = "accuracy"
min = 0.9
[distill]
features = 0.5
[search]
precisions = ["int8", "float32"]
techniques = []
minutes = 5
[measure]
blocks = 3
[export]
formats = ["onnx"]
[devices.bench-pi]
target = "raspberry-pi-4"
address = "ssh://pi@board"
"""
    found = load(written(tmp_path, text))
    assert found.task.value == Task("regression", "mae")
    assert found.objective.value == Objective("accuracy", minimize=False)
    assert found.budgets == (
        Budget("size_bytes", "max", 1.5e6, "bench-pi"),
        Budget("accuracy", "min", 0.9),
    )
    assert found.search.precisions == ("int8", "float32")
    assert found.data.memory_bytes == 512 * 2**20
    assert found.devices["bench-pi"].address == "ssh://pi@board"
    assert found.measure.model_dump(mode="json")["blocks"] == 3


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[serach]\nrounds = 3\n", "unknown section [serach]", "'search'"),
        ("[search]\nround = 3\n", "[search] has no key 'round'", "'rounds'"),
        ("[devices.pi]\ntarget='a'\nadress='b'\n", "[devices.pi] has no key 'adress'", "'address'"),
        ("[[budget]]\nmetric='accuracy'\nmaximum=1\n", "[[budget]] 2 has no key 'maximum'", "max"),
        (
            "[search]\nrounds = -1\n",
            "[search] rounds must be greater than or equal to 0, got -1",
            "",
        ),
        ("[search]\nrounds = 1.5\n", "[search] rounds must be a valid integer", ""),
        ("[search]\nrounds = '3'\n", "[search] rounds must be a valid integer, got '3'", ""),
        ("[search]\nminutes = nan\n", "[search] minutes must be", ""),
        ("[search]\nminutes = inf\n", "[search] minutes must be", ""),
        ("[search]\nstrategy = 'alocate'\n", "unknown strategy 'alocate'", "'allocate'"),
        ("[search]\nstrategy = 3\n", "[search] strategy must be text in quotes, got 3.", ""),
        ("[search]\ntechniques = ['prune']\n", "unknown technique in the search", "factorize"),
        ("[search]\nprecisions = ['int7']\n", "[search] precisions must be", "'int8'"),
        ("[export]\nformats = []\n", "[export] formats must not be empty, got []", ""),
        ("[search]\nprecisions = 'int8'\n", "[search] precisions must be a list", ""),
        ("[devices]\npi = 3\n", "[devices.pi] must be a table, got 3", ""),
        ("[[budget]]\nmetric = 'size_bytes'\nmax = '\uff11\uff10'\n", "is not a quantity", ""),
        ("[export]\nformats = 'tflite'\n", "[export] formats must be", ""),
        ("[task]\nkind = 'clasification'\n", "kind 'clasification' is unknown", "'classification'"),
        ("[task]\nkind = 'regression'\nmetric = 'accuracy'\n", "does not belong to regression", ""),
        ("[objective]\nminimize = 'accuracy'\n", "'accuracy' is nothing to minimize", ""),
        ("[objective]\nmaximize = 'size_bytes'\n", "'size_bytes' is nothing to maximize", ""),
        (
            "[objective]\nminimize = 'size_bytes'\nmaximize = 'accuracy'\n",
            "minimize and maximize cannot both",
            "",
        ),
        ("[student]\nwidth = 0\n", "[student] width must be greater than 0, got 0", ""),
        ("[distill]\nsoft = 0\nhard = 0\n", "nothing would be learned", ""),
        ("[devices.pi]\ntarget = 'local'\n", "[devices.pi] address is missing", ""),
        ("[[budget]]\nmetric = 'latency'\nmax = 3\n", "metric 'latency' is unknown", ""),
        ("[[budget]]\nmetric = 'size_bytes'\n", "needs either a max or a min", ""),
        (
            "[[budget]]\nmetric = 'size_bytes'\nmax = 1\nmin = 1\n",
            "needs either a max or a min",
            "",
        ),
        ("[[budget]]\nmetric = 'size_bytes'\nmax = 'small'\n", "'small' is not a quantity", ""),
        ("[[budget]]\nmetric = 'size_bytes'\nmax = '3 ms'\n", "'3 ms' has no unit that fits", ""),
        ("[[budget]]\nmetric = 'size_bytes'\nmax = true\n", "[[budget]] 2: max must be", ""),
        ("[[budget]]\nmetric = 'size_bytes'\nmax = nan\n", "[[budget]] 2: max must be", ""),
        ("[[budget]]\nmax = 3\n", "[[budget]] 2: metric is missing", ""),
        (
            "[[budget]]\nmetric = 'sizebytes'\nmax = '48 KiB'\n",
            "metric 'sizebytes' is unknown",
            "Did you mean 'size_bytes'?",
        ),
        (
            "[[budget]]\nmetric = 'latency_p50'\nmax = '3 ms'\nmin = '1 ms'\n",
            "metric 'latency_p50' is unknown",
            "Did you mean 'latency_p50_ms'?",
        ),
        (
            "[[budget]]\nmetric = 'cold_ms'\nmax = '3 ms'\nmin = '1 apple'\n",
            "max and min are both given",
            "one [[budget]] for each",
        ),
        ("[[budget]]\nmetric = 'size_bytes'\nmax = '48'\n", "'48' has no unit", '"48 KiB"'),
        ("[[budget]]\nmetric = 'cold_ms'\nmin = ' 1. '\n", "has no unit", '"1. ms"'),
        ("[[budget]]\nmetric = 'agreement'\nmin = '95'\n", "'95' has no unit", '"95 %"'),
        ("[[budget]]\nmetric = 'cold_ms'\nmax = '48 KiB'\n", "no unit that fits", '"48 ms"'),
        ("[objective]\nminimize = 'sizebytes'\n", "nothing to minimize", "'size_bytes'"),
        ("model = 3\n", "", ""),
        ("[[[", "is not valid TOML", ""),
    ],
)
def test_what_cannot_be_used_is_told_in_one_sentence(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    sentence, advice = refusal(tmp_path, MINIMAL + text)
    assert message in sentence
    assert "edgehone.toml" in sentence
    assert "\n" not in sentence
    assert "pydantic" not in sentence
    assert hint in advice
    assert advice


@pytest.mark.parametrize(
    ("memory", "message", "hint"),
    [
        ("'2'", "'2' has no unit", '"2 KiB"'),
        ("'1 kB'", "'1 kB' is not between 1 MiB and 1 PiB", '"2 GiB"'),
        ("-1", "-1 is not between 1 MiB and 1 PiB", '"2 GiB"'),
        ("true", "memory must be text in quotes", ""),
    ],
)
def test_memory_is_an_amount_with_its_unit(
    tmp_path: Path, memory: str, message: str, hint: str
) -> None:
    sentence, advice = refusal(tmp_path, MINIMAL.replace("[data]", f"[data]\nmemory = {memory}"))
    assert message in sentence
    assert hint in advice


def test_missing_sections_and_keys_are_named(tmp_path: Path) -> None:
    text, _ = refusal(tmp_path, MINIMAL.replace('teacher = "teacher.keras"', ""))
    assert "[model] teacher is missing" in text
    text, _ = refusal(tmp_path, MINIMAL.replace('[data]\nsource = "data.npz"', ""))
    assert "[data] is missing" in text


@pytest.mark.parametrize("budgets", ["", "budget = []\n"])
def test_no_budget_is_an_error(tmp_path: Path, budgets: str) -> None:
    text = budgets + MINIMAL.split("[[budget]]")[0]
    assert "no budget" in refusal(tmp_path, text)[0]
    with pytest.raises(ConfigError, match="no budget"):
        load_budgets(written(tmp_path, budgets))


def test_one_budget_table_instead_of_a_list_is_explained(tmp_path: Path) -> None:
    text = MINIMAL.replace("[[budget]]", "[budget]")
    message, hint = refusal(tmp_path, text)
    assert "[budget] is one table" in message
    assert "[[budget]]" in hint


def test_missing_file_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="File not found") as caught:
        load(tmp_path / "edgehone.toml")
    assert "edgehone init" in caught.value.hint
    with pytest.raises(StorageError):
        load(tmp_path)


def test_budgets_stand_alone_or_in_a_project_file(tmp_path: Path) -> None:
    alone = '[[budget]]\nmetric = "size_bytes"\nmax = "200 KiB"\n'
    assert load_budgets(written(tmp_path, alone)) == (Budget("size_bytes", "max", 204800),)
    assert load_budgets(written(tmp_path, MINIMAL)) == load(written(tmp_path, MINIMAL)).budgets
    with pytest.raises(ConfigError, match=r"unknown section \[budgets\]") as caught:
        load_budgets(written(tmp_path, alone + "[budgets]\n"))
    assert "'budget'" in caught.value.hint


def test_users_own_devices_are_known_and_the_projects_win(tmp_path: Path) -> None:
    assert user_devices() == {}
    user = tmp_path / "user" / "edgehone" / "config.toml"
    user.parent.mkdir(parents=True)
    user.write_text(
        "[devices.phone]\ntarget='android'\naddress='adb://1'\n"
        "[devices.pi]\ntarget='pi'\naddress='ssh://user'\n"
    )
    project = MINIMAL + "[devices.pi]\ntarget='pi'\naddress='ssh://project'\n"
    found = load(written(tmp_path, project)).devices
    assert {name: place.address for name, place in found.items()} == {
        "phone": "adb://1",
        "pi": "ssh://project",
    }
    user.write_text("[device.phone]\n")
    with pytest.raises(ConfigError, match=r"config\.toml: unknown section \[device\]"):
        user_devices()


def test_template_loads_and_its_comments_are_the_defaults(tmp_path: Path) -> None:
    text = template()
    found = load(written(tmp_path, text))
    shown = "\n".join(
        line.removeprefix("# ")
        if line.startswith("# ") and " = " in line and line[2].islower()
        else line
        for line in text.split("# [devices")[0].splitlines()
    )
    assert shown.count("\n") == text.split("# [devices")[0].count("\n") - 1
    assert "\nepochs = " in shown
    assert load(written(tmp_path, shown)) == found


def test_template_documents_every_key() -> None:
    text = template()
    for key in ("limit", "warmup_s", "minimum_count", "trust", "temperature", "address", "device"):
        assert f"\n# {key} =" in text
    assert all(metric in text for metric in METRICS)
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("200 KiB", "bytes", 204800),
        ("1.5 MB", "bytes", 1.5e6),
        ("1e3", "bytes", 1000),
        (".5kB", "bytes", 500),
        ("30 ms", "ms", 30),
        ("2s", "ms", 2000),
        ("250 µs", "ms", 0.25),
        ("1 %", "score", 0.01),
        ("1 point", "score", 0.01),
        ("2.5 points", "fraction", 0.025),
        ("-0.5%", "score", -0.005),
        ("12 M", "count", 12e6),
    ],
)
def test_quantities_are_read_in_their_unit(text: str, unit: Unit, value: float) -> None:
    assert quantity(text, unit) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "MB", "1.5.2 MB", "1 mb", "1 MB extra", "nan", "1e999"])
def test_quantities_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a quantity|no unit|too large"):
        quantity(text, "bytes")


@pytest.mark.parametrize(
    ("table", "hints"),
    [
        ('metric = "accuracy_drop"\nmax = "1"', ['"1 %"', "quotation marks 0.01"]),
        ('metric = "agreement"\nmin = "95"', ['"95 %"', "quotation marks 0.95"]),
        ('metric = "accuracy"\nmin = "0.9"', ['"90 %"', "quotation marks 0.9"]),
        ('metric = "mae"\nmax = 2', ['metric = "accuracy" with a max']),
        ('metric = "r2"\nmin = 0.5', ['metric = "accuracy" with a min']),
    ],
)
def test_a_hint_on_a_budget_is_one_that_works(tmp_path: Path, table: str, hints: list[str]) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text(f"[[budget]]\n{table}\n")
    with pytest.raises(ConfigError) as caught:
        load_budgets(path)
    for hint in hints:
        assert hint in caught.value.hint
