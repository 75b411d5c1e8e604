from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import onnx_files, tflite_files
from tests.snr import power_db

from edgehone import precisions
from edgehone.errors import ConversionError, ModelError
from edgehone.export.execution import outputs_of
from edgehone.export.float_worst import Bound, Source, float_worst
from edgehone.export.proof_inputs import proof_inputs
from edgehone.formats._base import Calibration, Format
from edgehone.formats._metadata import About, InputAbout
from edgehone.system import variants
from edgehone.values import LayerSpec, PrecisionPlan

FORMATS = variants.names("edgehone.formats", Format)
SPECS = (
    LayerSpec("conv", 8, 6, 3, 4, (3, 3), (2, 2), "valid"),
    LayerSpec("conv", 1, 9, 3, 4, (1, 3), relu=True),
    LayerSpec("depthwise", 6, 6, 4, 4, (3, 3)),
    LayerSpec("dense", 1, 1, 12, 5, relu=True),
)


SNR_DB = {
    "float32": 100.0,
    "float16": 45.0,
    "dynamic8": 25.0,
    "int8": 25.0,
    "int16x8": 30.0,
    "int8x4": 5.0,
    "dynamic4": 5.0,
    "weights4": 5.0,
}
"""Least signal to noise of a whole net's outputs."""


def formed(name: str) -> Format:
    return variants.load("edgehone.formats", Format, name)()


def test_formats_are_the_folder() -> None:
    assert FORMATS == ["onnx", "tflite"]


@pytest.mark.parametrize("name", FORMATS)
def test_format_says_its_suffix_and_precisions(name: str) -> None:
    form = formed(name)
    assert f".{name}" == form.SUFFIX
    assert set(form.PRECISIONS) <= set(precisions.names())
    assert {"float32", "int8"} <= set(form.PRECISIONS)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("spec", "precision"), list(product(SPECS, precisions.names())))
def test_layer_model_is_a_file_its_audit_can_read_or_a_reason(
    tmp_path: Path, name: str, spec: LayerSpec, precision: str
) -> None:
    form = formed(name)
    content = form.layer_model(spec, precision)
    if isinstance(content, str):
        assert content
        assert precision not in ("float32", "int8")
        return
    file = tmp_path / f"layer{form.SUFFIX}"
    file.write_bytes(content)
    found = form.audit(file)
    assert found["format"] == name
    assert found["integer_only"] == precisions.named(precision).static
    weights = sum(layer["weight_bytes"] for layer in found["layers"])
    assert 0 < weights < found["size_bytes"] == len(content)


@pytest.mark.parametrize("name", FORMATS)
def test_format_refuses_an_unknown_default_precision(tmp_path: Path, name: str) -> None:
    source, calibration = small_file(tmp_path, name)
    for plan in (PrecisionPlan("float12"), PrecisionPlan("int8", {"head": "float12"})):
        with pytest.raises(ConversionError, match="float12") as caught:
            formed(name).quantize(source, plan, calibration, tmp_path / f"out.{name}")
        assert caught.value.hint


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "plan",
    [
        PrecisionPlan(algorithm="wishful"),
        PrecisionPlan(percentile=101),
        PrecisionPlan(percentile=50),
        PrecisionPlan(io="float64"),
        PrecisionPlan(block=7),
    ],
)
def test_format_refuses_settings_it_has_no_words_for(
    tmp_path: Path, name: str, plan: PrecisionPlan
) -> None:
    source, calibration = small_file(tmp_path, name)
    with pytest.raises(ConversionError) as caught:
        formed(name).quantize(source, plan, calibration, tmp_path / f"out.{name}")
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("name", FORMATS)
def test_static_precisions_without_samples_say_so_and_others_do_without(
    tmp_path: Path, name: str
) -> None:
    form, source = formed(name), small_file(tmp_path, name)[0]
    assert "min_max" in form.ALGORITHMS
    for precision in form.PRECISIONS:
        file = tmp_path / f"{precision}.{name}"
        if precisions.named(precision).static:
            with pytest.raises(ConversionError, match="calibration samples") as caught:
                form.quantize(source, PrecisionPlan(precision), Calibration(()), file)
            assert caught.value.hint
        else:
            form.quantize(source, PrecisionPlan(precision), Calibration(()), file)
        assert file.exists() == (not precisions.named(precision).static)


