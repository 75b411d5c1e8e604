"""How channels pass attention layers, and products of tensors with each other."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from edgehone.graph.ledger import CARRIES, MAKES, READS, IntArray, along, placed, varying
from edgehone.graph.rules._base import Array, Config, Cut, Rule, Use


class MultiHead(Rule):
    """Heads, their width for keys and for values, and the channels that come out.

    A head goes with its slices of all kernels. Where keys get narrower, the layer divides by a
    smaller square root, and the query's weights make up for it.
    """

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels made."""
        layer = use.operation
        query, value, key = _sources(use)
        if len(use.outputs) != 1 or len(use.outputs[0]) != len(use.inputs[0]):
            use.refuse("gives more than one tensor")
        heads = use.made(layer.num_heads, "heads")
        keys, values = use.made(layer.key_dim, "keys"), use.made(layer.value_dim, "values")
        made = use.made(use.outputs[0][-1] or 0)
        parts = [(layer.query_dense, query, keys), (layer.key_dense, key, keys)]
        parts += [(layer.value_dense, value, values)]
        if getattr(layer, "_use_gate", False):
            parts.append((layer._gate_dense, query, values))
        for part, reads, width in parts:
            _hold_projection(use, part, reads, heads, width)
        _hold_output(use, layer.output_dense, heads, values, made)
        return [use.on_last(made)]

    def still(self, use: Use) -> bool:
        """Whatever comes in: the output kernel's slice and the bias are zero."""
        return True

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """Fewer and narrower heads; the output's width where it is not the query's."""
        kernel, last = _index(layer, layer.query_dense.kernel), layer.output_dense.kernel
        config["num_heads"] = _left(cut, kernel, 1)
        config["key_dim"] = _left(cut, kernel, 2)
        config["value_dim"] = _left(cut, _index(layer, last), 1)
        made = _left(cut, _index(layer, last), 2)
        if config["output_shape"] or made != _left(cut, kernel, 0):
            config["output_shape"] = (made,)

    def weights(self, layer: Any, cut: Cut) -> list[Array]:
        """What stays; the query's times sqrt(key width after / before)."""
        query = layer._query_dense
        flags = cut.on(_index(layer, query.kernel), 2)
        share = 1.0 if flags is None else float(flags.mean())
        scaled = {id(weight) for weight in query.weights}
        return [
            array * np.float32(np.sqrt(share)) if id(weight) in scaled else array
            for weight, array in zip(layer.weights, super().weights(layer, cut), strict=True)
        ]


class GroupedQuery(MultiHead):
    """The same where several query heads share one head of keys and values; they go together."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels made, tied to those that come in."""
        layer = use.operation
        query, value, key = _sources(use)
        if len(use.outputs) != 1:
            use.refuse("gives more than one tensor")
        shared = use.made(layer.num_key_value_heads, "heads")
        heads, width = np.repeat(shared, layer.num_repeats), use.made(layer.head_dim, "keys")
        made = use.made(use.outputs[0][-1] or 0)
        for channels in (query, value, key):  # all of one width, the layer demands
            use.ledger.tie(made, channels)
        _hold_projection(use, layer._query_dense, query, heads, width)
        _hold_projection(use, layer._key_dense, key, shared, width)
        _hold_projection(use, layer._value_dense, value, shared, width)
        if getattr(layer, "use_gate", False):
            _hold_projection(use, layer._gate_dense, query, heads, width)
        _hold_output(use, layer._output_dense, heads, width, made)
        return [use.on_last(made)]

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """Fewer and narrower heads."""
        kernel = _index(layer, layer._query_dense.kernel)
        config["num_query_heads"] = _left(cut, kernel, 1)
        config["num_key_value_heads"] = config["num_query_heads"] // layer.num_repeats
        config["head_dim"] = _left(cut, kernel, 2)


def _sources(use: Use) -> tuple[IntArray, IntArray, IntArray]:
    """Channels of query, value and key; whatever else comes in (masks) stays."""
    query, value = use.input("query", 0), use.input("value", 1)
    if query is None or value is None:
        use.refuse("is called in another way than layer(query, value, key)")
    given = use.input("key", 2)
    key = value if given is None else given
    sources = {id(use.tensors[number]) for number in (query, value, key)}
    for tensor, channels in zip(use.tensors, use.found, strict=True):
        if id(tensor) not in sources:
            use.freeze(channels, "masks with them")
    return use.last(query), use.last(value), use.last(key)


def _hold_projection(
    use: Use, part: Any, reads: IntArray, heads: IntArray, width: IntArray
) -> None:
    """A kernel (channels, heads, width) and its bias (heads, width)."""
    use.hold(part.kernel, 0, reads, READS)
    use.hold(part.kernel, 1, heads, MAKES)
    use.hold(part.kernel, 2, width, MAKES)
    use.hold(part.bias, 0, heads, CARRIES)
    use.hold(part.bias, 1, width, CARRIES)


