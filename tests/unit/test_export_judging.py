"""What an output is, and when a file is wrecked."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from tests import tflite_files, tiny_models

from edgehone.export.judging import _are_fractions, _kind, accuracy, kinds, thresholds
from edgehone.export.parity import parities, parity
from edgehone.export.wrecked import judged
from edgehone.formats._dataflow import Role
from edgehone.tasks.kinds import Answer
from edgehone.values import LayerSpec

RANDOM = np.random.default_rng(0)
LABELS = np.arange(12) % 3


@pytest.mark.parametrize(
    ("end", "columns", "answer", "labels", "kind"),
    [
        ("softmax", 3, None, None, "labels"),
        ("softmax", 3, "numbers", None, "numbers"),
        ("sigmoid", 1, None, None, "labels"),
        ("sigmoid", 3, None, None, "probabilities"),
        ("sigmoid", 3, "labels", None, "probabilities"),
        ("sigmoid", 3, None, LABELS, "labels"),
        ("weights", 3, None, None, "numbers"),
        ("weights", 3, None, LABELS, "labels"),
        ("weights", 3, "labels", None, "labels"),
        ("weights", 1, None, None, "numbers"),
        ("weights", 3, "numbers", LABELS, "numbers"),
        ("sigmoid", 3, "probabilities", LABELS, "probabilities"),
        ("sigmoid", 1, "probabilities", None, "probabilities"),
        ("weights", 3, "probabilities", LABELS, "numbers"),
    ],
)
def test_an_output_is_what_the_task_or_the_models_end_says(
    end: Role, columns: int, answer: Answer | None, labels: Any, kind: str
) -> None:
    outputs = RANDOM.normal(size=(12, columns))
    assert _kind(frozenset({end}), outputs, answer, labels) == kind


def test_labels_of_the_data_make_linear_outputs_scores(tmp_path: Path) -> None:
    file, outputs = tflite_files.float_file(tmp_path), RANDOM.normal(size=(12, 5))

    def found(targets: Any) -> tuple[str, ...]:
        return kinds(file, [outputs], answer=None, targets=targets)

    assert found(None) == ("numbers",)
    assert found(LABELS) == ("labels",)
    assert found(LABELS + 3) == ("numbers",)  # one is not a column of 5
    assert found(LABELS.astype(np.float32)) == ("numbers",)
    assert found(RANDOM.normal(size=(12, 5))) == ("numbers",)


@pytest.mark.parametrize("columns", [1, 3])
def test_a_sigmoid_with_fractions_for_targets_is_a_score(columns: int) -> None:
    outputs = RANDOM.random((12, columns))
    assert outputs.max() > 0.5 > outputs.min()

    def found(answer: Answer | None = None, *, fractions: bool) -> str:
        return _kind(frozenset({"sigmoid"}), outputs, answer, None, fractions=fractions)

    assert found(fractions=True) == "numbers"
    assert found(fractions=False) == ("labels" if columns == 1 else "probabilities")
    assert _kind(frozenset({"softmax"}), RANDOM.random((9, 3)), None, None, fractions=True) == (
        "labels"
    )


@pytest.mark.parametrize("low", [0.0, 0.9])
@pytest.mark.parametrize("answer", [None, "labels"])
def test_a_sigmoid_that_always_says_the_same_is_judged_by_its_numbers(
    low: float, answer: Answer | None
) -> None:
    outputs = low + 0.1 * RANDOM.random((12, 1))
    assert _kind(frozenset({"sigmoid"}), outputs, answer, None) == "numbers"
    assert _kind(frozenset({"sigmoid"}), outputs, answer, LABELS % 2) == "labels"


def test_fractions_are_targets_that_are_no_whole_numbers() -> None:
    assert _are_fractions(RANDOM.random((12, 1)))
    assert not _are_fractions(np.array([[0.0], [1.0]]))
    assert not _are_fractions(LABELS)
    assert not _are_fractions(None)


def test_labels_are_those_of_every_place() -> None:
    maps = RANDOM.random((2, 4, 4, 3))
    assert accuracy(maps, "labels", maps.argmax(axis=-1)) == 1
    assert accuracy(np.eye(3)[LABELS], "labels", LABELS) == 1
    assert accuracy(np.eye(3)[LABELS], "numbers", LABELS) is None


@pytest.mark.parametrize("values", [[0.1, 0.3, 0.9], [-2.0, 0.1, 3.0]])
def test_a_layer_with_weights_at_the_end_gives_logits_whatever_the_samples(
    values: list[float], tmp_path: Path
) -> None:
    file = tiny_models.layer(tmp_path, LayerSpec("dense", 1, 1, 6, 1), "float32", "logit")
    assert thresholds(file, [np.array(values)[:, None]]) == (0.0,)


def test_what_a_file_does_not_tell_the_float_outputs_do(tmp_path: Path) -> None:
    port = [onnx.helper.make_tensor_value_info(name, 1, [1, 1]) for name in "xy"]
    clip = onnx.helper.make_node("Tanh", ["x"], ["y"])
    graph = onnx.helper.make_graph([clip], "g", port[:1], port[1:])
    file = tmp_path / "ends_otherwise.onnx"
    file.write_bytes(onnx.helper.make_model(graph).SerializeToString())
    logits, shares = np.array([[-0.2], [0.4]]), np.array([[0.2], [0.6]])
    assert (*thresholds(file, [logits]), *thresholds(file, [shares])) == (0.0, 0.5)


def test_two_files_of_a_logit_are_compared_by_the_first_ones_threshold() -> None:
    reference = np.array([[-0.1], [0.1], [0.3], [0.4]])
    rounded = np.array([[0.0], [0.0], [0.3], [0.4]])
    assert parity(reference, rounded, True)["agreement"] == 0.75
    small = np.array([[0.1], [0.1], [0.3], [0.4]])
    assert parity(small, small - 0.2, True, threshold=0.0)["agreement"] == 0.5
    labels = np.array([1, 1, 1, 1])
    assert accuracy(small, "labels", labels, 0.0) == 1
    assert accuracy(small, "labels", labels, 0.5) == 0


def scores(labels: Any, classes: int) -> Any:
    return np.eye(classes)[labels] * 0.8 + 0.1


@pytest.mark.parametrize(
    ("wrong", "verdict"), [(0, "good"), (4, "good"), (30, "poor"), (110, "wrecked")]
)
def test_labels_are_judged_against_chance(wrong: int, verdict: str) -> None:
    labels = np.arange(200) % 2
    changed = labels.copy()
    changed[:wrong] = 1 - changed[:wrong]
    found = judged(parity(scores(labels, 2), scores(changed, 2), True), "int8")
    assert found.verdict == verdict
    assert ("chance gives 50.0 %" in found.reason) == (verdict != "good")


def test_a_file_that_always_says_the_same_is_wrecked_however_common_the_label() -> None:
    labels = (np.arange(200) < 12).astype(int)
    always = np.zeros(200, int)
    assert judged(parity(scores(labels, 2), scores(always, 2), True), "int8").verdict == "wrecked"
    same = parity(scores(always, 2), scores(always, 2), True)
    assert (same["skill"], judged(same, "int8").verdict) == (1, "good")


@pytest.mark.parametrize(
    ("noise", "precision", "verdict"),
    [
        (0.01, "int8", "good"),
        (0.2, "int8", "poor"),
        (0.2, "int8x4", "good"),
        (0.9, "int8", "wrecked"),
    ],
)
def test_numbers_are_judged_by_their_worst_column(
    noise: float, precision: str, verdict: str
) -> None:
    reference = RANDOM.normal(size=(400, 2)) * [1e4, 1]
    found = reference + RANDOM.normal(size=(400, 2)) * [1, noise]
    result = judged({**parity(reference, found, False), "names": ["pair"]}, precision)
    assert result.verdict == verdict
    assert ("column 1 of output 'pair'" in result.reason) == (verdict != "good")


def test_no_numbers_are_wrecked_and_a_constant_output_tells_nothing() -> None:
    reference = RANDOM.normal(size=(9, 2))
    for labels in (True, False):
        assert judged(parity(reference, reference * np.nan, labels), "int8").verdict == "wrecked"
    assert judged(parity(np.zeros((9, 2)), np.full((9, 2), 1e-3), False), "int8").verdict == "good"


def test_one_wrecked_output_wrecks_the_file() -> None:
    sound, varied = scores(LABELS, 3), RANDOM.normal(size=(12, 1))
    found = parities([sound, varied], [sound, varied * 0], [True, False])
    assert found["worst"]["output"] == 1
    assert found["skill"] < 0.5
    assert judged(found, "int8").verdict == "wrecked"
