"""Which kinds of task a model's output suggests, the likeliest first."""

from edgehone.tasks.kinds import known


def likely_kinds(activation: str, shape: tuple[int | None, ...], *, same: bool) -> list[str]:
    """Names of all kinds, the likeliest first.

    activation: of the last layer, "" if it has none. shape: of the output, without the batch.
    same: whether the input has this shape, too.
    """
    if same:
        likely = ["reconstruction", "regression"]
    elif activation == "sigmoid" and shape[-1:] != (1,):
        likely = ["multilabel", "classification"]
    elif activation in ("softmax", "sigmoid"):
        likely = ["segmentation" if len(shape) > 2 else "classification", "classification"]
    else:
        likely = ["regression", "classification"]
    return list(dict.fromkeys([*likely, *known()]))
