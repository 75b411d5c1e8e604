"""Which blocks of a model could be taken out: those that return the shape that enters them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from edgehone.errors import UsageError
from edgehone.graph import backend
from edgehone.graph.copying import carry_state, copied
from edgehone.graph.rewrite import rewrite
from edgehone.graph.roles import DEPTHWISE, WIDTH_SETTING
from edgehone.graph.wiring import Call, calls, consumers, functional, is_model, kind_of

LEARNING = frozenset(
    ["EinsumDense", "LSTM", "GRU", "SimpleRNN", "Bidirectional", *DEPTHWISE, *WIDTH_SETTING]
) - {"Embedding"}
"""Layers that are a block of their own in a net without shortcuts."""

SHAPING = ("UpSampling", "Transpose", "Resizing")
"""Parts of names of layers that undo a change of resolution: a branch with one is an hourglass,
whose shortcut is not an identity around a refinement but the outer part of a net."""


@dataclass(frozen=True)
class Block:
    """Calls between two tensors of one shape. name: the layer that joins a branch to its shortcut
    (residual) or the first layer of a chain (plain); layers: all that go when it goes.
    """

    name: str
    layers: tuple[str, ...]
    source: Any
    result: Any

    @property
    def residual(self) -> bool:
        """Whether a shortcut goes around it."""
        return self.name == self.layers[-1] and len(self.layers) > 1


@dataclass(frozen=True)
class Stage:
    """Blocks of one kind and shape in a row. headed: a block of the kind that changes the shape
    stands before them, so that all of these may go; else the first of them stays.
    """

    blocks: tuple[Block, ...]
    headed: bool

    @property
    def removable(self) -> tuple[Block, ...]:
        """Blocks beyond the stage's first one."""
        return self.blocks if self.headed else self.blocks[1:]

    @property
    def length(self) -> int:
        """Blocks in all, the head included."""
        return len(self.blocks) + self.headed

    def drops(self, factor: float) -> int:
        """How many blocks go at that share (0, 1] of the depth; the first one never does."""
        return min(len(self.removable), self.length - max(1, int(self.length * factor + 0.5)))


def stages(model: Any) -> tuple[Stage, ...]:
    """All rows of removable blocks of a model, in the order they are computed.

    Residual blocks: an addition of two tensors of which one is computed from the other, by layers
    nobody else reads. Plain blocks: a learning layer on the only path, with the norms, activations
    and dropout behind it; a depthwise convolution goes with the 1 x 1 behind it. Nothing that
    makes an output of the model is in a block. Raises ModelError for models without a graph.
    """
    net = _Net(model)
    residual = [block for call in net.calls if (block := net.residual(call)) is not None]
    inside = {name for block in residual for name in block.layers}
    plain: list[Block] = []
    for call in net.calls:
        if call.name not in inside and (block := net.plain(call)) is not None:
            plain.append(block)
            inside.update(block.layers)
    return (*net.rows(residual), *net.rows(plain))


def droppable(model: Any) -> tuple[Block, ...]:
    """All blocks that may go, each on its own or with any others, in the order they are computed:
    every residual block, and of plain ones in a row all but the first. Raises ModelError for models
    without a graph.
    """
    return tuple(
        block
        for stage in stages(model)
        for block in (stage.blocks if stage.blocks[0].residual else stage.removable)
    )


def without_blocks(model: Any, names: Collection[str]) -> Any:
    """A new model in which the named blocks (see `stages`) are gone: what entered each goes on in
    the place of what it made. A ReLU left standing behind another one goes too.

    Raises UsageError for names of no block.
    """
    blocks = {block.name: block for stage in stages(model) for block in stage.blocks}
    for name in names:
        if name not in blocks:
            raise UsageError(f"Unknown block {name!r}.", f"Blocks: {', '.join(blocks)}.")
    work = _Removal(functional(model), [blocks[name] for name in names])
    source = work.model
    cut = backend.keras().models.clone_model(
        source, clone_function=work.clone, call_function=work.call
    )
    stayed = {id(layer) for layer in cut.layers}
    for layer in source.layers:
        copy = work.copies.get(id(layer))
        if id(copy) in stayed:
            carry_state(layer, copy)
    return rewrite(cut, lambda _: None)  # free of what the branches left behind


