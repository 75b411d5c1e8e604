"""Which kinds of task a model's output suggests, the likeliest first."""

from edgehone.tasks.kinds import kind_of, known


def likely_kinds(activation: str, shape: tuple[int | None, ...], *, same: bool) -> list[str]:
    """Names of all kinds that nobody has to name, the likeliest first.

    activation: of the last layer, "" if it has none. shape: of the output, without the batch.
    same: whether the input has this shape, too.
    """
    if same and activation != "softmax":  # which gives shares, and no samples
        likely = ["reconstruction", "regression"]
    elif activation == "sigmoid" and shape[-1:] != (1,):
        likely = ["multilabel", "classification"]
    elif activation in ("softmax", "sigmoid"):
        places = ("classification", "sequence", "segmentation")
        likely = [places[min(max(len(shape), 1), 3) - 1], "classification"]
    else:
        likely = ["regression", "classification"]
    others = (name for name in known() if kind_of(name).GUESSED)
    return list(dict.fromkeys([*likely, *others]))
