"""AI packs of Google Play: the Kotlin wrapper takes the model of the device's tier, by that tier's
quantization; the configuration obeys the documented format.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from tests import app_kits, tflite_files
from tests.unit.test_export_apps_android import compiled, quantized, ran

from edgehone.actions.app.kits import About, Kits, Request, app
from edgehone.actions.settings import Setting
from edgehone.documents.app_model import InputEntry
from edgehone.errors import ConversionError
from edgehone.export.apps._targeting import NAMESPACE, configuration
from edgehone.export.apps._tiers import Selector
from edgehone.formats._base import Calibration
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan

SCHEMA = Path(__file__).parents[1] / "app_stubs/device_targeting_config.xsd"
LOW = "low=dark.tflite:ram<4GiB"

FEED = """
import javax.xml.XMLConstants
import javax.xml.transform.stream.StreamSource
import javax.xml.validation.SchemaFactory

fun main(words: Array<String>) {
    SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
        .newSchema(java.io.File(words[0])).newValidator()
        .validate(StreamSource(java.io.File(words[1])))
    val raw = java.nio.file.Files.readAllBytes(java.nio.file.Path.of(words[2])).copyOf(108)
    for (tier in listOf("low", "other")) {
        System.setProperty("edgehone.assets", words[3] + "/" + tier)
        System.setProperty("edgehone.packs", words[3] + "/" + tier)
        val model = app.net_model.NetModel.create(android.content.res.AssetManager())
        println(model.tier)
        model.run(raw)
        val stored = app.stored_model.StoredModel.create(android.content.Context())
        println(stored!!.tier)
    }
    System.clearProperty("edgehone.packs")
    println(app.stored_model.StoredModel.create(android.content.Context()) == null)
}
"""


def int8_files(folder: Path) -> Path:
    """Two int8 files of one net with int8 borders, of other scales; the default one."""
    for name, share in (("net", 1.0), ("dark", 0.25)):
        samples = Calibration((tflite_files.samples() * share,))
        plan = PrecisionPlan("int8", io="int8")
        TFLite().quantize(app_kits.image_net(folder), plan, samples, folder / "made.tflite")
        (folder / "made.tflite").rename(folder / f"{name}-int8.tflite")
    (folder / "dark-int8.tflite").rename(folder / "dark.tflite")
    return (folder / "net-int8.tflite").rename(folder / "net.tflite")


def packed(
    file: Path, folder: Path, *tiers: str, delivery: str = "install-time", name: str = ""
) -> Kits:
    setting = Setting.read(Path("edgehone.toml"), ("1/255", None))
    own = tuple(text.replace("=", f"={file.parent}/", 1) for text in tiers)
    about = About(name=name)
    return app(
        Request(("android",), folder, file, about=about, tiers=own, delivery=delivery), setting
    )


def entry(port: Mapping[str, Any]) -> InputEntry:
    return InputEntry(
        port["name"],
        "image",
        tuple(port["shape"]),
        port["dtype"],
        port["scale"],
        port["zero_point"],
        "uint8",
        0,
        255,
        tuple(port["mean"]),
        tuple(port["deviation"]),
        "NHWC",
    )


def test_the_configuration_names_groups_in_their_order() -> None:
    chosen = Selector(1 << 30, 1 << 32, (("google", "redfin"), ("a&b", "")), (("QTI", "SM8750"),))
    content = configuration([("pixel", chosen), ("low", Selector(high=8))])
    root = ElementTree.fromstring(content)  # noqa: S314 - our own bytes
    assert root.tag == f"{{{NAMESPACE}}}device-targeting-config"
    assert [group.attrib for group in root] == [{"name": "pixel"}, {"name": "low"}]
    (selector,) = root[0]
    assert selector.attrib == {"ram-min-bytes": str(1 << 30), "ram-max-bytes": str(1 << 32)}
    assert [(each.tag.rpartition("}")[2], each.attrib) for each in selector] == [
        ("included-device-id", {"brand": "google", "device": "redfin"}),
        ("included-device-id", {"brand": "a&b"}),
        ("system-on-chip", {"manufacturer": "QTI", "model": "SM8750"}),
    ]
    assert root[1][0].attrib == {"ram-max-bytes": "8"}


@pytest.mark.slow
def test_a_pack_has_a_folder_for_each_group_and_a_bundle_that_is_told_of_them(
    tmp_path: Path,
) -> None:
    kits = packed(int8_files(tmp_path), tmp_path / "kit", LOW)
    folder = tmp_path / "kit/android"
    assets = folder / "net_model_pack/src/main/assets"
    for tier, file in (("low", "dark"), ("other", "net")):
        group = assets / f"net_model_pack#group_{tier}"
        assert (group / "model.tflite").read_bytes() == (tmp_path / f"{file}.tflite").read_bytes()
        assert (group / "tier.txt").read_text() == f"{tier}\n"
    assert not (folder / "model/src/main/assets").exists()
    module = (folder / "net_model_pack/build.gradle.kts").read_text()
    assert 'id("com.android.ai-pack")' in module
    assert 'packName = "net_model_pack"' in module
    assert 'deliveryType = "install-time"' in module
    bundle = (folder / "app/build.gradle.kts").read_text()
    assert 'assetPacks += listOf(":net_model_pack")' in bundle
    assert 'deviceTargetingConfig = file("device_targeting_config.xml")' in bundle
    assert 'include(":net_model_pack")' in (folder / "settings.gradle.kts").read_text()
    flag = "android.experimental.enableDeviceTargetingConfigApi=true"
    assert flag in (folder / "gradle.properties").read_text()
    row = kits["kits"][0]
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert there == set(row["files"])
    assert [(each["name"], each["selector"]) for each in row["tiers"]] == [
        (
            "low",
            {
                "ram_min_bytes": None,
                "ram_max_bytes": 1 << 32,
                "devices": [],
                "systems_on_chip": [],
            },
        ),
        ("other", None),
    ]


@pytest.mark.slow
@pytest.mark.peer
def test_the_wrapper_quantizes_as_the_model_of_the_tier_does(tmp_path: Path) -> None:
    file = int8_files(tmp_path)
    kits = packed(file, tmp_path / "kit", LOW, "mid=net.tflite:soc=QTI/SM8750,device=google/redfin")
    packed(file, tmp_path / "od", LOW, delivery="on-demand", name="stored")
    folder = tmp_path / "kit/android"
    for module, name in (
        (folder, "net_model_pack"),
        (tmp_path / "od/android", "stored_model_pack"),
    ):
        for tier in ("low", "other"):  # as Google Play delivers it: without the group's name
            source = module / f"{name}/src/main/assets/{name}#group_{tier}"
            shutil.copytree(source, tmp_path / "delivered" / tier / name)
    feed = tmp_path / "Feed.kt"
    feed.write_text(FEED)
    sources = [feed]
    for module in (folder, tmp_path / "od/android"):
        sources += module.glob("model/src/main/kotlin/*.kt")
        golden = next(module.rglob("GoldenTest.kt"))
        sources.append(golden.rename(golden.with_name(f"Golden{len(sources)}.kt")))
    classes = compiled(tmp_path, *sources)
    golden_file = folder / "model/src/androidTest/assets/golden.bin"
    config = folder / "app/device_targeting_config.xml"
    words = map(str, (SCHEMA, config, golden_file, tmp_path / "delivered"))
    lines = ran(tmp_path, classes, *words)
    raw = np.frombuffer(golden_file.read_bytes()[:108], np.uint8)[None]
    low = json.loads((folder / "tiers/low/model.json").read_text())["inputs"][0]
    own = kits["kits"][0]["model"]["inputs"][0]
    assert low["scale"] != own["scale"]
    for place, (tier, port) in enumerate((("low", low), ("other", own))):
        name, written, stored = lines[3 * place : 3 * place + 3]
        assert (name, stored) == (tier, tier)
        expected = quantized(raw, entry(port)).ravel()
        np.testing.assert_array_equal(np.array(written.split()[2:], int), expected)
    assert lines[6:] == ["true"]


@pytest.mark.slow
def test_tiers_of_other_borders_or_shapes_are_refused(tmp_path: Path) -> None:
    file = app_kits.image_net(tmp_path)
    app_kits.two_outputs(tmp_path)
    app_kits.image_net(tmp_path, integers=True)
    for other, message in (
        ("net-int8.tflite", "the dtype of 'input' is int8"),
        ("two.tflite", "the number of outputs is 2"),
    ):
        with pytest.raises(ConversionError, match=message):
            packed(file, tmp_path / "kit", f"low={other}:ram<4GiB")
        assert not (tmp_path / "kit").exists()