class _Net:
    """A model's calls, with who makes and who reads each tensor."""

    def __init__(self, model: Any) -> None:
        self.calls = calls(model)
        self.readers = consumers(model)
        self.maker = {id(tensor): call for call in self.calls for tensor in call.outputs}
        self.ends = {id(tensor) for tensor in functional(model).outputs}
        self.trunk = frozenset(self._trunk())

    def residual(self, call: Call) -> Block | None:
        """The block that an addition closes, or None."""
        if call.kind != "Add" or call.times > 1 or len(call.inputs) != 2:
            return None
        if id(call.outputs[0]) in self.ends:
            return None
        for source, end in (call.inputs, call.inputs[::-1]):
            branch = self._branch(source, end)
            if branch and source.shape == call.outputs[0].shape == end.shape:
                names = tuple(dict.fromkeys([*(part.name for part in branch), call.name]))
                return Block(call.name, names, source, call.outputs[0])
        return None

    def _branch(self, source: Any, end: Any) -> list[Call]:
        """Calls that make `end` of `source` alone and for nothing else; [] when there are others,
        or when one is an addition that closes a block of its own.
        """
        found: dict[int, Call] = {}
        waiting = [end]
        while waiting:
            tensor = waiting.pop()
            call = self.maker[id(tensor)]
            if tensor is source or id(call.outputs[0]) in found:
                continue
            if not call.inputs or call.times > 1 or any(part in call.kind for part in SHAPING):
                return []
            found[id(call.outputs[0])] = call
            waiting += call.inputs
        inner = {id(each) for each in found.values()}
        for tensor in (tensor for call in found.values() for tensor in call.outputs):
            readers = self.readers.get(id(tensor), ())
            alone = all(self._known(reader) in inner for reader in readers)
            if (tensor is not end and not alone) or id(tensor) in self.ends:
                return []
        if len(self.readers[id(end)]) != 1 or any(self.residual(each) for each in found.values()):
            return []
        return [call for call in self.calls if id(call) in inner]

    def _known(self, reader: Call) -> int:
        """The identity of this net's own record of a call."""
        return id(self.maker.get(id(reader.outputs[0]))) if reader.outputs else 0

    def plain(self, call: Call) -> Block | None:
        """The block that a learning layer on the only path begins, or None."""
        if call.kind not in LEARNING or call.times > 1 or len(call.inputs) != 1:
            return None
        chain = [call, *self._followers(call)]
        if call.kind in DEPTHWISE and (point := self._next(chain[-1])) is not None:
            if not _is_pointwise(point):
                return None
            chain += [point, *self._followers(point)]
        source, result = call.inputs[0], chain[-1].outputs[0]
        through = [source, *(each.outputs[0] for each in chain)]
        apart = any(id(tensor) not in self.trunk or id(tensor) in self.ends for tensor in through)
        if apart or source.shape != result.shape:
            return None
        return Block(call.name, tuple(each.name for each in chain), source, result)

    def _followers(self, call: Call) -> Iterator[Call]:
        """Norms, activations and the like that alone read what a call makes, and so on."""
        while (after := self._next(call)) is not None and _is_light(after):
            yield after
            call = after

    def _next(self, call: Call) -> Call | None:
        """The only call that reads what a call makes, if it takes nothing else."""
        readers = self.readers.get(id(call.outputs[0]), ())
        if len(readers) != 1 or len(readers[0].inputs) != 1:
            return None
        return self.maker.get(id(readers[0].outputs[0])) if readers[0].outputs else None

    def rows(self, blocks: Sequence[Block]) -> Iterator[Stage]:
        """Blocks of one kind that follow each other, as stages."""
        row: list[Block] = []
        for block in blocks:
            if row and not self._follows(block, row[-1]):
                yield Stage(tuple(row), self._headed(row[0]))
                row = []
            row.append(block)
        if row:
            yield Stage(tuple(row), self._headed(row[0]))

    def _follows(self, block: Block, before: Block) -> bool:
        same = self._kind(block) == self._kind(before) and block.result.shape == before.result.shape
        return same and any(tensor is before.result for tensor in self._back(block.source))

    def _headed(self, block: Block) -> bool:
        """Whether the block before is one of this kind that changes the shape."""
        *_, first = self._back(block.source)
        return self.maker[id(first)].kind == self._kind(block)

    def _kind(self, block: Block) -> str:
        """The class of the layer that stands for a block."""
        tensor = block.result if block.residual else None
        if tensor is not None:
            return self.maker[id(tensor)].kind
        return next(call.kind for call in self.calls if call.name == block.name)

    def _back(self, tensor: Any) -> Iterator[Any]:
        """A tensor, and what it was before norms, activations and the like."""
        yield tensor
        while (call := self.maker[id(tensor)]).inputs and _is_light(call):
            tensor = call.inputs[0]
            yield tensor

    def _trunk(self) -> Iterator[int]:
        """Tensors that everything computed after them depends on alone."""
        last: dict[int, int] = {}
        for place, call in enumerate(self.calls):
            for tensor in call.inputs:
                last[id(tensor)] = place
        for tensor_id in self.ends:
            last[tensor_id] = len(self.calls)
        live: set[int] = set()
        for place, call in enumerate(self.calls):
            live = {tensor for tensor in live if last.get(tensor, -1) > place}
            live |= {id(tensor) for tensor in call.outputs}
            if len(live) == 1:
                yield from live


