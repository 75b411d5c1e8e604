"""What a model file may name before anything that could import it sees the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.saved_model_files import metadata, saved_model, saved_model_of_2_3
from tests.troubles import described, h5, keras_zip, layer

from edgehone.cli.app import main
from edgehone.errors import ModelError
from edgehone.graph import allowed
from edgehone.graph.consent import Keras, require_consent

Described = dict[str, Any]

EVIL = "evil_module_of_this_test"
REGISTERED = type("Own", (), {})
NONE = Keras(dict, lambda module, name: False)
SOME = Keras(
    lambda: {"mine>Own": REGISTERED, "Plain": object, "mine>wave": print}, NONE.is_operation
)
FUNCTION: Described = {"class_name": "function", "config": "relu", "module": "builtins"}
WRAPPER = "tensorflow_model_optimization.python.core.sparsity.keras.pruning_wrapper"


def posing(kind: str, module: str = EVIL, **more: Any) -> Described:
    return {"class_name": kind, "config": {"name": "odd"}, "module": module, **more}


REFUSED: tuple[Described, ...] = (
    posing("Evil"),
    posing("Dense"),
    posing("Dense", "os"),
    posing("Dense", "keras.utils"),
    posing("Dense", "tf_keras.src.utils.data_utils"),
    posing("Dense", "keras.layers", registered_name="get_file"),
    posing("Dense", "keras.layers", registered_name=["Dense"]),
    posing("Dense", "keraslayers"),
    posing("Dense", ["keras.layers"]),  # type: ignore[arg-type]
    posing("get_file", "keras.utils"),
    posing("load_model", "keras.models"),
    posing("load_model", "keras.saving", config={"filepath": "/tmp/x", "name": "odd"}),  # noqa: S108
    posing("deserialize", "keras.layers"),
    posing("__import__", "builtins"),
    posing("__keras_tensor__"),
    posing("__slice__", registered_name="system"),
    posing("__tensor__", "tf_keras.layers"),
    posing("__typespec__", spec_name="Evil"),
    posing("__tuple__", items=[]),
    posing("TensorShape"),
    posing("TypeSpec", "", type_spec="tf.TensorSpec", serialized=[]),
    posing("PruneLowMagnitude"),
    posing("PruneLowMagnitude", "tensorflow_model_optimization.evil"),
    posing("MyQuantizeLayer", WRAPPER),
    posing("Own", WRAPPER, registered_name="other>Own"),
    layer("Own"),
    layer("L2"),
    layer("TensorFlowFunction"),
    layer("Dense", activation={**FUNCTION, "config": "system", "module": "os"}),
    layer("Dense", activation={**FUNCTION, "module": "os"}),
    layer("Dense", activation={**FUNCTION, "module": "keras.utils"}),
    layer("Dense", activation={**FUNCTION, "registered_name": "system"}),
    layer("Dense", activation={**FUNCTION, "config": ["relu"]}),
    layer("Dense", activation={**FUNCTION, "config": "relu.system"}),
    layer("Dense", activation="deserialize"),
    layer("Dense", kernel_initializer="python:os:system"),
    layer("Dense", kernel_initializer=posing("Zeros")),
    layer("Dense", kernel_regularizer=posing("L2")),
    layer("Dense", bias_constraint=posing("MaxNorm")),
    layer("Dense", dtype=posing("DTypePolicy")),
    layer("Dense", kernel_regularizer={"class_name": "Zeros", "config": {}}),
    {**layer("Dense"), "build_config": posing("Evil")},
    {**layer("Dense"), "inbound_nodes": [[["x", 0, 0, {"y": [posing("Evil")]}]]]},
    layer("Bidirectional", layer=layer("RNN", cell=[layer("GRUCell"), posing("Cell")])),
)
CODE = (
    layer("Lambda"),
    layer("TimeDistributed", layer=layer("Lambda")),
    layer("Dense", activation={"class_name": "__lambda__", "config": {"value": "4wEA"}}),
    layer("TFSMLayer", filepath="/etc"),
    layer("TorchModuleWrapper", module="gASV"),
    layer("TensorFlowOpLayer", node_def="{}"),
    {**layer("Lambda"), "registered_name": "mine>Own"},
)
FINE = (
    layer("Dense", kernel_initializer="he_normal", activation="relu", kernel_regularizer="l2"),
    layer("Dense", activation=FUNCTION, dtype=posing("DTypePolicy", "keras")),
    layer("Dense", dtype={"class_name": "Policy", "config": {"name": "float32"}}),
    layer("TFOpLambda", function="nn.relu"),
    layer("PruneLowMagnitude", pruning_schedule=layer("PolynomialDecay")),
    posing("PruneLowMagnitude", WRAPPER, registered_name="PruneLowMagnitude"),
    posing("Functional", "tf_keras.src.engine.functional", registered_name="Functional"),
    posing("Dense", "keras.layers", registered_name=None),
    posing("BatchNormalization", "keras.src.layers.normalization.batch_normalization"),
    layer("Reshape", target_shape={"class_name": "__tuple__", "items": [1, 2]}),
    {
        **layer("Dot"),
        "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {}}]}],
    },
)
OWN = (
    posing("Own", registered_name="mine>Own"),
    layer("mine>Own"),
    layer("Plain"),
    posing("Plain", registered_name="Plain"),
    layer("Dense", activation="mine>wave"),
    layer("Dense", activation="wave"),
    layer("Dense", activation={**FUNCTION, "config": "wave"}),
)


def numbered(cases: tuple[Any, ...]) -> list[Any]:
    return [pytest.param(each, id=f"{n}") for n, each in enumerate(cases)]


@pytest.mark.parametrize("part", numbered(REFUSED))
def test_what_is_not_on_the_list_is_refused_wherever_it_stands(part: Described) -> None:
    outermost = {**part, "config": {**part["config"], "layers": []}}
    for config in (described(part), described(described(part)), outermost):
        if config is outermost and part["class_name"] in allowed.LAYERS and "module" not in part:
            continue  # a layer of Keras that refers to something wrong, as which it is tried above
        with pytest.raises(ModelError, match="Keras does not know"):
            require_consent(config, Path("net.keras"), trust=False, keras=NONE)
        require_consent(config, Path("net.keras"), trust=True, keras=NONE)


@pytest.mark.parametrize("part", numbered(CODE))
def test_code_is_refused_by_the_name_of_its_layer_however_deep(part: Described) -> None:
    for config in (described(part), described(layer("Wrapper", layer=part))):
        with pytest.raises(ModelError, match=r"run code of their own: 'odd'") as caught:
            require_consent(config, Path("net.keras"), trust=False, keras=SOME)
        assert "''" not in caught.value.message
        require_consent(config, Path("net.keras"), trust=True, keras=NONE)


@pytest.mark.parametrize("part", numbered(FINE))
def test_what_keras_and_tfmot_write_is_let_pass_without_loading_them(part: Described) -> None:
    require_consent(described(part), Path("net.keras"), trust=False, keras=NONE)


@pytest.mark.parametrize("part", numbered(OWN))
def test_what_is_registered_is_let_pass_and_nothing_under_its_name(part: Described) -> None:
    require_consent(described(part), Path("net.keras"), trust=False, keras=SOME)
    with pytest.raises(ModelError, match="Keras does not know"):
        require_consent(described(part), Path("net.keras"), trust=False, keras=NONE)
    for more in ({"module": EVIL, "registered_name": None}, {"registered_name": "system"}):
        if part["class_name"] in ("Own", "Plain", "mine>Own"):
            with pytest.raises(ModelError, match="Keras does not know"):
                require_consent(described({**part, **more}), Path("n"), trust=False, keras=SOME)


def test_layers_that_read_files_by_name_are_refused_with_the_file() -> None:
    config = described(layer("StringLookup", vocabulary="/etc/passwd"))
    with pytest.raises(ModelError, match=r"'odd' \(StringLookup: '/etc/passwd'\)"):
        require_consent(config, Path("net.keras"), trust=False, keras=NONE)
    require_consent(
        described(layer("StringLookup", vocabulary=["a"])), Path("n"), trust=False, keras=NONE
    )


@pytest.mark.parametrize("name", [None, 3, ["Dense"], {"class_name": "Dense"}])
def test_a_class_without_a_name_is_damage(name: Any) -> None:
    for trust in (False, True):
        with pytest.raises(ModelError, match="not a name"):
            require_consent(
                described({"class_name": name, "config": {}}), Path("n"), trust=trust, keras=NONE
            )


def test_a_layer_that_poses_as_keras_is_told_with_its_module() -> None:
    with pytest.raises(ModelError, match=rf"'odd' \({EVIL}\.Dense\)"):
        require_consent(described(posing("Dense")), Path("n"), trust=False, keras=NONE)


def _markers(folder: Path) -> list[str]:
    return sorted(child.name for child in folder.glob("ran-*"))


FORMATS: dict[str, Callable[[Path, Described], Path]] = {
    "keras-3": lambda folder, config: keras_zip(folder / "net.keras", config),
    "keras-2": lambda folder, config: keras_zip(folder / "net.keras", config, "2.15.0"),
    "keras-1": lambda folder, config: keras_zip(folder / "net.keras", config, "1.2.2"),
    "h5-3": lambda folder, config: h5(folder / "net.h5", config, "3.9.0"),
    "h5-2": lambda folder, config: h5(folder / "net.hdf5", config),
    "saved-model": lambda folder, config: saved_model(
        folder / "net", metadata((0, b"root", config))
    ),
    "saved-model-2.3": lambda folder, config: saved_model_of_2_3(folder / "net", config),
}
PLACES: dict[str, Callable[[Described], Described]] = {
    "outermost": lambda evil: {**evil, "config": {**evil["config"], "layers": []}},
    "layer": described,
    "nested": lambda evil: described(described(layer("TimeDistributed", layer=evil))),
    "initializer": lambda evil: described(layer("Dense", units=1, kernel_initializer=evil)),
    "build_config": lambda evil: described({**layer("Dense", units=1), "build_config": evil}),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("place", PLACES)
def test_no_file_makes_a_module_run_that_it_names(
    form: str,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = (
        "from pathlib import Path\n"
        f"HERE = Path({str(tmp_path)!r})\n"
        "(HERE / 'ran-import').touch()\n"
        "class Evil:\n"
        "    @classmethod\n"
        "    def from_config(cls, *a, **k): (HERE / 'ran-from_config').touch()\n"
        "Dense = L2 = Evil\n"
    )
    (tmp_path / f"{EVIL}.py").write_text(code)
    (tmp_path / "site").mkdir()  # where children import from, too
    (tmp_path / "site" / f"{EVIL}.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    for number, name in enumerate(("Evil", "Dense", "__Evil__")):
        folder = tmp_path / f"case-{number}"
        folder.mkdir()
        path = FORMATS[form](folder, PLACES[place](posing(name)))
        assert main(["inspect", str(path)]) == 5
        assert "Keras does not know" in capsys.readouterr().err
        assert _markers(tmp_path) == []


@pytest.mark.slow
def test_the_list_is_that_of_keras_without_what_runs_code() -> None:
    """A new version of Keras may have more: read each, and list it here or as code."""
    from edgehone.graph import backend

    keras = backend.keras()

    def public(space: str, base: str) -> set[str]:
        found = vars(getattr(keras, space))
        kind = getattr(keras, base)
        return {n for n, each in found.items() if isinstance(each, type) and issubclass(each, kind)}

    functions = {name for name in vars(keras.activations) if not name.startswith("_")}
    assert public("layers", "Layer") <= allowed.LAYERS | allowed.CODE
    assert not allowed.LAYERS & allowed.CODE
    assert public("initializers", "Initializer") <= allowed.INITIALIZERS
    assert public("regularizers", "Regularizer") <= allowed.REGULARIZERS
    assert public("dtype_policies", "DTypePolicy") <= allowed.POLICIES
    assert functions - {"get", "serialize", "deserialize"} == allowed.ACTIVATIONS
    kinds = (allowed.INITIALIZERS, allowed.REGULARIZERS, allowed.CONSTRAINTS)
    assert not {"get", "serialize", "deserialize"} & frozenset().union(*kinds, allowed.LAYERS)


@pytest.mark.slow
def test_operations_of_keras_are_let_pass_where_they_are_made() -> None:
    for module, name in (("keras.src.ops.numpy", "Add"), ("keras.src.ops.nn", "Relu6")):
        require_consent(described(posing(name, module)), Path("n"), trust=False)
    for module, name in (
        ("keras.src.ops.numpy", "Nothing"),
        ("keras.src.ops.numpy", "any_symbolic_tensors"),
        ("keras.src.utils.file_utils", "get_file"),
        ("keras.src.ops.numpy_test", "Add"),
        ("keras.src.ops.does.not.exist", "Add"),
    ):
        with pytest.raises(ModelError, match="Keras does not know"):
            require_consent(described(posing(name, module)), Path("n"), trust=False)
