"""MediaPipe Tasks: the file itself with metadata, class names, and borders that its tasks take."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from edgehone import formats
from edgehone.documents.app_model import AppModel, InputEntry
from edgehone.errors import ConversionError
from edgehone.export.apps._base import Kit, Platform
from edgehone.export.apps._rendering import classifies, labels, pictures
from edgehone.formats._metadata import About, InputAbout, OutputAbout
from edgehone.system.settings import INPUT, LABELS

_BYTES = np.arange(256)
_FORMAT = "tflite"


class MediaPipe(Platform):
    """An image classifier for ImageClassifier of MediaPipe Tasks, which refuses int8 borders."""

    TITLE: ClassVar[str] = "MediaPipe Tasks"
    DTYPES: ClassVar[tuple[str, ...]] = ("float32", "uint8")

    def steps(self, kit: Kit) -> Sequence[str]:
        """How a task is made, and the golden test on this machine."""
        return (
            "Give `model.tflite` to `ImageClassifier` of MediaPipe Tasks, as `model_asset_path` "
            "(Python, web) or as an asset (Android, iOS). It carries names of classes, "
            "normalization, licence and borders that the task takes.",
            "The golden test: `python -m pip install mediapipe`, then `python test_golden.py`.",
        )

    def adapted(self, kit: Kit) -> bytes:
        """The file with metadata; int8 borders become uint8 ones where these are the pixels'
        bytes, else float32. Raises ConversionError for what is not an image classifier.
        """
        app = kit.app
        if not (pictures(app) and classifies(app) and len(app.outputs) == 1):
            raise ConversionError(
                f"{app.model.file} is not an image classifier: its input is "
                f"{', '.join(each.kind for each in app.inputs)}, its output "
                f"{', '.join(each.meaning for each in app.outputs)}.",
                f"Give the class names with {LABELS} and {INPUT.set('image')}, or take "
                "another platform.",
            )
        image = app.inputs[0]
        if image.colour_order != "RGB" or image.layout != "NHWC":
            raise ConversionError(
                f"MediaPipe's images are RGB with channels last, and {image.name!r} of "
                f"{app.model.file} is {image.colour_order} in {image.layout}.",
                "Take another platform, or a model of RGB images.",
            )
        form, content = formats.load(_FORMAT), kit.content
        if "int8" in (image.dtype, app.outputs[0].dtype):
            content = form.with_borders(content, "uint8" if _are_bytes(image) else "float32")
        return form.with_metadata(content, _about(app))


def _are_bytes(image: InputEntry) -> bool:
    """Whether an int8 tensor holds just the pixels' bytes, less 128."""
    if not image.scale or image.zero_point is None:
        return False
    for mean, deviation in zip(image.mean, image.deviation, strict=True):
        held = np.round((_BYTES - mean) / deviation / image.scale) + image.zero_point
        if (np.clip(held, -128, 127) != _BYTES - 128).any():
            return False
    return True


def _about(app: AppModel) -> About:
    image, result = app.inputs[0], app.outputs[0]
    given = InputAbout(
        name=image.name,
        content="image",
        mean=image.mean,
        deviation=image.deviation,
        colors="RGB",
        low=(image.low,),
        high=(image.high,),
    )
    names = OutputAbout(name=result.name, labels=labels(app))
    return About(name=app.name, license=app.licence, inputs=(given,), outputs=(names,))
