"""Costs of layers are kept in the store, and a second run on a device measures what is new."""

import hashlib
import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests import run_parts

from edgehone.formats.tflite import TFLite
from edgehone.measure.device import Device, resolve
from edgehone.measure.layer_costs import Price
from edgehone.run.measured_costs import MeasuredCosts, place_of
from edgehone.runners.setup.installation import Installation
from edgehone.search.cost_table import Key
from edgehone.store import Store
from edgehone.targets import Steady
from edgehone.values import Event, LayerSpec, Plain

WIDTHS = (8, 16, 32)
FAST = Steady({"/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor": "performance"})


def keys(widths: Sequence[int], precision: str = "int8") -> list[Key]:
    return [(LayerSpec("dense", 1, 1, 16, width), precision, "") for width in widths]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return run_parts.scripted(tmp_path, "pi")


def costs(store: Store, device: Device, folder: Path, fresh: str = "") -> MeasuredCosts:
    place = place_of(device, ".tflite", fresh)
    return MeasuredCosts(store.costs, place, device, TFLite(), folder)


def test_a_second_run_measures_only_what_is_new(
    store: Store, device: Device, tmp_path: Path
) -> None:
    first = costs(store, device, tmp_path)
    found = first(keys(WIDTHS))
    assert (first.measured, first.known) == (3, 0)
    again = costs(Store(store.folder), device, tmp_path)
    assert again(keys((*WIDTHS, 64))) == {**found, **first(keys([64]))}
    assert (again.measured, again.known) == (1, 3)
    assert (first.measured, first.known) == (3, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"threads": 2},
        {"delegate": "none"},
        {"big_cores": (0,)},
        {"name": "another"},
        {"steady": FAST},
    ],
)
def test_what_costs_depend_on_tells_them_apart(
    store: Store, device: Device, tmp_path: Path, change: dict[str, object]
) -> None:
    costs(store, device, tmp_path)(keys(WIDTHS))
    other = replace(device, target=replace(device.target, **change))  # type: ignore[arg-type]
    found = costs(store, other, tmp_path)
    found(keys(WIDTHS))
    assert found.measured == 3


def test_what_costs_do_not_depend_on_does_not(store: Store, device: Device, tmp_path: Path) -> None:
    costs(store, device, tmp_path)(keys(WIDTHS))
    target = replace(device.target, blocks=9, channel_multiple=4, precisions=("float32",))
    found = costs(store, replace(device, target=target), tmp_path)
    found(keys(WIDTHS))
    assert found.measured == 0


def test_a_place_knows_the_runtime_of_its_files_and_no_other(tmp_path: Path) -> None:
    def place(**libraries: str) -> Plain:
        device = run_parts.scripted(tmp_path, "pi")
        installation = Installation("python", ("python3",), libraries=libraries)
        vars(device)["installation"] = installation
        return place_of(device, ".tflite")

    known = place(litert="lib/a.so", onnxruntime="lib/b.so")
    assert known["runtime"]["version"] == "scripted"
    assert known == place(litert="lib/a.so", onnxruntime="lib/c.so")
    assert known != place(litert="lib/d.so", onnxruntime="lib/b.so")


def test_a_fresh_run_measures_anew_and_finds_its_own(
    store: Store, device: Device, tmp_path: Path
) -> None:
    costs(store, device, tmp_path)(keys(WIDTHS))
    fresh = costs(store, device, tmp_path, "run-7")
    fresh(keys(WIDTHS))
    assert fresh.measured == 3
    resumed = costs(store, device, tmp_path, "run-7")
    resumed(keys(WIDTHS))
    assert resumed.measured == 0


