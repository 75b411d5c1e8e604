"""Sources read into arrays."""

from pathlib import Path

import numpy as np
import pytest

from edgehone.data.sources.reading import read
from edgehone.errors import DataError


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("name", ["y", "class_names"])
def test_texts_that_are_no_characters_are_damage(tmp_path: Path, name: str, order: str) -> None:
    path = tmp_path / "data.npz"
    texts = np.array([[0x61, 0x7FFFFFFF]], f"{order}u4").view(f"{order}U2")[:, 0]
    np.savez(path, allow_pickle=False, x=np.zeros((1, 2)), **{name: texts})
    with pytest.raises(DataError, match=f"The texts of {name} .* damaged"):
        read(str(path))
    largest = np.array([[0x61, 0x10FFFF]], f"{order}u4").view(f"{order}U2")[:, 0]
    np.savez(path, allow_pickle=False, x=np.zeros((1, 2)), **{name: largest})
    read(str(path))
