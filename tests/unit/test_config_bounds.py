"""Numbers and names beyond sane limits are refused, with the largest that is taken."""

from pathlib import Path

import pytest

from edgehone.cli.app import main
from edgehone.compress.recipe import technique_of
from edgehone.compress.recipe.catalogue import catalogue
from edgehone.config import load, load_budgets
from edgehone.errors import ConfigError
from edgehone.system import bounds
from edgehone.targets import load as load_target
from edgehone.values import Step

MINIMAL = (
    '[model]\nteacher = "t.keras"\n[data]\nsource = "digits"\n{data}'
    '[[budget]]\nmetric = "size_bytes"\nmax = 1\n'
)

NUMBERS = [
    ("student", "candidates", bounds.CANDIDATES),
    ("student", "epochs", bounds.EPOCHS),
    ("data", "calibration", bounds.SAMPLES),
    ("data", "limit", bounds.SAMPLES),
    ("distill", "epochs", bounds.EPOCHS),
    ("distill", "batch_size", bounds.BATCH),
    ("distill", "learning_rate", bounds.WEIGHT),
    ("distill", "soft", bounds.WEIGHT),
    ("distill", "quantize_aware_epochs", bounds.EPOCHS),
    ("distill", "final_epochs", bounds.EPOCHS),
    ("search", "finalists", bounds.CANDIDATES),
    ("search", "rounds", bounds.CANDIDATES),
    ("search", "minutes", bounds.MINUTES),
    ("measure", "blocks", bounds.BLOCKS),
    ("measure", "warmup_s", bounds.BLOCK_S),
    ("measure", "minimum_s", bounds.BLOCK_S),
    ("measure", "minimum_count", bounds.INFERENCES),
    ("measure", "threads", bounds.THREADS),
]


@pytest.mark.parametrize(("section", "key", "most"), NUMBERS)
def test_every_number_of_a_project_has_an_upper_limit(
    section: str, key: str, most: float, tmp_path: Path
) -> None:
    path = tmp_path / "edgehone.toml"
    for value, taken in ((most, True), (most * 2, False), (most * 10**30, False)):
        line = f"{key} = {value}\n"
        data = line if section == "data" else ""
        rest = "" if section == "data" else f"[{section}]\n{line}"
        path.write_text(MINIMAL.format(data=data) + rest)
        if taken:
            load(path)
        else:
            with pytest.raises(ConfigError, match=f"{key} must be less than or equal to"):
                load(path)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("blocks = 1000000000000", "blocks"),
        ("minimum_s = 1e300", "minimum_s"),
        ("warmup_s = 601.0", "warmup_s"),
        ("patience_s = 1e9", "patience_s"),
        ("cooldown_s = 1e9", "cooldown_s"),
        ("threads = 100000", "threads"),
        ("big_cores = [1000000000]", "big_cores.0"),
        ("memory_bytes = 99999999999999999999", "memory_bytes"),
    ],
)
def test_every_number_of_a_profile_has_an_upper_limit(line: str, key: str, tmp_path: Path) -> None:
    (tmp_path / "board.toml").write_text(f"{line}\n")
    with pytest.raises(ConfigError, match=f"{key} = .*less than"):
        load_target(tmp_path / "board.toml")


def test_every_epoch_of_a_technique_is_bounded() -> None:
    tried = 0
    for entry in catalogue():
        if "epochs" in {setting["name"] for setting in entry["settings"]}:
            tried += 1
            with pytest.raises(ConfigError, match=r"epochs = 1000000000 .* at most 100000"):
                technique_of(Step(entry["name"], {"epochs": 10**9}))
    assert tried >= 5


@pytest.mark.parametrize("character", ["x", "\u4e2d"])
def test_names_are_short(character: str, tmp_path: Path) -> None:
    path = tmp_path / "budgets.toml"
    for length, taken in ((bounds.NAME_CHARACTERS, True), (4096, False)):
        name = character * length
        path.write_text(f'[[budget]]\nmetric = "size_bytes"\nmax = 1\ndevice = "{name}"\n')
        if taken:
            assert load_budgets(path)[0].device == name
        else:
            with pytest.raises(ConfigError, match="at most 200 characters") as caught:
                load_budgets(path)
            assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "words",
    [
        ["bench", "a.tflite", "--blocks", "1000000000000"],
        ["bench", "a.tflite", "--threads", "1000000"],
        ["compare", "a.tflite", "b.tflite", "--pairs", "1000000000000"],
        ["export", "a.keras", "--samples", "99999999999"],
        ["compress", "a.keras", "--samples", "99999999999"],
        ["run", "--rounds", "99999999999"],
        ["run", "--minutes", "1e300"],
        ["bench", "a.tflite", "--scale", "1e999999999"],
        ["bench", "a.tflite", "--scale", "1e-999999999"],
        ["bench", "a.tflite", "--offset", "9" * 1000],
    ],
)
def test_every_number_of_a_command_has_an_upper_limit(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    text = capsys.readouterr().err
    assert "less than or equal to" in text or "must be a number" in text