def test_what_another_run_kept_meanwhile_is_what_counts(
    store: Store, device: Device, tmp_path: Path
) -> None:
    asked = keys(WIDTHS)
    place = place_of(device, ".tflite")
    form = TFLite()

    def other(event: Event) -> None:
        """Another run that is done with the second layer as this one begins to measure."""
        content = form.layer_model(*asked[1])
        assert isinstance(content, bytes)
        store.costs.keep(place, {hashlib.sha256(content).hexdigest(): {"passes_ms": [77.0]}})

    found = MeasuredCosts(store.costs, place, device, form, tmp_path, other)(asked)
    assert found[asked[1]] == 77.0
    assert found[asked[0]] != 77.0
    assert costs(store, device, tmp_path)(asked) == found


def test_files_are_not_all_in_memory_at_once(store: Store, device: Device, tmp_path: Path) -> None:
    many = keys(range(8, 48))

    class Large(TFLite):
        """Files of a megabyte more."""

        def layer_model(self, spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
            found = super().layer_model(spec, precision, among)
            return found + bytes(2**20) if isinstance(found, bytes) else found

    place = place_of(device, ".tflite")
    tracemalloc.start()
    found = MeasuredCosts(store.costs, place, device, Large(), tmp_path)(many)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == len(many)
    assert most < len(many) * 2**20 / 4


def test_errors_and_missing_precisions_are_told_and_not_kept(store: Store, tmp_path: Path) -> None:
    device = run_parts.scripted(
        tmp_path, "pi", json.dumps({"fails": {"1.tflite": "out of memory"}})
    )
    depthwise = (LayerSpec("depthwise", 4, 4, 8, 8, (3, 3)), "int8x4", "")
    asked = [*keys((8, 16)), depthwise]
    found = costs(store, device, tmp_path)(asked)
    assert found[asked[1]] == "out of memory"
    assert "4-bit" in str(found[depthwise])
    assert isinstance(found[asked[0]], float)
    again = costs(store, run_parts.scripted(tmp_path, "pi", "{}"), tmp_path)
    assert isinstance(again(asked)[asked[1]], float)


def test_counts_are_kept_as_counts(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_text(json.dumps({"instructions": {"base": 1000.0}}))
    device = resolve(f"arm-emulated@scripted://{file}")
    assert set(costs(store, device, tmp_path)(keys(WIDTHS)).values()) == {1000.0}
    again = costs(store, device, tmp_path)
    assert set(again(keys(WIDTHS)).values()) == {1000.0}
    assert again.measured == 0


def test_a_price_is_settled_once_its_two_least_passes_agree() -> None:
    file = Path("a.tflite")
    assert not Price(file, (1.0,)).settled
    assert not Price(file, (1.0, 1.1)).settled
    assert Price(file, (1.0, 1.1, 1.01)).settled
    assert Price(file, error="it crashed").settled
    assert Price(file, instructions=7).settled
    assert Price(file, (1.0, 1.1)).with_passes(Price(file, (1.02, 3.0))).p50_ms == 1.0


def test_what_was_timed_outlives_a_later_error() -> None:
    file = Path("a.tflite")
    crashed = Price(file, error="it crashed")
    assert Price(file, (1.0, 1.1)).with_passes(crashed).cost == 1.0
    assert Price(file).with_passes(crashed).error == "it crashed"


def test_the_noise_of_costs_is_how_far_their_repeats_are_apart(
    store: Store, device: Device, tmp_path: Path
) -> None:
    exact = costs(store, device, tmp_path)
    assert exact.noise == 0
    exact(keys(WIDTHS))
    assert exact.noise == 0  # a script's times repeat
    other = place_of(device, ".tflite", "other")
    known = sorted(store.costs.known(exact.place).items())
    passes = ([1.3, 1.0, 1.01], [2.0, 2.06], [5.0, 1.0, 1.02])
    rows = zip(known, passes, strict=True)
    store.costs.keep(other, {name: {**value, "passes_ms": each} for (name, value), each in rows})
    noisy = costs(store, device, tmp_path, "other")
    noisy(keys(WIDTHS))
    assert (noisy.known, noisy.measured) == (3, 0)
    assert noisy.noise == pytest.approx(0.02)
