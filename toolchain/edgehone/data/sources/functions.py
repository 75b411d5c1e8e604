"""What a user's function may return as data, and what it is called when it may not."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgehone.data.sources._base import HINT, NAMES, Array
from edgehone.data.sources.loaders import gathered, is_loader
from edgehone.errors import DataError

_ARRAYS = "Return a dict of x, y (or x_train, y_train, …), or (x, y), or pairs of them."

_LOADERS = (
    (
        "torch.utils.data.dataloader",
        "a torch DataLoader",
        "x, y = (torch.cat(each).numpy() for each in zip(*loader))",
    ),
    (
        "torch.utils.data",
        "a torch Dataset",
        "x, y = (torch.stack([torch.as_tensor(one) for one in each]).numpy() "
        "for each in zip(*(dataset[i] for i in range(len(dataset)))))",
    ),
    (
        "datasets.",
        "a Hugging Face dataset",
        "x, y = numpy.array(dataset['image']), numpy.array(dataset['label'])",
    ),
    ("scipy.sparse", "a sparse matrix", "x = matrix.toarray()"),
)
"""Modules of classes that are no arrays, what they are called, and how arrays are made of them."""


def by_name(found: Any, source: str, most: int | None = None) -> dict[str, Any]:
    """A function's result by name: a mapping, (x, y), two or three (x, y) pairs, or what gives
    samples bit by bit in their place (`loaders.gathered`), of which `most` are taken.

    Raises DataError, which names datasets and loaders that are not read as what they are.
    """
    found = gathered(found, repr(source), most)
    for each in _leaves(found):
        _require_no_loader(each, source)
    if isinstance(found, Mapping):
        return {str(name): value for name, value in found.items()}
    if isinstance(found, Sequence) and not isinstance(found, str) and 1 <= len(found) <= 3:
        if all(isinstance(part, tuple | list) and len(part) == 2 for part in found):
            order = ("train", "test") if len(found) == 2 else ("train", "val", "test")
            pairs = zip(order, found, strict=False)
            return {f"{a}_{split}": v for split, p in pairs for a, v in zip("xy", p, strict=True)}
        if len(found) <= 2:
            return dict(zip("xy", found, strict=False))
    raise DataError(f"{source!r} returned {_called(found)}, not arrays by name.", _ARRAYS)


def array_of(value: Any, name: str, source: str) -> Array:
    """A value as an array. Raises DataError for what is none."""
    where = f"{name} in {source!r}"
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise DataError(
            f"{where} is a masked array, and {int(value.mask.sum())} of its numbers are masked.",
            "Fill them in, or leave out these samples.",
        )
    try:
        found = np.asarray(value)
    except ValueError as error:
        raise DataError(f"{source!r} has arrays of ragged rows ({error}).", HINT) from error
    except (TypeError, RuntimeError) as error:
        raise DataError(f"{where} cannot be made an array ({error}).", _ARRAYS) from error
    if found.ndim == 0 and not isinstance(value, np.ndarray):
        raise DataError(f"{where} is {_called(value)}, not an array.", _ARRAYS)
    return found


def _leaves(found: Any) -> list[Any]:
    """The values in a function's result, however they are grouped in mappings, lists and tuples."""
    if isinstance(found, Mapping):
        return [leaf for name in found for leaf in _leaves(found[name])]
    if isinstance(found, tuple | list) and len(found) <= len(NAMES):
        return [leaf for each in found for leaf in _leaves(each)]
    return [found]


def _require_no_loader(value: Any, source: str) -> None:
    what, instead = _loader(value)
    if what:
        raise DataError(
            f"{source!r} returned {what}, and data are read as whole arrays.",
            f"Return arrays instead: {instead}; return x, y."
            if not is_loader(value)
            else "Return it alone, or as a split: {'train': loader, 'test': loader}.",
        )


def _loader(value: Any) -> tuple[str, str]:
    """What a value that gives batches or samples is called, and how to make arrays of it."""
    kinds = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(value).__mro__]
    for module, called, instead in _LOADERS:
        if any(kind.startswith(module) for kind in kinds):
            return f"{called} ({type(value).__name__})", instead
    if is_loader(value):
        name = type(value).__name__
        return f"a {name} in the place of an array", ""
    if callable(value) and not hasattr(value, "__array__"):
        return f"a {type(value).__name__}", "call it, and return the arrays that it makes"
    return "", ""


def _called(value: Any) -> str:
    """What a value is, in words."""
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return "nothing" if value is None else f"a {type(value).__name__}"
