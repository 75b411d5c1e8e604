"""Models inside a model laid open, so that every layer can be seen, cut, folded and named."""

from typing import Any

from edgehone.graph import backend
from edgehone.graph.copying import carry_state, copied
from edgehone.graph.wiring import calls, functional, is_model


def unfold(model: Any) -> Any:
    """A new model in which the layers of inner models stand directly; without any, `model` itself.

    Inner layers keep their names unless taken; then the inner model's name goes before it. Layers
    of inner models that are used several times are used as often. A training=… given to an inner
    model is passed on.
    """
    if not any(is_model(call.operation) for call in calls(model)):
        return model
    work = _Unfolding(model)
    result = backend.keras().models.clone_model(
        functional(model), clone_function=work.copy, call_function=work.call
    )
    for copy, original in work.copies.values():
        if isinstance(original, backend.keras().Layer):
            carry_state(original, copy)
    return result


class _Unfolding:
    """What clone_model asks for: layers are copied once, inner models are walked through."""

    def __init__(self, model: Any) -> None:
        self.taken = {call.name for call in calls(model) if not is_model(call.operation)}
        self.copies: dict[int, tuple[Any, Any]] = {}

    def copy(self, operation: Any, name: str = "") -> Any:
        """The operation's copy; an inner model itself, as it is to be walked through."""
        if is_model(operation):
            return operation
        if id(operation) not in self.copies:
            named = {"name": name} if name else {}
            copy = copied(operation, lambda settings: {**settings, **named})
            self.copies[id(operation)] = (copy, operation)
        return self.copies[id(operation)][0]

    def call(self, operation: Any, *arguments: Any, **settings: Any) -> Any:
        """Call a copy, or run the layers of an inner model in its place."""
        if not is_model(operation):
            return operation(*arguments, **settings)
        inner = functional(operation)

        def copy(layer: Any) -> Any:
            if id(layer) in self.copies or is_model(layer):
                return self.copy(layer)
            return self.copy(layer, self._free_name(layer.name, operation.name))

        def call(layer: Any, *inputs: Any, **own: Any) -> Any:
            training = settings.get("training")
            if training is not None and getattr(layer, "_call_has_training_arg", False):
                own = {**own, "training": training}
            return self.call(layer, *inputs, **own)

        return inner._run_through_graph(arguments[0], operation_fn=copy, call_fn=call)

    def _free_name(self, name: str, outer: str) -> str:
        found, number = name, 1
        while found in self.taken:
            found = f"{outer}_{name}" if number == 1 else f"{outer}_{name}_{number}"
            number += 1
        self.taken.add(found)
        return found
