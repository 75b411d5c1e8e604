"""Train a small network that spots four words in one second of sound; leaves the folder words and
words.keras behind.

The sound is made, as nothing may be downloaded here: a word is a row of vowels, which a speaker of
their own pitch and throat sings into noise. With recordings, put them into words/WORD/ instead.
"""

import wave
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

RATE = 8000
VOWELS = {"a": (800, 1200), "e": (450, 1900), "i": (300, 2300), "o": (450, 850), "u": (320, 700)}
"""Centres of the two lowest formants in Hz: Peterson & Barney 1952, rounded."""
WORDS = ("aie", "eua", "ioa", "oui")
CLIPS = {"train": 160, "val": 40, "test": 60}
"""Clips of each word; each has a speaker of its own."""


FRAME, HOP, BINS = 240, 160, 40
"""Samples of a frame and between frames, and mel bands: as edgehone.toml has them."""


def spoken(vowels: str, draw: np.random.Generator) -> np.ndarray:
    """One second of a word: (8000,) in [-1, 1]."""
    pitch, throat = draw.uniform(90, 250), draw.uniform(0.85, 1.15)
    lengths = draw.uniform(0.12, 0.22, len(vowels))
    parts = []
    for vowel, seconds in zip(vowels, lengths, strict=True):
        time = np.arange(int(seconds * RATE)) / RATE
        tones = pitch * np.arange(1, int(3500 / pitch))
        strength = sum(
            np.exp(-(((tones - throat * centre) / 120) ** 2)) for centre in VOWELS[vowel]
        )
        waves = np.sin(2 * np.pi * tones[:, None] * time + draw.uniform(0, 6, (len(tones), 1)))
        parts.append(strength @ waves)
    word = np.convolve(np.concatenate(parts), np.ones(40) / 40, "same")
    clip = draw.normal(0, 0.06, RATE)
    start = draw.integers(0, RATE - len(word))
    clip[start : start + len(word)] += word / np.abs(word).max() * draw.uniform(0.3, 0.9)
    return np.clip(clip, -1, 1)


draw = np.random.default_rng(0)
for split, count in CLIPS.items():
    for word in WORDS:
        folder = Path("words", split, word)
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            with wave.open(str(folder / f"{number:03}.wav"), "wb") as written:
                written.setparams((1, 2, RATE, 0, "NONE", ""))
                written.writeframes((spoken(word, draw) * 32767).astype("<i2").tobytes())

bands = tf.signal.linear_to_mel_weight_matrix(BINS, 129, RATE, 0, RATE / 2)


def log_mel(clip: np.ndarray) -> np.ndarray:
    """What the network sees of a clip: (49, 40)."""
    spectrum = tf.abs(tf.signal.stft(clip, FRAME, HOP, 256))
    return np.asarray(tf.math.log(spectrum @ bands + 1e-6))


data = {}
for split in CLIPS:
    x, y = [], []
    for label, word in enumerate(WORDS):
        for path in sorted(Path("words", split, word).glob("*.wav")):
            with wave.open(str(path), "rb") as file:
                clip = np.frombuffer(file.readframes(RATE), "<i2").astype(np.float32) / 32768
            x.append(log_mel(clip))
            y.append(label)
    data[split] = np.array(x), np.array(y)

keras.utils.set_random_seed(0)
frames, bins = data["train"][0].shape[1:]
scaled = layers.Normalization(axis=None)
scaled.adapt(data["train"][0])
model = keras.Sequential([keras.Input((frames, bins), name="sound"), scaled])
model.add(layers.Reshape((frames, bins, 1)))
kernels = [layers.Conv2D(32, (7, 3), strides=2, padding="same", use_bias=False)]
for _ in range(3):
    kernels.append(layers.DepthwiseConv2D(3, padding="same", use_bias=False))
    kernels.append(layers.Conv2D(48, 1, use_bias=False))
for kernel in kernels:
    for layer in (kernel, layers.BatchNormalization(momentum=0.9), layers.ReLU()):
        model.add(layer)
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(len(WORDS), activation="softmax", name="word"))
model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(*data["train"], epochs=12, verbose=0)
_, accuracy = model.evaluate(*data["test"], verbose=0)
model.save("words.keras")
print(f"words.keras: {model.count_params():,} parameters, {accuracy:.1%} of the test words right")