@pytest.mark.parametrize("name", FORMATS)
def test_format_writes_the_same_bytes_again(tmp_path: Path, name: str) -> None:
    source, calibration = small_file(tmp_path, name)
    for precision in formed(name).PRECISIONS:
        contents = []
        for number in range(2):
            file = tmp_path / f"{number}.{name}"
            formed(name).quantize(source, PrecisionPlan(precision), calibration, file)
            contents.append(file.read_bytes())
        assert contents[0] == contents[1], precision


def small_file(folder: Path, name: str) -> tuple[Path, Calibration]:
    """A float file of the format, and samples for it."""
    files = onnx_files if name == "onnx" else tflite_files
    return files.float_file(folder), files.calibration()


@pytest.mark.parametrize("name", FORMATS)
def test_format_refuses_a_damaged_float_file_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    source = tmp_path / f"float.{name}"
    source.write_bytes(b"\x08\x07garbage" * 50)
    with pytest.raises(ModelError):
        formed(name).quantize(
            source, PrecisionPlan(), tflite_files.calibration(), tmp_path / f"out.{name}"
        )
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("name", FORMATS)
def test_layer_among_others_converts_at_its_borders_and_runs(tmp_path: Path, name: str) -> None:
    form = formed(name)
    spec = LayerSpec("conv", 8, 8, 8, 16, (3, 3), relu=True)
    content = form.layer_model(spec, "float32", "int8")
    assert isinstance(content, bytes)
    file = tmp_path / f"layer{form.SUFFIX}"
    file.write_bytes(content)
    found = form.audit(file)
    borders = {border["dtype"] for border in [*found["inputs"], *found["outputs"]]}
    assert borders <= {"int8", "uint8"}
    conv = [layer for layer in found["layers"] if layer["operator"].lower().startswith("conv")]
    assert ["float32" in layer["types"] for layer in conv] == [True]
    assert _runs(file)


def _runs(file: Path) -> bool:
    """Whether the runtime of the file's kind takes it and computes something."""
    if file.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        given = session.get_inputs()[0]
        result = session.run(None, {given.name: np.ones(given.shape, np.uint8)})[0]
        return bool(np.ptp(result) >= 0)
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    interpreter.invoke()
    return bool(interpreter.get_output_details())


NETS = ("residual", "depthwise", "identifiers")


def residual(keras: Any) -> Any:
    layers = keras.layers
    source = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(source)
    x = y = layers.ReLU(name="stem_relu")(layers.BatchNormalization(name="stem_bn")(x))
    y = layers.Conv2D(16, 3, padding="same", activation="relu", name="a")(y)
    y = layers.Conv2D(8, 3, padding="same", name="b")(y)
    x = layers.ReLU(name="joined")(layers.Add(name="add")([x, y]))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(source, layers.Dense(5, name="head")(x))


def depthwise(keras: Any) -> Any:
    layers = keras.layers
    source = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(8, 3, 2, "same", activation="relu", name="stem")(source)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depth")(x)
    x = layers.ReLU(6.0, name="depth_relu")(layers.BatchNormalization(name="depth_bn")(x))
    x = layers.Conv2D(16, 1, activation="relu", name="point")(x)
    x = layers.Flatten(name="flat")(x)
    return keras.Model(source, layers.Dense(5, name="head")(x))


def identifiers(keras: Any) -> Any:
    """Two inputs, one of them integers, and an embedding."""
    layers = keras.layers
    sources = [keras.Input((6,), dtype="int32", name="ids"), keras.Input((8,), name="extra")]
    x = layers.Flatten(name="flat")(layers.Embedding(20, 8, name="table")(sources[0]))
    x = layers.Dense(16, activation="relu", name="words")(x)
    y = layers.Dense(16, activation="relu", name="numbers")(sources[1])
    x = layers.Add(name="both")([x, y])
    return keras.Model(sources, layers.Dense(5, name="head")(x))


def drawn(net: str, n: int = 48) -> tuple[Any, ...]:
    """Seeded samples for a net."""
    random = np.random.default_rng(6)
    if net == "identifiers":
        return random.integers(0, 20, (n, 6)), random.normal(0, 1, (n, 8)).astype(np.float32)
    return (random.random((n, 8, 8, 3)).astype(np.float32),)


