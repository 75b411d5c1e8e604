"""What every kind of task promises: losses that fall, metrics that tell, guesses that lose."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.task_problems import Problem, kind_for, problem_of

from edgehone.compress._base import TrainingContext
from edgehone.compress.distill import Distill
from edgehone.compress.training.fitting import Schedule, fit_hard, hard_loss, soft_loss
from edgehone.data import DataSet, Split
from edgehone.errors import DataError
from edgehone.graph import backend
from edgehone.search.sensitivity import divergence
from edgehone.system.references import bare
from edgehone.tasks import scoring
from edgehone.tasks.constant_answer import advice, with_constant_answer
from edgehone.tasks.evaluate import agreement, evaluate
from edgehone.tasks.kinds import PACKAGE, TaskKind, kind_of, known, named, task_of
from edgehone.tasks.metrics import direction_of, metric_for, metric_names
from edgehone.tasks.outputs import threshold_of
from edgehone.tasks.robustness import Noisy, check
from edgehone.units import is_share
from edgehone.values import Task

Array = NDArray[Any]
KINDS = [kind_for(name) for name in known()]
METRICS = [Task(kind, metric) for kind in KINDS for metric in metric_names(kind)]
FEW = 200


def shown(task: Task) -> str:
    return f"{bare(task.kind)} {task.metric}"


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals of fewer draws, which take less time."""
    monkeypatch.setattr(scoring, "DRAWS", 200)
    monkeypatch.setattr(scoring, "WHOLE_DRAWS", 40)


@pytest.fixture(scope="session")
def problems() -> dict[str, Problem]:
    """The problem of each kind, made once."""
    return {kind: problem_of(kind) for kind in KINDS}


def few(problem: Problem) -> tuple[Array, Array]:
    """Some targets, and the outputs that score best on them."""
    return problem.y[:FEW], problem.perfect[:FEW]


def is_one_sentence(error: DataError) -> bool:
    """Whether an error is one sentence, with a hint that is another."""
    text = str(error)
    return text.endswith(".") and ". " not in text and bool(error.hint)


def shuffled(outputs: Array, seed: int = 0) -> Array:
    """The same outputs for other samples."""
    return outputs[np.random.default_rng(seed).permutation(len(outputs))]


def logits_of(kind: TaskKind, outputs: Array) -> Array:
    """Logits whose answers are these outputs, less sure."""
    if kind.LINK == "identity":
        return outputs
    return 4 * outputs - 2


@pytest.mark.parametrize("name", KINDS, ids=bare)
def test_a_kind_has_words_and_metrics(name: str, problems: dict[str, Problem]) -> None:
    kind = kind_of(name)
    assert named(type(kind)) == bare(name)
    assert (type(kind).__doc__ or "").strip().endswith(".")
    assert kind.ANSWER in ("labels", "probabilities", "numbers")
    assert kind.METRICS
    assert all(key == metric.name for key, metric in kind.METRICS.items())
    y, perfect = few(problems[name])
    for metric in kind.METRICS:
        assert advice(Task(name, metric), y).endswith(".")
        words = [words for words, _ in kind.constants(y, perfect, metric)]
        assert words
        assert all(words)


@pytest.mark.parametrize("task", METRICS, ids=shown)
def test_perfect_outputs_score_best(task: Task, problems: dict[str, Problem]) -> None:
    y, perfect = few(problems[task.kind])
    best = evaluate(task, y, perfect)
    if is_share(task.metric):
        assert best.value == 1
    sign = 1 if best.higher_is_better else -1
    rng = np.random.default_rng(1)
    for other in (shuffled(perfect), rng.random(perfect.shape), rng.normal(size=perfect.shape)):
        found = evaluate(task, y, other, reference=perfect)
        assert sign * found.value < sign * best.value
        assert found.drop == pytest.approx(abs(best.value - found.value))
        assert found.drop_ci95 is not None
        assert found.drop_ci95[0] > 0


@pytest.mark.parametrize("task", METRICS, ids=shown)
def test_metrics_are_bounded_and_lie_in_their_interval(
    task: Task, problems: dict[str, Problem]
) -> None:
    y, perfect = few(problems[task.kind])
    rng = np.random.default_rng(2)
    for outputs in (perfect, rng.normal(size=perfect.shape), 9 * rng.normal(size=perfect.shape)):
        found = evaluate(task, y, outputs.astype(np.float32), teacher=perfect)
        low, high = found.ci95
        assert np.isfinite([low, found.value, high]).all()
        assert low - 1e-12 <= found.value <= high + 1e-12
        if is_share(task.metric):
            assert low >= 0
            assert high <= 1
        assert found.agreement is not None
        assert 0 <= found.agreement <= 1
        assert direction_of(task.metric) is found.higher_is_better


