"""Kits for React Native, iOS and Flutter: types checked and run where a registry has a compiler,
and else read by a grammar of the language.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tree_sitter_dart
import tree_sitter_swift
from tests import app_kits, needs, node_packages
from tests.app_kits import made
from tests.machines import swift_compiler
from tree_sitter import Language, Node, Parser

from edgehone.actions.app.kits import About
from edgehone.actions.app.log import lines

STUBS = Path(__file__).parents[1] / "app_stubs"
STUB = STUBS / "react-native-fast-tflite/index.mjs"

GRAMMARS: dict[str, Callable[[], object]] = {
    "swift": tree_sitter_swift.language,
    "dart": tree_sitter_dart.language,
}

RUN = """\
import { readFileSync } from 'node:fs';
import { %(klass)s } from './dist/%(ident)s.mjs';
import { golden } from './dist/golden.mjs';
const model = await %(klass)s.load({ url: new Uint8Array(readFileSync('assets/model.tflite')) });
const about = JSON.parse(readFileSync('golden.json'));
const content = readFileSync('assets/golden.bin');
const numbers = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);
console.log(await golden(model, about, numbers, 'node'));
process.exit(0);
"""


def kits(folder: Path, platform: str) -> list[Path]:
    """Kits of several kinds of model for one platform."""
    awkward = About(labels=app_kits.labels(folder), name='Blüm$en "1" \\(x) */')
    audio = About(kind="audio", name="sound")
    made(app_kits.image_net(folder), folder / "a", platform, about=awkward)
    made(app_kits.ended(folder, "LOGISTIC", 1), folder / "b", platform)
    made(app_kits.two_inputs(folder), folder / "c", platform, scale=None)
    made(app_kits.numbers_net(folder), folder / "d", platform, about=audio)
    made(app_kits.two_outputs(folder), folder / "f", platform)
    if platform != "react-native":
        made(app_kits.tokens(folder), folder / "g", platform)
        made(app_kits.image_net(folder, integers=True), folder / "e", platform)
    return [each / platform for each in sorted(folder.iterdir()) if (each / platform).is_dir()]


@pytest.mark.slow
@pytest.mark.peer
def test_react_native_is_typed_and_answers_by_litert_js(tmp_path: Path) -> None:
    """The types are the package's own; what runs is a stub with LiteRT.js behind it."""
    for folder in kits(tmp_path, "react-native"):
        done = node_packages.type_checked(folder)
        assert done.returncode == 0, done.stdout
        assert answered(folder)


def answered(folder: Path) -> bool:
    """Whether a kit's golden samples pass, run in Node."""
    emit = ("--noEmit", "false", "--rootDir", "src", "--outDir", "dist")
    assert node_packages.type_checked(folder, *emit).returncode == 0
    (folder / "node_modules").unlink()
    shared = folder / "node_modules"
    shared.mkdir()
    for each in node_packages.packages().iterdir():
        if each.name != "react-native-fast-tflite":
            (shared / each.name).symlink_to(each)
    fake = shared / "react-native-fast-tflite"
    fake.mkdir()
    shutil.copy(STUB, fake / "index.mjs")
    web = Path(app_kits.__file__).parents[1]
    loader = web / "toolchain/edgehone/export/apps/templates/web/test/node.mjs.j2"
    shutil.copy(loader, fake / "node.mjs")
    (fake / "package.json").write_text('{"main": "index.mjs", "exports": "./index.mjs"}')
    for path in (folder / "dist").glob("*.js"):
        text = path.read_text().replace("_model';", "_model.mjs';")
        path.with_suffix(".mjs").write_text(text)
    (wrapper,) = folder.glob("src/*_model.ts")
    klass = "".join(word.capitalize() for word in wrapper.stem.split("_"))
    (folder / "run.mjs").write_text(RUN % {"klass": klass, "ident": wrapper.stem})
    done = node_packages.run(folder, "run.mjs")
    assert done.returncode == 0, done.stderr
    (sentence,) = lines(done.stdout, Path("log"))
    model = json.loads((folder / "model.json").read_text())
    return (sentence.platform, sentence.sha256) == ("react-native", model["model"]["sha256"])


def broken(node: Node) -> list[str]:
    """Places of a syntax tree that no rule of the grammar fits."""
    found = [f"line {node.start_point[0] + 1}"] if node.is_error or node.is_missing else []
    return found + [each for child in node.children for each in broken(child)]


def read_by(language: str, text: str) -> list[str]:
    """What a grammar finds wrong in a text of its language."""
    parser = Parser(Language(GRAMMARS[language]()))
    return broken(parser.parse(text.encode()).root_node)


COMPILED = """\
swiftc -warnings-as-errors -enable-testing -emit-module -module-name {name} -I modules \
  {kit}/Sources/{name}/*.swift stubs/Resources.swift -o modules/{name}.swiftmodule
swiftc -warnings-as-errors -typecheck -module-name GoldenTests -I modules \
  {kit}/Tests/GoldenTests/*.swift stubs/Resources.swift
"""


@pytest.mark.slow
@pytest.mark.peer
def test_swift_kits_and_their_tests_are_compiled(tmp_path: Path) -> None:
    """Foundation and XCTest are Swift's own; LiteRT and Core Graphics are stubs."""
    needs.root()
    for program in swift_compiler.NEEDED:
        needs.program(program)
    shutil.copytree(STUBS / "swift", tmp_path / "stubs")
    commands = "set -e; mkdir modules\n" + "".join(
        f"swiftc -emit-module -module-name {name} stubs/{name}.swift -o modules/{name}.swiftmodule"
        "\n"
        for name in ("LiteRT", "CoreGraphics")
    )
    made = kits(tmp_path, "ios")
    for folder in made:
        (source,) = (folder / "Sources").iterdir()
        commands += COMPILED.format(kit=folder.relative_to(tmp_path), name=source.name)
    done = swift_compiler.run(tmp_path, commands)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    wrapper = next((made[0] / "Sources").rglob("*.swift"))
    wrapper.write_text(wrapper.read_text().replace("filePath: path", "filePath: 3"))
    name = wrapper.parent.name
    broken = COMPILED.format(kit=made[0].relative_to(tmp_path), name=name).replace("\\\n", "")
    done = swift_compiler.run(tmp_path, f"set -e\n{broken}")
    assert done.returncode
    assert "cannot convert value of type 'Int' to expected argument type 'String'" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("platform", "language"), [("ios", "swift"), ("flutter", "dart")])
def test_sources_fit_the_grammar_of_their_language(
    tmp_path: Path, platform: str, language: str
) -> None:
    """No package index has a compiler of Dart, so its types are not checked."""
    for folder in kits(tmp_path, platform):
        sources = sorted(folder.rglob(f"*.{language}"))
        assert len(sources) >= 2
        for source in sources:
            assert not read_by(language, source.read_text()), source


@pytest.mark.parametrize(
    ("language", "text"),
    [("swift", "class A { let x = = 3 }"), ("dart", "class A { int x = = 3; }")],
)
def test_the_grammars_find_mistakes(language: str, text: str) -> None:
    assert read_by(language, text)


@pytest.mark.slow
def test_projects_name_the_model_where_it_lies(tmp_path: Path) -> None:
    file = app_kits.numbers_net(tmp_path)
    for platform in ("ios", "flutter", "react-native", "android"):
        row = made(file, tmp_path / platform, platform)["kits"][0]
        place = Path(row["folder"]) / row["model"]["model"]["file"]
        assert place.read_bytes() == file.read_bytes()