@pytest.fixture(scope="module")
def float_files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Any, Path]:
    """The float file of every net in every format."""
    from edgehone.export.conversion import Converter
    from edgehone.graph import backend
    from edgehone.graph.loading import save

    folder = tmp_path_factory.mktemp("nets")
    found = {}
    with Converter() as converter:
        for build in (residual, depthwise, identifiers):
            net = build.__name__
            backend.seed(3)
            model = save(build(backend.keras()), folder / f"{net}.keras")
            for name in FORMATS:
                file = folder / f"{net}.{name}"
                found[net, name] = converter.convert(model, name, file)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_precision_of_a_whole_net_runs_and_computes_the_same(
    float_files: Mapping[Any, Path], tmp_path: Path, net: str, name: str
) -> None:
    form, source, samples = formed(name), float_files[net, name], drawn(net)
    reference = outputs_of(source, samples)[0]
    assert reference.std(axis=0).min() > 0.005
    for precision in form.PRECISIONS:
        file = tmp_path / f"{precision}.{name}"
        notes = form.quantize(source, PrecisionPlan(precision), Calibration(samples), file)
        found = power_db(reference, outputs_of(file, samples)[0])
        assert found is None or found > SNR_DB[precision], precision
        assert (found is None) == (precision == "float32"), precision
        assert all(notes["refused"].values())


@pytest.mark.slow
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_algorithm_of_a_whole_net_runs_or_says_why_not(
    float_files: Mapping[Any, Path], tmp_path: Path, net: str, name: str
) -> None:
    form, source, samples = formed(name), float_files[net, name], drawn(net)
    reference = outputs_of(source, samples)[0]
    made = 0
    for algorithm, precision in product(form.ALGORITHMS, ("int8", "dynamic8", "weights4")):
        file = tmp_path / f"{algorithm}-{precision}.{name}"
        plan = PrecisionPlan(precision, algorithm=algorithm)
        try:
            form.quantize(source, plan, Calibration(samples), file)
        except ConversionError as error:
            assert (algorithm in error.message, bool(error.hint)) == (True, True)  # noqa: PT017
            continue
        found = power_db(reference, outputs_of(file, samples)[0])
        clips = precision == "weights4" or algorithm == "entropy"
        assert found > (5 if clips else 20), (algorithm, precision)
        made += 1
    assert made >= 6


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_worst_layers_can_be_put_back_in_a_net_with_several_inputs(
    float_files: Mapping[Any, Path], name: str
) -> None:
    samples = drawn("identifiers")
    source = Source(float_files["identifiers", name], formed(name), Calibration(samples))
    start = float_worst(source, PrecisionPlan("int8"), Bound("snr_db", 0, samples))
    held = Bound("snr_db", start.before + 3, samples)
    found = float_worst(source, PrecisionPlan("int8"), held)
    assert found.within
    assert found.after >= start.before + 3
    assert found.plan.layers


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("precision", ["float32", "int8", "dynamic8"])
def test_repacking_keeps_every_bit_and_is_done_once(
    tmp_path: Path, name: str, precision: str
) -> None:
    form, (source, calibration) = formed(name), small_file(tmp_path, name)
    file = tmp_path / f"made{form.SUFFIX}"
    form.quantize(source, PrecisionPlan(precision), calibration, file)
    content = file.read_bytes()
    smaller = form.repack(content)
    assert len(smaller) < len(content) or (name == "onnx" and precision != "int8")
    assert form.repack(smaller) == smaller
    assert form.same_meaning(content, smaller)
    given = proof_inputs(form.audit(file))
    computed = form.computed(content, given)
    assert form.computed(smaller, given) == computed
    assert form.computed(content, given[2:]) != computed


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_file_says_of_itself_comes_back(tmp_path: Path, name: str) -> None:
    form, (source, _) = formed(name), small_file(tmp_path, name)
    content = source.read_bytes()
    about = About("net", license="MIT", inputs=(InputAbout("x", mean=(0.5,), deviation=(2.0,)),))
    text = form.with_metadata(content, about)
    assert (form.metadata(content), form.metadata(text)) == (None, about)
    assert form.metadata(form.repack(text)) == about
    assert form.with_borders(text, "float32") == text