def _hold_output(use: Use, part: Any, heads: IntArray, width: IntArray, made: IntArray) -> None:
    """A kernel (heads, width, channels) and its bias (channels,)."""
    use.hold(part.kernel, 0, heads, READS)
    use.hold(part.kernel, 1, width, READS)
    use.hold(part.kernel, 2, made, MAKES)
    use.hold(part.bias, 0, made, MAKES)


def _index(layer: Any, weight: Any) -> int:
    return [id(each) for each in layer.weights].index(id(weight))


def _left(cut: Cut, weight: int, axis: int) -> int:
    flags = cut.on(weight, axis)
    return 0 if flags is None else int(flags.sum())


class Attention(Rule):
    """Dot-product attention without weights: queries meet keys channel by channel."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The values' channels; the queries' are tied to the keys'."""
        layer, numbers = use.operation, range(len(use.found))
        if len(use.outputs) != 1 or getattr(layer, "score_mode", "") != "dot":
            use.refuse("scores by more than products, or gives its scores")
        if not 2 <= len(numbers) <= 3:
            use.refuse("is masked by a tensor")
        query, value, key = use.last(0), use.last(1), use.last(len(numbers) - 1)
        if not (use.still[0] or use.still[len(numbers) - 1]):
            use.refuse("sums over channels that are not zero when removed")
        use.ledger.tie(query, key)
        return [use.on_last(value)]

    def still(self, use: Use) -> bool:
        """If the values are."""
        return use.still[1]


class Einsum(Rule):
    """Sums of products of several tensors; a sum leaves out channels that are zero."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """Channels on the letters that are left."""
        *data, out = self.terms(use)
        if any(term[0] != out[0] for term in data) or len(use.found) != len(data):
            use.refuse("mixes samples")
        met: dict[str, IntArray] = {}
        for letter, channels, holders in self._letters(use, data):
            if letter not in out and not any(use.still[number] for number in holders):
                use.refuse("sums over channels that are not zero when removed")
            if letter in met:
                use.ledger.tie(met[letter], channels)
            met[letter] = channels
        kept = [letter for letter in met if letter in out]
        if len(kept) > 1:
            use.refuse("has channels on several axes")
        rank = len(out) - 1
        if not kept:
            return [use.ledger.fresh(1).reshape((1,) * rank)]
        return [placed(met[kept[0]], out.index(kept[0]) - len(out), rank)]

    def still(self, use: Use) -> bool:
        """If an input that brings the channels is."""
        *data, out = self.terms(use)
        kept = [holders for letter, _, holders in self._letters(use, data) if letter in out]
        return bool(kept) and any(use.still[number] for number in kept[0])

    def terms(self, use: Use) -> list[str]:
        """A letter for each axis of each input and of the output."""
        equation = use.operation.subscripts.replace(" ", "")
        if "." in equation or "->" not in equation:
            use.refuse("leaves axes unnamed")
        left, out = equation.split("->")
        return [*left.split(","), out]

    def _letters(self, use: Use, data: Sequence[str]) -> Iterator[tuple[str, IntArray, list[int]]]:
        """(letter, channels on it, inputs that have it), for each input that has channels there."""
        moving = {
            term[axis]
            for term, channels in zip(data, use.found, strict=True)
            for axis in varying(channels)
        }
        for term, channels, shape in zip(data, use.found, use.inputs, strict=True):
            for letter in sorted(moving & {*term[1:]}):
                axis = term.index(letter) - len(term)
                here = np.broadcast_to(along(channels, axis), (shape[axis] or 1,))
                yield letter, here, [n for n, each in enumerate(data) if letter in each]


class Matmul(Einsum):
    """(…, n, k) times (…, k, m)."""

    def terms(self, use: Use) -> list[str]:
        """The same as an equation."""
        rank = len(use.outputs[0]) + 1
        if any(len(shape) + 1 != rank for shape in use.inputs) or rank < 3 or len(use.inputs) != 2:
            use.refuse("multiplies matrices of different rank")
        batch = "abcdef"[: rank - 2]
        sizes = [shape[: rank - 3] for shape in (*use.inputs, use.outputs[0])]
        if len(set(sizes)) > 1:
            use.refuse("broadcasts matrices")
        return [f"{batch}nk", f"{batch}km", f"{batch}nm"]


ATTENTION: dict[str, Rule] = {
    "Attention": Attention(),
    "Einsum": Einsum(),
    "GroupedQueryAttention": GroupedQuery(),
    "Matmul": Matmul(),
    "MultiHeadAttention": MultiHead(),
}
"""Rules by kind of layer or function of keras.ops."""
