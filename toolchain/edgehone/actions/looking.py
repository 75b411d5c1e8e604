"""What a model and its data show of themselves: task, shapes, classes, values, and the scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgehone import units
from edgehone.data import Array, DataSet, DataSettings, Reading, load, text_labels
from edgehone.errors import DataError
from edgehone.system.rows import Rows, bounds, changed
from edgehone.tasks import constant_answer
from edgehone.tasks.kinds import kind_of, task_of
from edgehone.tasks.likely import likely_kinds
from edgehone.tasks.metrics import metric_for
from edgehone.values import NOTE, Event, Progress, Task, silent

TRIED = 512
"""Most validation samples on which scales are tried."""

BYTE = 255.0

Scaling = tuple[float, float]


@dataclass(frozen=True)
class Inspected:
    """What was found: the task, the scaling under which the teacher is best, its score on the
    validation data, sizes, and sentences about it. texts: whether labels are texts, whose order is
    that of their names. warning: what is wrong with the teacher; "".
    """

    task: Task
    scale: float
    offset: float
    score: float
    params: int
    layers: int
    samples: Mapping[str, int]
    classes: Sequence[str]
    texts: bool
    about_model: str
    about_data: str
    about_scaling: str
    warning: str = ""


def inspect_pair(
    model: str,
    data: str,
    *,
    scaling: Scaling | None = None,
    trust: bool = False,
    custom: Sequence[str] = (),
    progress: Progress = silent,
) -> Inspected:
    """Load a Keras model and its data, and try which scale they fit each other with.

    Raises ModelError for a model that cannot be used, DataError for data that do not fit it.
    """
    from edgehone.config.sections import ExportSection
    from edgehone.graph import loading
    from edgehone.graph.costs import total_params
    from edgehone.graph.supported import require_formats, require_single

    progress(Event("load the model", model))
    network = loading.load(model, trust=trust, custom=custom, progress=progress)
    require_single(network, model)
    require_formats(network, ExportSection().formats[:1])
    progress(Event("read the data", data))
    task, found = _data(data, network)
    for text in found.notes:
        progress(Event(NOTE, text))
    progress(Event("try scales", "on validation data"))
    tried = _tried(task, found, network, scaling)
    (scale, offset), score = _best(tried, higher=metric_for(task).higher_is_better)
    return Inspected(
        task,
        scale,
        offset,
        score,
        total_params(network),
        len(network.layers),
        {name: len(getattr(found, name)) for name in ("train", "validation", "test")},
        found.classes,
        bool(text_labels(data)),
        _about_model(network, total_params(network)),
        _about_data(found, task),
        _about_scaling(network, task, tried, (scale, offset)),
        _warning(task, found, network, (scale, offset)),
    )


def _data(source: str, network: Any) -> tuple[Task, DataSet]:
    """The data under the first kind of task that they and the model fit. Raises the DataError of
    the likeliest.
    """
    shape = tuple(network.outputs[0].shape[1:])
    reading = Reading(classes=text_labels(source))
    first: DataError | None = None
    head = getattr(getattr(network.layers[-1], "activation", None), "__name__", "")
    same = shape == tuple(network.inputs[0].shape[1:])
    for kind in likely_kinds(head, shape, same=same):
        task = task_of(kind)
        try:
            return task, load(source, DataSettings(task=task, reading=reading).for_model(network))
        except DataError as error:
            first = first or error
    assert first is not None  # noqa: S101 - there is a first kind
    raise first


def _tried(
    task: Task, data: DataSet, network: Any, scaling: Scaling | None
) -> list[tuple[Scaling, float]]:
    """The teacher's score under every scaling that may be meant, the likeliest first."""
    from edgehone.export.keras_outputs import predict
    from edgehone.graph.scaling import input_scaling

    x, y = data.validation.x[:TRIED], data.validation.y[:TRIED]
    scalings = [scaling] if scaling else [(1.0, 0.0)]
    if scaling is None and x.dtype == np.float32:
        scalings = candidates(bounds(data.train.x), input_scaling(network).expects)
    metric = metric_for(task)
    scored = []
    for each in scalings:
        value = metric.value(_targets(task, y, each), predict(network, _scaled(x, each)))
        if value is not None:
            scored.append((each, float(value)))
    if not scored:
        raise DataError(
            "The teacher's outputs are not all numbers, however the samples are scaled.",
            "Check the model's weights and the data.",
        )
    return scored


