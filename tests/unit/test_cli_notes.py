"""What is left out of data is told once, on stderr, by every command that reads data."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgehone.cli.app import main
from edgehone.graph import backend
from edgehone.graph.loading import save

pytestmark = pytest.mark.slow

RECIPE = """\
[[recipe]]
name = "plain"
precision = "float32"
"""

BUDGET = """\
[[budget]]
metric = "accuracy"
min = 0.01
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of two classes with a text file among them, a model, and files that commands take."""
    folder = tmp_path_factory.mktemp("notes")
    rng = np.random.default_rng(0)
    for level, name in ((40, "dark"), (200, "light")):
        (folder / "images" / name).mkdir(parents=True)
        for number in range(20):
            pixels = np.clip(rng.normal(level, 20, (8, 8)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "images" / name / f"{number}.png")
    (folder / "images" / "dark" / "readme.txt").write_text("no image")
    backend.seed(1)
    layers = backend.keras().layers
    image = layers.Input((8, 8, 1), name="image")
    x = layers.Flatten()(layers.Rescaling(1 / 255)(image))
    model = backend.keras().Model(image, layers.Dense(2, activation="softmax", name="class")(x))
    save(model, folder / "model.keras")
    (folder / "recipe.toml").write_text(RECIPE)
    (folder / "budgets.toml").write_text(BUDGET)
    assert main(["export", str(folder / "model.keras"), "-o", str(folder)]) == 0
    (made,) = folder.glob("*.tflite")
    made.rename(folder / "model.tflite")
    return folder


@pytest.mark.parametrize(
    "words",
    [
        "export model.keras -o out --precision int8 --calibration images",
        "compress model.keras recipe.toml -o out --data images --force",
        "bench model.tflite --data images --on local@scripted://",
        "gate budgets.toml model.tflite --data images --on local@scripted://",
        "init out --model model.keras --data images",
    ],
    ids=lambda words: str(words).partition(" ")[0],
)
def test_what_was_left_out_is_one_note(
    words: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    main(words.split())
    text = capsys.readouterr()
    notes = [line for line in text.err.splitlines() if "Left out of" in line]
    assert len(notes) == 1, text.err
    assert notes[0] == "note: Left out of images, as no images: 1 .txt."
