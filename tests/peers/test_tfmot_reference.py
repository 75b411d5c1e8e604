"""Masks and shared values beside those of TensorFlow's model optimization toolkit."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.compress._gradual import Decay
from edgehone.compress._masks import block_mask, magnitude_mask, n_of_m_mask
from edgehone.compress._sharing import INITIALIZATIONS, inertia, shared

pytestmark = [pytest.mark.peer, pytest.mark.slow]

Floats = NDArray[np.float32]

KERNELS = {"dense": (48, 20), "conv": (3, 3, 12, 8), "thin": (3, 3, 3, 5), "odd": (13, 7)}
SPARSITIES = (0.1, 0.5, 0.8, 0.99)
CLUSTERS = (2, 8, 32)

REFERENCE = """
import sys

import numpy as np
import tensorflow as tf
from tensorflow_model_optimization.python.core.clustering.keras import clustering_centroids
from tensorflow_model_optimization.python.core.sparsity.keras import pruning_impl
from tensorflow_model_optimization.python.core.sparsity.keras import pruning_schedule


def masked(weights, sparsity=0.5, block=(1, 1), pattern=None):
    schedule = pruning_schedule.ConstantSparsity(sparsity, 0)
    weight = tf.Variable(weights)
    pruning = pruning_impl.Pruning(
        lambda: 1, [(weight, None, None)], schedule, block, "AVG", pattern
    )
    return pruning._maybe_update_block_mask(weight)[1].numpy()


given = np.load(sys.argv[1])
found = {}
for name in ("dense", "conv", "thin", "odd"):
    for sparsity in (0.1, 0.5, 0.8, 0.99):
        found[f"{name}/{sparsity}"] = masked(given[name], sparsity)
    for zeros, of in ((2, 4), (1, 4), (3, 4), (2, 3)):
        found[f"{name}/{zeros}:{of}"] = masked(given[name], pattern=(zeros, of))
for height, width in ((4, 4), (1, 2), (8, 1)):
    found[f"dense/block{height}x{width}"] = masked(given["dense"], 0.5, (height, width))
for k in (2, 8, 32):
    start = clustering_centroids.KmeansPlusPlusCentroidsInitialisation(given["dense"], k)
    found[f"centroids/{k}"] = start.get_cluster_centroids().numpy()
    start = clustering_centroids.KmeansPlusPlusCentroidsInitialisation(
        given["sparse"], k, preserve_sparsity=True
    )
    found[f"zero centroids/{k}"] = start.get_cluster_centroids().numpy()
decay = pruning_schedule.PolynomialDecay(0.0, 0.8, 20, 70, frequency=5)
steps = [decay(tf.constant(step, tf.int64)) for step in range(100)]
found["due"] = np.array([bool(due) for due, _ in steps])
found["sparsity"] = np.array([float(sparsity) for _, sparsity in steps])
np.savez(sys.argv[2], **found)
"""


def weights() -> dict[str, Floats]:
    """Kernels without equal magnitudes, and one with half its weights at 0."""
    random = np.random.default_rng(5)
    found = {name: random.normal(size=shape) for name, shape in KERNELS.items()}
    found["sparse"] = np.where(np.abs(found["dense"]) < 0.67, 0, found["dense"])
    return {name: values.astype(np.float32) for name, values in found.items()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What TFMOT makes of `weights`, in a process of its own: it wants another Keras."""
    folder: Path = tmp_path_factory.mktemp("tfmot")
    script, given, found = (folder / name for name in ("ask.py", "given.npz", "found.npz"))
    script.write_text(REFERENCE, encoding="utf-8")
    np.savez(given, **weights())  # type: ignore[arg-type] # numpy's stubs take a flag for an array
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, str(script), str(given), str(found)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    with np.load(found) as answers:
        return dict(answers)


@pytest.mark.parametrize("sparsity", SPARSITIES)
@pytest.mark.parametrize("name", KERNELS)
def test_magnitude_masks_equal_tfmots(
    reference: dict[str, Any], name: str, sparsity: float
) -> None:
    values = weights()[name]
    assert len(np.unique(np.abs(values))) == values.size
    mask = magnitude_mask(values, sparsity)
    assert 0 < mask.mean() < 1
    assert (mask == reference[f"{name}/{sparsity}"].astype(bool)).all()


@pytest.mark.parametrize(("zeros", "of"), [(2, 4), (1, 4), (3, 4), (2, 3)])
@pytest.mark.parametrize("name", KERNELS)
def test_n_of_m_masks_equal_tfmots(
    reference: dict[str, Any], name: str, zeros: int, of: int
) -> None:
    mask = n_of_m_mask(weights()[name], of - zeros, of, -2)
    assert mask.any()
    assert (mask == reference[f"{name}/{zeros}:{of}"].astype(bool)).all()
    assert mask.mean() < 1 or (name, zeros) == ("thin", 1)


@pytest.mark.parametrize("block", [(4, 4), (1, 2), (8, 1)])
def test_block_masks_equal_tfmots_where_blocks_fit(
    reference: dict[str, Any], block: tuple[int, int]
) -> None:
    mask = block_mask(weights()["dense"], 0.5, block, (-2, -1))
    assert mask.mean() == 0.5
    assert (mask == reference[f"dense/block{block[0]}x{block[1]}"].astype(bool)).all()


def test_decay_equals_tfmots(reference: dict[str, Any]) -> None:
    decay = Decay(0.2, 0.7, 5, 100)
    within = range(20, 71)
    assert [decay.is_due(step) for step in within] == [reference["due"][s] for s in within]
    ours = [0.8 * decay.progress(step) for step in within]
    assert np.ptp(ours) == pytest.approx(0.8)
    np.testing.assert_allclose(ours, reference["sparsity"][within], atol=1e-6)


@pytest.mark.parametrize("kind", ["centroids", "zero centroids"])
@pytest.mark.parametrize("k", CLUSTERS)
def test_clusters_lose_no_more_than_tfmots(reference: dict[str, Any], k: int, kind: str) -> None:
    values = weights()["dense" if kind == "centroids" else "sparse"]
    centroids = reference[f"{kind}/{k}"]
    assert len(centroids) == k
    theirs = centroids[np.abs(values[..., None] - centroids).argmin(axis=-1)]
    for initialization in INITIALIZATIONS:
        ours = shared(values, k, initialization)
        assert len(np.unique(ours)) <= k
        assert not ours[values == 0].any()
        if initialization == "k-means++":
            assert 0 < inertia(values, ours) <= inertia(values, theirs)
