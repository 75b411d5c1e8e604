"""MediaPipe's tasks take files that edgehone made, and read in them what it wrote."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests import tflite_files
from tests.machines.python_packages import packages, run

from edgehone.export.execution import outputs
from edgehone.formats._metadata import About, InputAbout, OutputAbout
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan

pytestmark = [pytest.mark.slow, pytest.mark.peer]

LABELS = ("cat", "dog", "heron", "owl", "zebra")
MEAN, DEVIATION = 0.0, 255.0
ABOUT = About(
    "Animals",
    "Which animal a picture shows",
    "1",
    "Ann",
    "Apache-2.0",
    (InputAbout("picture", "", "image", (MEAN,), (DEVIATION,), "RGB", low=(0.0,), high=(255.0,)),),
    (OutputAbout("animal", "How likely each is", LABELS),),
)
CLASSIFY = """
import json, sys
import mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision
options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=sys.argv[1]))
with vision.ImageClassifier.create_from_options(options) as classifier:
    found = classifier.classify(mp.Image.create_from_file(sys.argv[2]))
categories = found.classifications[0].categories
print("RESULT" + json.dumps([[each.category_name, each.score] for each in categories]))
"""
READ = """
import json, sys, zipfile
from mediapipe.tasks.metadata import metadata_schema_py_generated as about
from mediapipe.tasks.metadata import schema_py_generated as schema
content = open(sys.argv[1], "rb").read()
model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))
(entry,) = [each for each in model.metadata if each.name == b"TFLITE_METADATA"]
held = bytes(model.buffers[entry.buffer].data)
assert about.ModelMetadata.ModelMetadataBufferHasIdentifier(held, 0)
found = about.ModelMetadataT.InitFromObj(about.ModelMetadata.GetRootAs(held))
def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list):
        return [plain(each) for each in value]
    if hasattr(value, "__dict__"):
        return {type(value).__name__: {key: plain(each) for key, each in vars(value).items()}}
    return value
with zipfile.ZipFile(sys.argv[1]) as archive:
    files = {name: archive.read(name).decode() for name in archive.namelist()}
print("RESULT" + json.dumps([plain(found), files]))
"""


@pytest.fixture(scope="module")
def mediapipe() -> Path:
    return packages("mediapipe", "mediapipe==1.2.3")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Of the size that the net takes, so that nothing is scaled."""
    path = tmp_path / "picture.png"
    pixels = np.random.default_rng(7).integers(0, 256, tflite_files.INPUT_SHAPE, np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def made(folder: Path, precision: str, io: str) -> Path:
    """A file as an app for MediaPipe gets it: borders, metadata, labels, repacked."""
    form, file = TFLite(), folder / "model.tflite"
    plan = PrecisionPlan(precision)
    form.quantize(tflite_files.float_file(folder), plan, tflite_files.calibration(), file)
    content = form.with_metadata(form.with_borders(file.read_bytes(), io), ABOUT)
    file.write_bytes(form.repack(content))
    return file


def answered(text: str) -> Any:
    line = next(each for each in text.splitlines() if each.startswith("RESULT"))
    return json.loads(line.removeprefix("RESULT"))


@pytest.mark.parametrize(
    ("precision", "io"), [("float32", "float32"), ("int8", "uint8"), ("int8", "float32")]
)
def test_the_image_classifier_names_the_classes_with_the_models_scores(
    tmp_path: Path, mediapipe: Path, picture: Path, precision: str, io: str
) -> None:
    file = made(tmp_path, precision, io)
    pixels = np.asarray(Image.open(picture))[None].astype(np.float32)
    (scores,) = outputs(file, (pixels - MEAN) / DEVIATION)
    found = answered(run(mediapipe, CLASSIFY, str(file), str(picture)))
    text = dict(found)
    assert set(text) == set(LABELS)
    assert np.ptp(scores) > 0.1
    np.testing.assert_allclose([text[name] for name in LABELS], scores, atol=0.02)


def test_its_own_schema_reads_every_field(tmp_path: Path, mediapipe: Path) -> None:
    file = made(tmp_path, "int8", "uint8")
    whole, files = answered(run(mediapipe, READ, str(file)))
    found = whole["ModelMetadataT"]
    assert (found["name"], found["author"], found["license"]) == ("Animals", "Ann", "Apache-2.0")
    (graph,) = (each["SubGraphMetadataT"] for each in found["subgraphMetadata"])
    (source,) = (each["TensorMetadataT"] for each in graph["inputTensorMetadata"])
    (result,) = (each["TensorMetadataT"] for each in graph["outputTensorMetadata"])
    assert source["content"]["ContentT"]["contentProperties"]["ImagePropertiesT"]["colorSpace"] == 1
    (unit,) = (each["ProcessUnitT"] for each in source["processUnits"])
    assert unit["options"] == {"NormalizationOptionsT": {"mean": [MEAN], "std": [DEVIATION]}}
    assert source["stats"] == {"StatsT": {"max": [255.0], "min": [0.0]}}
    (labels,) = (each["AssociatedFileT"] for each in result["associatedFiles"])
    assert (labels["name"], labels["type"]) == ("labels.txt", 2)
    assert files == {"labels.txt": "cat\ndog\nheron\nowl\nzebra\n"}
