"""One architecture of every family of keras.applications, small enough to be run in seconds."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Family:
    """A module of keras.applications. size: height and width of the images it gets here."""

    name: str
    architecture: str
    size: int


FAMILIES = (
    Family("convnext", "ConvNeXtTiny", 64),
    Family("densenet", "DenseNet121", 64),
    Family("efficientnet", "EfficientNetB0", 64),
    Family("efficientnet_v2", "EfficientNetV2B0", 64),
    Family("inception_resnet_v2", "InceptionResNetV2", 75),
    Family("inception_v3", "InceptionV3", 75),
    Family("mobilenet", "MobileNet", 64),
    Family("mobilenet_v2", "MobileNetV2", 64),
    Family("mobilenet_v3", "MobileNetV3Small", 64),
    Family("nasnet", "NASNetMobile", 64),
    Family("resnet", "ResNet50", 64),
    Family("resnet_v2", "ResNet50V2", 64),
    Family("vgg16", "VGG16", 32),
    Family("vgg19", "VGG19", 32),
    Family("xception", "Xception", 71),
)
"""Inception and Xception take no smaller images; the others would take 32 x 32."""


def built(family: Family, seed: int = 0) -> Any:
    """The architecture for ten classes, with logits, and random weights everywhere.

    Kernels keep the variance of what passes a ReLU (He 2015); biases, scales and offsets are drawn.
    Batch norms then get the statistics of random images, shaken, so that every layer passes on
    something that depends on the image.
    """
    from edgehone.graph import backend

    applications = backend.keras().applications
    model = getattr(applications, family.architecture)(
        weights=None,
        input_shape=(family.size, family.size, 3),
        classes=10,
        classifier_activation=None,
    )
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(_drawn(weight.name, tuple(weight.shape), rng))
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state") and layer.built:
            layer.finalize_state()  # what a Normalization derives from its weights
    _settle(model, images(family, 4, seed + 1))
    for weight in model.weights:
        if "moving" in weight.name:
            weight.assign(np.asarray(weight) * rng.uniform(0.8, 1.25, weight.shape))
    return model


def images(family: Family, count: int, seed: int) -> Any:
    """Random images with values as a photograph's: (count, size, size, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (count, 5, 5, 3)).repeat(family.size // 5 + 1, axis=1)
    coarse = coarse.repeat(family.size // 5 + 1, axis=2)[:, : family.size, : family.size]
    return (coarse + rng.normal(0, 20, coarse.shape)).astype(np.float32)


def _drawn(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    if "variance" in name or "gamma" in name:
        return rng.uniform(0.5, 1.5, shape)
    if len(shape) <= 1:
        return rng.normal(0, 0.2, shape)
    inputs = np.prod(shape[:2]) if "depthwise" in name else np.prod(shape[:-1])
    return rng.normal(0, (2 / inputs) ** 0.5, shape)


def _settle(model: Any, x: Any) -> None:
    """Give batch norms the statistics of x."""
    norms = [layer for layer in model._flatten_layers() if hasattr(layer, "moving_mean")]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    if norms:
        model(x, training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
