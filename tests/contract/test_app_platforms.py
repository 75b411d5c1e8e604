"""What every platform of app kits promises: a whole project that explains itself."""

import json
from pathlib import Path

import jsonschema
import pytest
from tests import app_kits
from tests.app_kits import made

from edgehone import documents
from edgehone.actions.app.kits import About, names
from edgehone.errors import ConversionError, ModelError
from edgehone.export.apps import PACKAGE
from edgehone.export.apps._base import Platform
from edgehone.formats._flatgraph import Graph
from edgehone.system import variants

NOT_SOURCES = (".bin", ".tflite", ".onnx", ".ort", ".json", ".txt", ".md")
PLATFORMS = [name.replace("_", "-") for name in variants.names(PACKAGE, Platform)]


def file_for(platform: str, folder: Path) -> Path:
    """A model in a format that the platform takes."""
    formats = variants.load(PACKAGE, Platform, platform.replace("-", "_")).FORMATS
    return app_kits.image_net(folder) if "tflite" in formats else app_kits.channels_first(folder)


def project(platform: str, folder: Path) -> Path:
    """A kit of a model with awkward names."""
    about = About(labels=app_kits.labels(folder), name='Blüm$en "1" */ {{ x }}', licence="MIT $x")
    made(file_for(platform, folder), folder / "kit", platform, about=about)
    return folder / "kit" / platform


def _contents(folder: Path) -> dict[str, bytes]:
    """Files by path; the order of parts in an .ort file is ONNX Runtime's own, and varies."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".ort")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_the_folder_of_platforms_is_what_the_command_line_offers() -> None:
    assert names() == PLATFORMS
    assert {"android", "flutter", "ios", "linux", "react-native", "web"} <= set(PLATFORMS)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_formats_that_a_platform_does_not_run_are_refused(platform: str, tmp_path: Path) -> None:
    formats = variants.load(PACKAGE, Platform, platform.replace("-", "_")).FORMATS
    makers = {"tflite": app_kits.image_net, "onnx": app_kits.channels_first}
    for other in {*makers} - {*formats}:
        with pytest.raises(ConversionError, match=f"and there is {other} alone") as caught:
            made(makers[other](tmp_path), tmp_path / "kit", platform)
        assert caught.value.hint == f"Export the model as {formats[0]} as well."
        assert not (tmp_path / "kit").exists()


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_kit_has_the_model_the_contract_and_golden_samples(platform: str, tmp_path: Path) -> None:
    folder = project(platform, tmp_path)
    model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(documents.schema("app_model")).validate(model)
    assert (folder / model["model"]["file"]).is_file()
    golden = json.loads((folder / "golden.json").read_text())
    jsonschema.Draft202012Validator(documents.schema("app_golden")).validate(golden)
    (numbers,) = folder.rglob("golden.bin")
    assert numbers.stat().st_size == golden["samples"] * golden["bytes_per_sample"]
    assert golden["sha256"] == model["model"]["sha256"]
    assert len((folder / "labels.txt").read_text(encoding="utf-8").splitlines()) == 5
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert model["model"]["sha256"] in readme
    assert r"MIT \$x" in readme


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_nothing_of_a_template_is_left_and_sources_are_ascii(platform: str, tmp_path: Path) -> None:
    """Class names and the model's own name are the only texts with other characters."""
    folder = project(platform, tmp_path)
    for path in folder.rglob("*"):
        assert "IDENT" not in path.name
        assert path.suffix != ".j2"
        if path.is_file() and path.suffix not in (
            ".bin",
            ".tflite",
            ".onnx",
            ".ort",
            ".json",
            ".txt",
            ".md",
        ):
            text = path.read_text(encoding="utf-8")
            assert "{%" not in text.replace("{% y %}", "")
            lines = [line for line in text.splitlines() if "Blüm" not in line]
            assert all(line.isascii() or "description" in line for line in lines), path


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_model_gives_the_same_project(platform: str, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        project(platform, folder)
    contents = [_contents(folder) for folder in (first, second)]
    assert contents[0] == contents[1]


@pytest.mark.slow
@pytest.mark.parametrize("platform", [each for each in PLATFORMS if each != "ort"])
def test_types_that_a_wrapper_cannot_write_are_refused_whole(platform: str, tmp_path: Path) -> None:
    graph = Graph()
    source = graph.tensor("flags", "BOOL", (1, 4))
    result = graph.tensor("numbers", "FLOAT32", (1, 4))
    graph.operator("CAST", [source], result)
    file = tmp_path / "flags.tflite"
    file.write_bytes(graph.content([source], [result]))
    with pytest.raises(ModelError, match=r"'flags' of flags\.tflite is bool, and apps exchange"):
        made(file, tmp_path / "kit", platform, scale=None)
    assert not (tmp_path / "kit").exists()
