"""Train a small network that says which package a sentence of documentation is from; leaves
sentences.keras, sentences.npz, vocabulary.txt and packages.txt behind.

What is saved takes the numbers of words: phones have no TextVectorization. An app splits a text
into words, and looks their numbers up in vocabulary.txt.
"""

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

PACKAGES = ("keras", "numpy", "scipy", "sqlalchemy")
WORDS, LENGTH = 4000, 24
"""Words that have a number, and numbers that a sentence is cut or filled up to."""
COUNTS = {"train": 1600, "val": 300, "test": 300}
"""Sentences of each package."""


def sentences(package: str) -> list[str]:
    """What the docstrings of a package say, each sentence once, without its name."""
    found: dict[str, None] = {}
    (place,) = import_module(package).__path__
    for file in sorted(Path(place).rglob("*.py")):
        if "test" in str(file.relative_to(place)):
            continue
        for text in re.findall(r'"""(.*?)"""', file.read_text(encoding="utf-8"), re.S):
            for sentence in re.split(r"[.:]\s", inspect.cleandoc(text)):
                words = re.findall(r"[a-z]+", sentence.lower())
                if len(words) > 4 and package not in words:
                    found[" ".join(words)] = None
    return list(found)


draw = np.random.default_rng(0)
texts: dict[str, list[str]] = {split: [] for split in COUNTS}
labels: dict[str, list[int]] = {split: [] for split in COUNTS}
for number, package in enumerate(PACKAGES):
    shuffled = draw.permutation(sentences(package))
    ends = np.cumsum(list(COUNTS.values()))
    for split, part in zip(COUNTS, np.split(shuffled, ends)[:-1], strict=True):
        texts[split] += part.tolist()
        labels[split] += [number] * len(part)

vectorizer = layers.TextVectorization(WORDS, output_sequence_length=LENGTH)
vectorizer.adapt(texts["train"])
Path("vocabulary.txt").write_text("\n".join(vectorizer.get_vocabulary()[1:]) + "\n")
Path("packages.txt").write_text("\n".join(PACKAGES) + "\n")
data: dict[str, Any] = {
    f"x_{split}": np.asarray(vectorizer(texts[split]), np.int32) for split in COUNTS
}
data |= {f"y_{split}": np.array(labels[split]) for split in COUNTS}
np.savez("sentences.npz", **data)

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((LENGTH,), dtype="int32", name="words"),
        layers.Embedding(WORDS, 48),
        layers.Conv1D(96, 3, padding="same", activation="relu"),
        layers.Conv1D(96, 3, padding="same", activation="relu"),
        layers.GlobalMaxPooling1D(),
        layers.Dropout(0.5),
        layers.Dense(len(PACKAGES), activation="softmax", name="package"),
    ]
)
model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(data["x_train"], data["y_train"], epochs=5, verbose=0)
_, accuracy = model.evaluate(data["x_test"], data["y_test"], verbose=0)
model.save("sentences.keras")
print(f"sentences.keras: {model.count_params():,} parameters, {accuracy:.1%} of the test sentences")
