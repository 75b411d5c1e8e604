"""Every field of the gate's document: what of it prevents a pass, or why it decides nothing."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests import kept_run

from edgehone.cli.app import main
from edgehone.cli.commands.gate import exit_of
from edgehone.documents import schema

Change = Callable[[Any], None]
M = "measurements."

SIZE = 'metric = "size_bytes"\nmax = "1 MiB"'
P50 = 'metric = "latency_p50_ms"\nmax = "1 s"'
TIGHT_P50 = 'metric = "latency_p50_ms"\nmax = "10 us"'
MEMORY = 'metric = "peak_memory_bytes"\nmax = "1 GiB"'
COUNT = 'metric = "instructions"\nmax = "1 M"'
ACCURACY = 'metric = "accuracy"\nmin = "50 %"'
DROP = 'metric = "accuracy_drop"\nmax = "5 points"'
AGREEMENT = 'metric = "agreement"\nmin = "50 %"'


def at(*place: str, to: Any) -> Change:
    """Put a value into the winner's measurement."""

    def change(document: Any) -> None:
        found = document["winner"]
        for key in place[:-1]:
            found = found[key]
        found[place[-1]] = to

    return change


def about(table: str, device: str) -> str:
    return f'{table}\ndevice = "{device}"'


@dataclass(frozen=True)
class Row:
    """Budgets against a run: exit code `clean` as it is, `code` once it is changed."""

    code: int
    change: Change = lambda _: None
    tables: tuple[str, ...] = (SIZE,)
    clean: int = 0
    instead: tuple[str, ...] = ()


def flattered(*place: str, to: Any, table: str = TIGHT_P50) -> Row:
    """A statistic beside the samples that tells a better story: it is not listened to."""
    return Row(1, at(*place, to=to), (table,), clean=1)


def shown(code: int, **changes: Any) -> Row:
    """The document itself, changed: it does not give exit code 0 any longer."""
    return Row(code, lambda document: document.update(changes))


ADVISORY_MISS = SIZE.replace("1 MiB", "1 B") + "\nrequired = false"
RELATIVE = 'metric = "size_bytes"\nmax = "+500 %"\nrelative_to = "baseline"'
WORST = 'metric = "accuracy"\nmin = "50 %"\nclasses = ["worst"]'

LOST = {"device": "pi", "message": "gone", "hint": "mend it", "exit_code": 4}