@pytest.mark.parametrize("task", METRICS, ids=shown)
def test_scores_of_samples_average_to_the_value(task: Task, problems: dict[str, Problem]) -> None:
    y, perfect = few(problems[task.kind])
    outputs, metric = shuffled(perfect, 3), metric_for(task)
    scores = metric.per_sample(y, outputs)
    if scores is not None:
        assert scores.shape == (len(y),)
        assert scores.mean() == pytest.approx(metric.value(y, outputs))
    draws = metric.draws(y, outputs, 0)
    assert np.array_equal(draws, metric.draws(y, outputs, 0))
    value = metric.value(y, outputs)
    assert draws.std() > 0 or value in (0, 1)
    assert abs(draws.mean() - value) <= 3 * draws.std()


@pytest.mark.parametrize("task", METRICS, ids=shown)
def test_a_constant_answer_is_beaten_by_knowing_and_not_by_guessing(
    task: Task, problems: dict[str, Problem]
) -> None:
    y, perfect = few(problems[task.kind])
    found = with_constant_answer(task, y, perfect, evaluate(task, y, perfect))
    assert found.guess is not None
    assert found.guess.beaten
    same = np.broadcast_to(perfect.mean(axis=0, dtype=np.float64), perfect.shape)
    for outputs in (shuffled(perfect, 0), shuffled(perfect, 1), same.astype(np.float32)):
        guess = with_constant_answer(task, y, outputs, evaluate(task, y, outputs)).guess
        assert guess is not None
        assert not guess.beaten
        assert guess.value == found.guess.value


@pytest.mark.parametrize("name", KINDS, ids=bare)
def test_sensitivity_is_0_of_equal_outputs_and_grows_with_the_error(
    name: str, problems: dict[str, Problem]
) -> None:
    _, perfect = few(problems[name])
    rng = np.random.default_rng(4)
    teacher = perfect + rng.random(perfect.shape) * 0.1
    noise = rng.normal(size=perfect.shape)
    losses = [divergence(name, teacher, teacher + size * noise) for size in (0, 0.01, 0.1, 1)]
    assert losses[0] == 0
    assert losses == sorted(losses)
    assert losses[1] > 0


@pytest.mark.parametrize("name", KINDS, ids=bare)
def test_agreement_is_1_of_equal_outputs_only(name: str, problems: dict[str, Problem]) -> None:
    task, (_, perfect) = task_of(name), few(problems[name])
    assert agreement(task, perfect, perfect) == 1
    assert 0 <= agreement(task, shuffled(perfect), perfect) < 1


@pytest.mark.parametrize("task", METRICS, ids=shown)
def test_logits_count_as_what_they_mean(task: Task, problems: dict[str, Problem]) -> None:
    y, perfect = few(problems[task.kind])
    kind, outputs = kind_of(task), shuffled(perfect, 5)
    logits = logits_of(kind, outputs)
    found = evaluate(task, y, logits, reference=logits_of(kind, perfect))
    assert found.value == pytest.approx(evaluate(task, y, outputs).value)
    assert agreement(task, logits, logits_of(kind, perfect)) == pytest.approx(
        agreement(task, outputs, perfect)
    )


@pytest.mark.parametrize("name", KINDS, ids=bare)
def test_targets_are_taken_as_they_are_and_those_of_other_models_refused(
    name: str, problems: dict[str, Problem]
) -> None:
    kind, (y, perfect) = kind_of(name), few(problems[name])
    taken = kind.targets(y, "y", perfect.shape[1:])
    assert np.array_equal(taken, y)
    kind.check(taken, perfect)
    splits = {"train": taken, "test": taken[:50]}
    count = kind.class_count(splits, (), "data", perfect.shape[1:])
    assert count in (0, max(perfect.shape[-1], 2))
    strata = kind.strata(taken)
    assert strata is None or strata.shape == (len(y),)
    with pytest.raises(DataError) as caught:
        kind.targets(y, "y", (7, 5, 3))
    assert is_one_sentence(caught.value)
    with pytest.raises(DataError) as caught:
        evaluate(task_of(name), y, perfect.reshape(len(y), -1)[:, :0])
    assert is_one_sentence(caught.value)
    with pytest.raises(DataError):
        evaluate(task_of(name), y, perfect[:-1])