def candidates(held: Scaling, expects: Scaling | None) -> list[Scaling]:
    """Scalings (scale, offset) that may be meant for samples in a range: as they are, and so that
    they fill 0 to 1, -1 to 1, 0 to 255, and what the model expects.
    """
    low, high = held
    signed = low < 0
    top = BYTE if BYTE / 2 < high <= BYTE else max(abs(low), high)
    if top == 0:
        return [(1.0, 0.0)]
    if high <= 1.0:
        top = 1.0
    begin = -top if signed else 0.0
    wanted = [(0.0, 1.0), (-1.0, 1.0), (0.0, BYTE), *([expects] if expects else [])]
    found = [(1.0, 0.0)]
    for bottom, end in wanted:
        scale = (end - bottom) / (top - begin)
        found.append((scale, bottom - begin * scale))
    return list(dict.fromkeys(found))


def _best(tried: Sequence[tuple[Scaling, float]], *, higher: bool) -> tuple[Scaling, float]:
    """The scaling with the best score; of equals the first."""
    return max(tried, key=lambda each: each[1] if higher else -each[1])


def _scaled(x: Rows, scaling: Scaling) -> Rows:
    """Samples as the model sees them."""
    scale, offset = scaling
    if scaling == (1.0, 0.0):
        return x
    return changed(x, lambda part: (part * scale + offset).astype(np.float32), np.float32)


def _targets(task: Task, y: Array, scaling: Scaling) -> Array:
    """What outputs are compared with: in reconstruction the samples as the model sees them."""
    scale, offset = scaling
    return y * scale + offset if kind_of(task).TARGETS_ARE_SAMPLES else y


def _about_model(network: Any, params: int) -> str:
    shapes = [" x ".join(map(str, each[0].shape[1:])) for each in (network.inputs, network.outputs)]
    dtype = str(network.inputs[0].dtype)
    weights = f"{units.in_unit(float(params), 'count')} weights"
    return (
        f"The model takes {shapes[0] or 'one number'} ({dtype}), gives {shapes[1]}, has {weights}."
    )


def _about_data(data: DataSet, task: Task) -> str:
    counts = " + ".join(f"{len(part):,}" for part in (data.train, data.validation, data.test))
    held = constant_answer.held(data.train.x)
    about = f"The data: {counts} samples to train, validate and test, values {held}"
    if not data.class_count:
        return f"{about}; the task is {task.kind}."
    named = f": {', '.join(data.classes[:4])}" if data.classes else ""
    more = ", …" if len(data.classes) > 4 else ""
    return f"{about}, {data.class_count} classes{named}{more}."


def _about_scaling(
    network: Any, task: Task, tried: Sequence[tuple[Scaling, float]], chosen: Scaling
) -> str:
    from edgehone.graph.scaling import input_scaling
    from edgehone.run.teacher_check import expectation

    inside = expectation(input_scaling(network))
    scores = ", ".join(
        f"{_words(scaling)} {units.quantity('accuracy', score, task.metric)}"
        for scaling, score in tried
    )
    how = f"{task.metric} by scaling: {scores}" if len(tried) > 1 else f"scaled by {_words(chosen)}"
    return f"{inside[0].upper()}{inside[1:]}; {how}."


def _words(scaling: Scaling) -> str:
    """A scaling as people write it: x, x/255, x/127.5 - 1."""
    scale, offset = scaling
    if scale == 1:
        text = "x"
    elif scale < 1 and abs(1 / scale - round(1 / scale, 3)) < 1e-9:
        text = f"x/{1 / scale:g}"
    else:
        text = f"x*{scale:.6g}"
    return text if offset == 0 else f"{text} {'+' if offset > 0 else '-'} {abs(offset):g}"


def _warning(task: Task, data: DataSet, network: Any, scaling: Scaling) -> str:
    from edgehone.export.keras_outputs import predict
    from edgehone.run.teacher_check import ValidationData, check_teacher

    part, (scale, offset) = data.validation, scaling
    scaled, targets = _scaled(part.x, scaling), _targets(task, part.y, scaling)
    validation = ValidationData(task, replace(part, x=scaled, y=targets), scale, offset)
    return check_teacher(validation, network, predict(network, scaled)).warning