RUNS: Mapping[str, Row] = {
    "checks.metric": Row(3, at("instructions", to=None), instead=(SIZE, COUNT)),
    "checks.bound": Row(1, instead=(SIZE.replace("max", "min"),)),
    "checks.limit": Row(1, instead=(SIZE.replace("1 MiB", "1 B"),)),
    "checks.value": Row(3, at("memory_bytes", to=None), (SIZE, MEMORY)),
    "checks.ci95": Row(3, at("accuracy", "ci95", to=[0.4, 0.99]), (ACCURACY,)),
    "checks.required": Row(
        1, tables=(ADVISORY_MISS,), instead=(ADVISORY_MISS.replace("false", "true"),)
    ),
    "checks.relative_to": Row(1, tables=(RELATIVE,), instead=(RELATIVE.replace("+500", "-80"),)),
    "checks.device": Row(3, instead=(SIZE, about(P50, "Local"))),
    M + "artifact": Row(2, at("artifact", to=None)),
    M + "artifact.path": Row(5, at("artifact", "path", to="/nowhere/else.tflite")),
    M + "artifact.size_bytes": Row(5, at("artifact", "size_bytes", to=5)),
    M + "artifact.compressed_bytes": flattered(
        "artifact", "compressed_bytes", to=40, table='metric = "compressed_bytes"\nmax = 50'
    ),
    M + "artifact.sha256": Row(5, at("artifact", "sha256", to="0" * 64)),
    M + "device": Row(2, at("device", to=None)),
    M + "device.name": Row(3, at("device", "name", to="pi"), (SIZE, about(P50, "local"))),
    M + "device.target": Row(3, at("device", "target", to="raspberry-pi-5"), (P50,)),
    M + "device.emulated": Row(3, at("device", "emulated", to=True), (P50,)),
    M + "runtime": Row(2, at("runtime", to=None)),
    M + "latency_ms": Row(3, at("latency_ms", to=None), (P50,)),
    **{M + f"latency_ms.{key}": flattered("latency_ms", key, to=1e-6) for key in ("p50", "mean")},
    **{M + f"latency_ms.{key}": flattered("latency_ms", key, to=1e-6) for key in ("min", "max")},
    M + "latency_ms.ci95": flattered("latency_ms", "ci95", to=[1e-6, 1e-6]),
    **{
        M + f"latency_ms.{key}": flattered("latency_ms", key, to=1e-6, table=table)
        for key, table in {
            "p90": TIGHT_P50.replace("p50", "p90"),
            "p99": TIGHT_P50.replace("p50", "p99"),
            "cold": TIGHT_P50.replace("latency_p50", "cold"),
            "init": TIGHT_P50.replace("latency_p50", "init"),
        }.items()
    },
    M + "latency_ms.samples": Row(2, at("latency_ms", "samples", to=[]), (P50,)),
    M + "latency_ms.cold_samples": Row(2, at("latency_ms", "cold_samples", to=[]), (P50,)),
    M + "latency_ms.init_samples": Row(2, at("latency_ms", "init_samples", to=[-1.0]), (P50,)),
    M + "memory_bytes": Row(3, at("memory_bytes", to=None), (MEMORY,)),
    M + "memory_bytes.peak": Row(2, at("memory_bytes", "peak", to=-1), (MEMORY,)),
    M + "memory_bytes.model": Row(2, at("memory_bytes", "model", to="little"), (MEMORY,)),
    M + "instructions": Row(3, at("instructions", to=None), (COUNT,)),
    M + "accuracy": Row(3, at("accuracy", to=None), (ACCURACY,)),
    M + "accuracy.metric": Row(2, at("accuracy", "metric", to="mae"), (ACCURACY,)),
    M + "accuracy.value": Row(3, at("accuracy", "value", to=0.1), (ACCURACY,)),
    M + "accuracy.n": Row(2, at("accuracy", "n", to=0), (ACCURACY,)),
    M + "accuracy.ci95": Row(2, at("accuracy", "ci95", to=[None, None]), (ACCURACY,)),
    M + "accuracy.agreement": Row(3, at("accuracy", "agreement", to=None), (AGREEMENT,)),
    M + "accuracy.drop": Row(3, at("accuracy", "drop", to=None), (DROP,)),
    M + "accuracy.drop_ci95": Row(3, at("accuracy", "drop_ci95", to=None), (DROP,)),
    M + "accuracy.discordant": Row(2, at("accuracy", "discordant", to=[-1, 0]), (DROP,)),
    M + "accuracy.classes": Row(
        3,
        at("accuracy", "classes", to=None),
        (WORST,),
    ),
    M + "conditions": Row(3, at("conditions", to={"unconfirmed": "no answer"}), (P50,)),
    M + "verdict": Row(3, at("verdict", to="noisy"), (P50,)),
}
"""What of a run's measurements, or of the budgets, prevents exit code 0 by `gate --run`."""

DOCUMENTS: Mapping[str, Row] = {
    "decision": shown(3, decision="inconclusive"),
    "checks": shown(3, checks=[]),
    "checks.verdict": Row(
        3, lambda document: document["checks"][-1].update(verdict="inconclusive")
    ),
    "checks.waived": Row(
        3, lambda document: document["checks"].append({**unkept("a.tflite"), "waived": None})
    ),
    "checks.file": Row(3, lambda document: document["checks"].append(unkept("b.tflite"))),
    "measurements": Row(3, lambda document: document["checks"].append(unkept("a.tflite"))),
    "lost": shown(4, lost=[LOST]),
    "lost.device": shown(4, lost=[{**LOST, "device": ""}]),
    "lost.message": shown(4, lost=[{**LOST, "message": ""}]),
    "lost.hint": shown(4, lost=[{**LOST, "hint": ""}]),
    "lost.exit_code": shown(4, lost=[{**LOST, "exit_code": 0}]),
}
"""What of the document as it is printed prevents exit code 0."""

HARMLESS: Mapping[str, str] = {
    "schema": "what it says of an unknown version is tested with the documents",
    "checks.reason": "words beside a verdict",
    "checks.further_blocks": "what would decide what is left open",
    "warnings": "words beside the decision",
    "checks.id": "what the check is called",
    "checks.tier": "how it was found out",
    "checks.against": "what the ratio is of; the verdict is made of the ratio",
    "checks.budget": "the budget as it was written",
    "checks.waived.reason": "words beside a waiver",
    "checks.waived.owner": "words beside a waiver",
    "checks.waived.metric": "a check is waived or not; which waiver did it is told",
    "checks.waived.expires": "a check is waived or not; which waiver did it is told",
    "checks.waived.device": "a check is waived or not; which waiver did it is told",
    "checks.waived.file": "a check is waived or not; which waiver did it is told",
    "baselines": "verdicts are made of them when they are measured; they are told beside these",
    "looked_up": "that nothing was measured now",
    "took_s": "how long it took",
    "why": "words beside the decision",
    "ratcheted": "what was written once it had passed",
    M + "artifact.format": "the file is known by its hash",
    M + "artifact.precision": "the file is known by its hash",
    M + "artifact.audit": "the file is known by its hash",
    M + "artifact.parity": "no budget reads it",
    M + "runtime.name": "no budget reads it",
    M + "runtime.version": "no budget reads it",
    M + "runtime.delegate": "no budget reads it",
    M + "runtime.threads": "no budget reads it",
    M + "runtime.fallback": "no budget reads it",
    M + "memory_bytes.process": "no budget reads it",
    M + "memory_bytes.steady": "no budget reads it",
    M + "accuracy.higher_is_better": "a budget says itself which side is kept",
    M + "accuracy.guess": "a warning is made of it",
    M + "validation": "it steers the search; budgets read the test split",
    M + "host_parity": "no budget reads it",
    M + "reason": "words beside a verdict",
    M + "inputs": "cautions are made of it",
}
"""Fields that decide nothing, with all that is in them, and why."""


