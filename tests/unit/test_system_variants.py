"""Folders of variants: what is found in them, and files that hold none or two."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgehone.errors import ConfigError, UsageError
from edgehone.system import variants

BASE = """
from abc import ABC, abstractmethod

class Shape(ABC):
    @abstractmethod
    def area(self): ...
"""
ONE = """
from forms._base import Shape

class Square(Shape):
    def area(self): return 1
"""


@pytest.fixture
def forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A package `forms` with one variant, the base it holds, and where it lies."""
    folder = tmp_path / "forms"
    (folder / "shared").mkdir(parents=True)
    for name, text in (("__init__", ""), ("_base", BASE), ("square", ONE), ("shared/__init__", "")):
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    base = __import__("forms._base", fromlist=["Shape"]).Shape
    yield SimpleNamespace(base=base, folder=folder)
    for name in [name for name in sys.modules if name.split(".")[0] == "forms"]:
        del sys.modules[name]


def test_a_variant_is_a_public_file(forms: SimpleNamespace) -> None:
    (forms.folder / "disc.py").write_text(ONE.replace("Square", "Disc"))
    assert variants.names("forms", forms.base) == ["disc", "square"]
    assert variants.load("forms", forms.base, "disc").__name__ == "Disc"


@pytest.mark.parametrize(
    ("text", "count"),
    [("", "0 (none)"), (ONE + "\nclass Other(Square): pass\n", "2 (Other, Square)")],
)
def test_a_file_without_one_variant_is_an_error_that_names_it(
    forms: SimpleNamespace, text: str, count: str
) -> None:
    (forms.folder / "odd.py").write_text(text)
    for look in (
        lambda: variants.names("forms", forms.base),
        lambda: variants.load("forms", forms.base, "odd"),
    ):
        with pytest.raises(ConfigError) as caught:
            look()
        assert str(forms.folder / "odd.py") in caught.value.message
        assert count in caught.value.message


def test_an_unknown_name_is_an_error_with_the_nearest_one(forms: SimpleNamespace) -> None:
    with pytest.raises(UsageError, match="Unknown shape 'sqare'") as caught:
        variants.load("forms", forms.base, "sqare")
    assert "'square'" in caught.value.hint


def test_a_class_of_the_users_is_named_like_any_code_of_theirs(forms: SimpleNamespace) -> None:
    Path("mine.py").write_text(ONE + "\nclass Plain: pass\nclass Open(Shape): pass\n")
    try:
        found = variants.load("forms", forms.base, "python:mine:Square")
        assert issubclass(found, forms.base)
        with pytest.raises(ConfigError, match="is not a Shape"):
            variants.load("forms", forms.base, "python:mine:Plain")
        with pytest.raises(ConfigError, match="abstract Shape") as caught:
            variants.load("forms", forms.base, "python:mine:Open")
        assert "area" in caught.value.hint
        with pytest.raises(ConfigError, match="no function 'Missing'"):
            variants.load("forms", forms.base, "python:mine:Missing")
    finally:
        sys.modules.pop("mine", None)