@pytest.mark.parametrize("name", KINDS, ids=bare)
def test_robustness_tells_what_each_class_lost(name: str, problems: dict[str, Problem]) -> None:
    kind, (y, perfect) = kind_of(name), few(problems[name])
    noisy = Noisy(perfect, shuffled(perfect))
    found = check(task_of(name), y, perfect, shuffled(perfect), noisy)
    json.dumps(found)
    assert found["overall"]["drop"] > 0
    assert found["noise"]["drop"] > 0
    if kind.labels(perfect) is None:
        assert (found["classes"], found["ece"], found["scored"]) == ([], None, "")
        return
    assert found["scored"]
    assert {each["label"] for each in found["classes"]} == set(range(max(perfect.shape[-1], 2)))
    assert all(each["drop"] > 0 for each in found["classes"])
    assert found["ece"]["before"] == pytest.approx(0)
    assert found["ece"]["after"] > 0.1
    scores = kind.scores_by_class(y, perfect, threshold_of(perfect))
    assert all((each == 1).all() for each in scores.values())


@pytest.mark.parametrize("name", [name for name in KINDS if kind_of(name).LINK != "identity"])
def test_outputs_that_are_not_numbers_are_never_right(
    name: str, problems: dict[str, Problem]
) -> None:
    y, perfect = few(problems[name])
    for metric in metric_names(name):
        found = evaluate(Task(name, metric), y, np.full_like(perfect, np.nan), reference=perfect)
        assert np.isfinite([found.value, *found.ci95]).all()
        assert found.value < 0.6
    assert agreement(task_of(name), np.full_like(perfect, np.nan), perfect) == 0


def shop_of(name: str, problem: Problem, teacher: Any = None) -> TrainingContext:
    """The problem as data to train on."""
    x = (problem.x / 16).astype(np.float32)
    train = Split(x[:512], problem.y[:512])
    rest = Split(x[512:], problem.y[512:])
    data = DataSet(train, rest, rest, "problem", name)
    return TrainingContext(teacher, data, task_of(name))


def answers(model: Any, x: Any) -> Array:
    """A model's outputs, without a graph made for them."""
    return np.asarray(model(x, training=False))


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS, ids=bare)
def test_losses_fall_and_a_student_learns_from_its_teacher(
    name: str, problems: dict[str, Problem]
) -> None:
    problem = problems[name]
    shop, network = shop_of(name, problem), problem.network()
    trained = fit_hard(network, shop, Schedule(problem.epochs, 32, 5e-3))
    assert not trained.skipped
    losses = trained.detail["losses"]
    assert losses[-1] < 0.9 * losses[0]
    teacher, task, test = trained.model, shop.task, shop.data.test
    known_by, taught = answers(network, test.x), answers(teacher, test.x)
    scored = with_constant_answer(task, test.y, taught, evaluate(task, test.y, taught))
    assert scored.guess is not None
    assert scored.guess.beaten
    student = Distill(epochs=problem.epochs, learning_rate=5e-3, soft=1.0, hard=0.0)
    learned = student.apply(problem.network(), shop_of(name, problem, teacher)).model
    found = answers(learned, test.x)
    assert agreement(task, found, taught) > agreement(task, known_by, taught)
    assert divergence(name, taught, found) < 0.5 * divergence(name, taught, known_by)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS, ids=bare)
def test_losses_are_least_of_what_they_ask_for(name: str, problems: dict[str, Problem]) -> None:
    kind, (y, perfect) = kind_of(name), few(problems[name])
    ops = backend.keras().ops
    task = task_of(name)
    logits = ops.convert_to_tensor(logits_of(kind, perfect).astype(np.float32))
    others = ops.convert_to_tensor(logits_of(kind, shuffled(perfect)).astype(np.float32))
    hard, soft = hard_loss(task), soft_loss(task, 4.0)
    targets = kind.training_targets(y, perfect.ndim)
    assert float(ops.mean(hard(targets, logits))) < float(ops.mean(hard(targets, others)))
    assert float(ops.mean(soft(logits, logits))) == pytest.approx(0, abs=1e-6)
    assert float(ops.mean(soft(logits, others))) > 1e-3


def test_every_kind_is_a_file_of_the_folder() -> None:
    expected = {"classification", "multilabel", "reconstruction", "regression", "segmentation"}
    assert expected | {"binary", "sequence", "anomaly", "detection", "embedding"} <= {*known()}
    assert all(type(kind_of(name)).__module__ == f"{PACKAGE}.{name}" for name in known())
