"""Names of users' code, and the settings in them."""

import pytest

from edgehone.errors import ConfigError
from edgehone.system.references import bare, named_in, settings_in, split, with_settings


@pytest.mark.parametrize(
    "settings",
    [{}, {"depth": 3}, {"mode": "a, (b) 'c' \"d\"", "shares": [0.5, {"x": None}], "on": True}],
)
def test_settings_are_read_back_from_the_name_they_were_written_to(
    settings: dict[str, object],
) -> None:
    name = with_settings("python:a:B", settings)
    assert settings_in(name) == settings
    assert bare(name) == "python:a:B"
    assert split(f"tflite, {name},onnx") == ["tflite", name, "onnx"]


@pytest.mark.parametrize(
    "inside", ["3)", "depth=f())", "**x)", "depth=", "depth=1) or (2", "a=1, a=2)", "depth=1).x("]
)
def test_settings_that_are_not_plain_values_by_name_are_refused(inside: str) -> None:
    with pytest.raises(ConfigError, match="settings of 'python:a:B' cannot be read") as caught:
        settings_in(f"python:a:B({inside}")
    assert "depth=3" in caught.value.hint


@pytest.mark.parametrize("value", [object(), float("nan"), print])
def test_a_setting_that_no_name_can_hold_is_named(value: object) -> None:
    with pytest.raises(ValueError, match=r"^x$"):
        with_settings("python:a:B", {"x": value})


def test_names_are_found_wherever_they_stand_in_plain_data() -> None:
    data = {"a": "python:a:f", "b": [{"c": ("python:b:g(x=1)", 3)}], "python:k:k": "tflite"}
    assert list(named_in(data)) == ["python:a:f", "python:b:g(x=1)"]
    nested = {"kind": "detection(decoder='python:c:h', boxes=3)", "text": "(python: a note"}
    assert list(named_in(nested)) == ["python:c:h"]
    assert list(named_in("python:d:K(of='python:e:f')")) == [
        "python:d:K(of='python:e:f')",
        "python:e:f",
    ]