def unkept(file: str) -> dict[str, Any]:
    """A check that nothing measured answers."""
    return {"file": file, "metric": "size_bytes", "verdict": "inconclusive", "device": "pi"}


def fields_of(node: Any, parts: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Every field of a schema, however deep, by the names that lead to it."""
    node = parts[node["$ref"]] if "$ref" in node else node
    if "items" in node:
        yield from fields_of(node["items"], parts, place)
    if isinstance(node.get("additionalProperties"), dict):
        yield from fields_of(node["additionalProperties"], parts, place)
    for name, inner in node.get("properties", {}).items():
        path = f"{place}.{name}" if place else name
        yield path
        yield from fields_of(inner, parts, path)


def fields_of_the_gate() -> list[str]:
    whole = schema("gate")
    parts = {part["$id"]: part for part in whole["$defs"].values()}
    return list(dict.fromkeys(fields_of(whole, parts)))


def is_harmless(field: str) -> bool:
    return any(field == known or field.startswith(f"{known}.") for known in HARMLESS)


def test_every_field_of_the_published_document_has_a_row() -> None:
    published = {field for field in fields_of_the_gate() if not is_harmless(field)}
    assert published == {*RUNS, *DOCUMENTS}
    assert {*HARMLESS} <= {*fields_of_the_gate()}
    assert not {*RUNS} & {*DOCUMENTS}


def gate(place: Path, tables: tuple[str, ...], change: Change) -> int:
    """The exit code of `gate --run` on a run whose document is changed."""
    place.mkdir()

    def changed(document: Any) -> None:
        document["winner"]["instructions"] = 12_345
        document["winner"]["accuracy"]["classes"] = {"0": [1000, 0.92], "1": [1000, 0.89]}
        change(document)

    run = kept_run.kept_run(place, changed)
    budgets = place / "budgets.toml"
    budgets.write_text("".join(f"[[budget]]\n{table}\n" for table in tables))
    return main(["gate", str(budgets), *run.words()])


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...]], int]:
    """The exit code of a gate by its budgets, the run being as it was."""

    @cache
    def code(tables: tuple[str, ...]) -> int:
        return gate(tmp_path_factory.mktemp("clean") / "run", tables, lambda _: None)

    return code


@pytest.mark.slow
@pytest.mark.parametrize("field", RUNS)
def test_no_field_of_a_run_lets_a_gate_pass_that_should_not(
    field: str, clean: Callable[[tuple[str, ...]], int], tmp_path: Path
) -> None:
    row = RUNS[field]
    assert clean(row.tables) == row.clean
    assert row.code != 0
    assert gate(tmp_path / "changed", row.instead or row.tables, row.change) == row.code


@pytest.fixture
def passing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """The document of a gate that passes."""
    run = kept_run.kept_run(tmp_path)
    (tmp_path / "b.toml").write_text(f"[[budget]]\n{SIZE}\n[[budget]]\n{P50}\n")
    assert main(["gate", str(tmp_path / "b.toml"), *run.words("--json")]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("field", DOCUMENTS)
def test_no_field_of_the_document_gives_exit_code_0_beside_what_is_open(
    field: str, passing: Any
) -> None:
    assert exit_of(passing) == 0
    DOCUMENTS[field].change(passing)
    assert exit_of(passing) == DOCUMENTS[field].code != 0


GONE = object()


def altered(field: str, value: object) -> Change:
    *places, last = field.removeprefix(M).split(".")

    def change(document: Any) -> None:
        found = document["winner"]
        for key in places:
            found = found[key]
        found.pop(last, None)
        if value is not GONE:
            found[last] = value

    return change


@pytest.mark.slow
@pytest.mark.parametrize("field", [each for each in HARMLESS if each.startswith(M)])
def test_what_decides_nothing_turns_no_failure_into_a_pass(field: str, tmp_path: Path) -> None:
    failing = (SIZE.replace("1 MiB", "1 B"), ACCURACY)
    for number, value in enumerate((GONE, None, [], -1)):
        assert gate(tmp_path / str(number), failing, altered(field, value)) in (1, 2)
