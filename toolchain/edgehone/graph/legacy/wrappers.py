"""How the wrappers of TFMOT (pruning, clustering, quantization) are undone; runs in the child."""

from contextlib import AbstractContextManager, ExitStack
from typing import Any

SHELLS = ("PruneLowMagnitude", "QuantizeWrapper", "QuantizeWrapperV2", "QuantizeAnnotate")
"""Wrappers that compute what the layer in them computes, once `undo` has been called."""
CLUSTERED = ("ClusterWeights", "ClusterWeightsMHA")
DROPPED = ("QuantizeLayer",)
"""Layers that compute nothing, once `undo` has been called."""
NAMES = (*SHELLS, *CLUSTERED, *DROPPED)


def scopes() -> AbstractContextManager[Any]:
    """Where TFMOT's classes are known to tf_keras by name."""
    import tensorflow_model_optimization as tfmot
    from tensorflow_model_optimization.python.core.clustering.keras import cluster_wrapper
    from tensorflow_model_optimization.python.core.quantization.keras import (
        quantize_layer,
        quantize_wrapper,
    )

    # Else no .keras file of a quantized model can be read, not even by TFMOT itself.
    quantize_layer.QuantizeLayer.build_from_config = _leave_unbuilt
    quantize_wrapper.QuantizeWrapper.load_own_variables = _load_last
    stack = ExitStack()
    stack.enter_context(tfmot.sparsity.keras.prune_scope())
    stack.enter_context(tfmot.clustering.keras.cluster_scope())
    stack.enter_context(
        tfmot.quantization.keras.quantize_scope(
            {**_collaborative(), "ClusterWeightsMHA": cluster_wrapper.ClusterWeightsMHA}
        )
    )
    return stack


def _leave_unbuilt(layer: Any, config: Any) -> None:
    """Let the layer be built by its first call; it would be built twice."""


def _load_last(layer: Any, store: Any) -> None:
    """Take the last of the saved variables: the first are those of the layer inside, once more,
    which a wrapper lists only if it was wrapped around a layer that had weights already.
    """
    variables = layer._trainable_weights + layer._non_trainable_weights
    first = len(store.keys()) - len(variables)
    for number, variable in enumerate(variables, first):
        variable.assign(store[str(number)])


def _collaborative() -> dict[str, Any]:
    """Classes of quantization that keeps clusters or zeros, which TFMOT's own scope leaves out."""
    from tensorflow_model_optimization.python.core.quantization.keras.collab_opts import (
        cluster_preserve,
        prune_preserve,
    )

    keeping_clusters = cluster_preserve.cluster_preserve_quantize_registry
    keeping_zeros = prune_preserve.prune_preserve_quantize_registry
    return {
        name: found
        for module in (keeping_clusters, keeping_zeros)
        for name, found in vars(module).items()
        if isinstance(found, type) and found.__module__ == module.__name__
    }


def kind(layer: Any) -> str:
    """The class name of a layer of TFMOT, "" for all others."""
    found = type(layer)
    return found.__name__ if found.__module__.startswith("tensorflow_model_optimization") else ""


def inner(layer: Any) -> Any:
    """The layer in a shell, however many there are; a layer without a shell itself."""
    while kind(layer) in SHELLS:
        layer = layer.layer
    return layer


def undo(model: Any) -> None:
    """Make every wrapper for quantization compute what its layer does, in float."""
    for layer in model._flatten_layers():
        match kind(layer):
            case "QuantizeWrapper" | "QuantizeWrapperV2":
                _undo_wrapper(layer)
            case "QuantizeLayer":
                layer.quantizer = None


def _undo_wrapper(wrapper: Any) -> None:
    weights = [variable for variable, _, _ in wrapper._weight_vars]
    activations = [_float(each.activation) for each in wrapper._quantize_activations]
    wrapper.quantize_config.set_quantize_weights(wrapper.layer, weights)
    wrapper.quantize_config.set_quantize_activations(wrapper.layer, activations)
    if kind(getattr(wrapper.layer, "activation", None)) == "NoOpActivation":
        wrapper.layer.activation = _float(wrapper.layer.activation)
    wrapper._weight_vars = []
    wrapper._quantize_activations = []
    wrapper._output_quantizers = []
    wrapper.quantize_config = _AsItIs()


def _float(activation: Any) -> Any:
    import tf_keras

    none = kind(activation) == "NoOpActivation"
    return tf_keras.activations.linear if none else activation


class _AsItIs:
    """Settings of a quantization wrapper that leave its layer alone."""

    def set_quantize_weights(self, layer: Any, weights: Any) -> None:
        """Change nothing."""

    def set_quantize_activations(self, layer: Any, activations: Any) -> None:
        """Change nothing."""


def without_clusters(model: Any) -> Any:
    """The model without wrappers for clustering, its weights those of the clusters."""
    if not any(kind(layer) in CLUSTERED for layer in model._flatten_layers()):
        return model
    import tensorflow_model_optimization as tfmot

    return tfmot.clustering.keras.strip_clustering(model)