class _Removal:
    """What clone_model asks for: the blocks that go pass on their source."""

    def __init__(self, model: Any, blocks: Sequence[Block]) -> None:
        self.model = model
        self.copies: dict[int, Any] = {}
        self.passed: dict[str, int] = {}
        gone = {name for block in blocks if not block.residual for name in block.layers}
        for call in calls(model):
            if call.name in gone:
                self.passed[call.name] = 0
        ends = {id(tensor) for tensor in model.outputs}
        found = {call.name: call for call in calls(model)}
        for block in blocks:
            if block.residual:
                inputs = found[block.name].inputs
                self.passed[block.name] = [tensor is block.source for tensor in inputs].index(True)
        self.bound = {call.name for call in found.values() if id(call.outputs[0]) in ends}

    def clone(self, operation: Any) -> Any:
        """The operation's copy, made once."""
        if id(operation) not in self.copies:
            made = rewrite(operation, lambda _: None) if is_model(operation) else copied(operation)
            self.copies[id(operation)] = made
        return self.copies[id(operation)]

    def call(self, operation: Any, *arguments: Any, **settings: Any) -> Any:
        """Call a copy, or pass on what would have entered its block."""
        if operation.name in self.passed:
            tensors = backend.keras().tree.flatten(arguments)
            return tensors[self.passed[operation.name]]
        ceiling = _ceiling(operation)
        if (
            ceiling is not None
            and kind_of(operation) in _RELUS
            and operation.name not in self.bound
        ):
            before = _ceiling(arguments[0]._keras_history.operation)
            if before is not None and before <= ceiling:
                return arguments[0]
        return operation(*arguments, **settings)


def _is_light(call: Call) -> bool:
    """Whether a call keeps the shape and has no kernel: norms, activations, dropout."""
    if len(call.inputs) != 1 or call.times > 1 or call.inputs[0].shape != call.outputs[0].shape:
        return False
    weights: Sequence[Any] = getattr(call.operation, "weights", ())
    return call.kind not in LEARNING and all(weight.name not in _KERNELS for weight in weights)


_RELUS = ("ReLU", "Activation", "Relu", "Relu6")
_KERNELS = frozenset(["kernel", "recurrent_kernel", "embeddings", "pointwise_kernel"])


def _is_pointwise(call: Call) -> bool:
    return call.kind in ("Conv1D", "Conv2D") and set(call.operation.kernel_size) == {1}


def _ceiling(operation: Any) -> float | None:
    """What an operation that is, or ends in, a plain ReLU clips at; None when it does not."""
    kind = kind_of(operation)
    if kind == "ReLU":
        plain = operation.negative_slope == 0 and operation.threshold == 0
        return (operation.max_value or inf) if plain else None
    activation = getattr(getattr(operation, "activation", None), "__name__", kind.lower())
    return {"relu": inf, "relu6": 6.0}.get(activation)
