"""The peak memory of `edgehone run` over images that would not fit: made, written, run, watched."""

import argparse
import json
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import images
import numpy as np
from watching import Peak, watched

HERE = Path(__file__).parent
LIMIT_GIB = 3
TAUGHT = 2000
"""Images that the teacher is trained on."""

PROJECT = """\
[model]
teacher = "teacher.keras"
student = "auto"

[data]
source = "images.npz"
scale = {scale}
memory = "{memory}"

[distill]
epochs = 1
final_epochs = 1
quantize_aware_epochs = 1
soft = 0.3

[objective]
minimize = "size_bytes"

[[budget]]
metric = "accuracy_drop"
max = 0.05

[search]
rounds = {rounds}
finalists = 1
techniques = ["prune_channels"]
precisions = ["int8"]

[measure]
blocks = 3
minimum_s = 0.05
warmup_s = 0.05

[export]
formats = ["tflite"]
"""


def main() -> None:
    """Make the data and the teacher unless they are there, run, and write the row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--memory", default="2 GiB", help="[data] memory")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    asked = parser.parse_args()
    folder = asked.work / str(asked.images)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "images.npz").exists():
        images.write(folder / "images.npz", asked.images)
    if not (folder / "teacher.keras").exists():  # TensorFlow in a process of its own
        subprocess.run([sys.executable, __file__, "--teacher", str(folder)], check=True)
    text = PROJECT.format(scale=1 / 255, memory=asked.memory, rounds=asked.rounds)
    (folder / "edgehone.toml").write_text(text)
    shutil.rmtree(folder / "runs", ignore_errors=True)  # nothing is looked up
    command = [sys.executable, "-m", "edgehone", "run"]
    peak = watched(command, folder, folder / "log.txt")
    row = {"images": asked.images, "memory": asked.memory, "rounds": asked.rounds, **asdict(peak)}
    with (HERE / "results.jsonl").open("a") as stream:
        stream.write(json.dumps({**row, "cpu": cpu(), "python": platform.python_version()}) + "\n")
    print(sentence(asked.images, peak))


def sentence(count: int, peak: Peak) -> str:
    """What came out."""
    return (
        f"{count:,} images ({count * 96 * 96 * 3 / 2**30:.2f} GiB as bytes, "
        f"{count * 96 * 96 * 3 * 4 / 2**30:.2f} GiB as float32): at most "
        f"{peak.anonymous / 2**30:.2f} GiB of anonymous and {peak.resident / 2**30:.2f} GiB of "
        f"resident memory in {peak.seconds:.0f} s, exit code {peak.exit_code}"
    )


def teacher(folder: Path) -> None:
    """A small net, trained on images of the same kind."""
    from edgehone.graph import backend

    backend.seed(0)
    keras = backend.keras()
    layers = keras.layers
    net = keras.Sequential(
        [
            keras.Input((images.SIDE, images.SIDE, images.CHANNELS)),
            layers.Conv2D(8, 3, strides=4, padding="same", activation="relu"),
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(images.CLASSES, activation="softmax"),
        ]
    )
    y = np.arange(TAUGHT) % images.CLASSES
    x = np.concatenate([*images.parts(y)]) / np.float32(255)
    net.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    net.fit(x, y, epochs=6, verbose=2)
    net.save(folder / "teacher.keras")


def cpu() -> str:
    """The processor's model."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--teacher"]:
        teacher(Path(sys.argv[2]))
    else:
        main()
