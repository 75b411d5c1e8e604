"""Troubles with what runs are called, with what `init` is given, and with users' own classes."""

from collections.abc import Callable, Sequence
from pathlib import Path

from edgehone.store import Store
from tests.troubles import BUDGET, Make, Trouble

PROJECT = '[model]\nteacher = "t.keras"\n[data]\nsource = "digits"\n'


def _named(name: str) -> Make:
    return _given(["run", "edgehone.toml", "--name", name])


def _given(words: Sequence[str], text: str = PROJECT + BUDGET) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / "edgehone.toml").write_text(text)
        return words

    return make


def _of_a_run(*words: str) -> Callable[[Path], Sequence[str]]:
    """A command on a run, where there is one called first-try and another one."""

    def make(folder: Path) -> Sequence[str]:
        place = folder.with_name(f"{folder.name}-own")  # readers leave SQLite's own files there
        store = Store(place)
        for name in ("first-try", ""):
            store.create_run({"name": name})
        return [*words, "--folder", str(place)]

    return make


def _of_a_model(*words: str) -> Make:
    return lambda _: ["init", *words]


RUN_NAMES = (
    Trouble("a run called latest", _named("latest"), 2, "run cannot be called", "not latest"),
    Trouble(
        "a run called like an id",
        _named("20260101-000000-abcd"),
        2,
        "run cannot be called",
        "not the id of a run",
    ),
    Trouble("a run called like a path", _named("../x"), 2, "run cannot be called", "Letters"),
    Trouble(
        "a name for a run that goes on",
        lambda _: ["run", "--resume", "latest", "--name", "x"],
        2,
        "--name has no effect with --resume",
        "Leave it out",
    ),
    Trouble(
        "a name that no run has",
        _of_a_run("report", "first-tyr"),
        2,
        "Unknown run 'first-tyr'",
        "Did you mean 'first-try'?",
    ),
    Trouble(
        "the beginning of two ids", _of_a_run("report", "20"), 2, "could be 2 runs", "Say which"
    ),
)

INITS = (
    Trouble(
        "a project that is there", _given(["init"]), 2, "edgehone.toml is there already", "--force"
    ),
    Trouble(
        "a project in a file", _given(["init", "edgehone.toml"]), 2, "is a file", "Name a folder"
    ),
    Trouble(
        "init with a model alone",
        _of_a_model("--model", "m.keras"),
        2,
        "A model and its data belong together",
        "Give --data DATA",
    ),
    Trouble(
        "init with data alone",
        _of_a_model("--data", "digits"),
        2,
        "A model and its data belong together",
        "Give --model MODEL",
    ),
    Trouble(
        "init with an objective alone",
        _of_a_model("--minimize", "size_bytes"),
        2,
        "--minimize has no effect without a model",
        "Give --model and --data",
    ),
    Trouble(
        "init with an unknown objective",
        _of_a_model("--model", "m.keras", "--data", "digits", "--minimize", "sizes"),
        2,
        "Unknown metric 'sizes'",
        "size_bytes",
    ),
    Trouble(
        "init for an unknown device",
        _of_a_model("--model", "m.keras", "--data", "digits", "--on", "ghost"),
        2,
        "Unknown device 'ghost'",
        "TARGET@ADDRESS",
    ),
)

_STRATEGY = '[search]\nstrategy = "{}"\n'
_RECIPE = (
    "[[recipe]]\nname = \"own\"\nsteps = [{{technique = 'prune_channels', importance = '{}'}}]\n"
)


def _searched(strategy: str) -> Make:
    return _given(["run"], PROJECT + _STRATEGY.format(strategy) + BUDGET)


def _ranked(importance: str) -> Make:
    return _given(
        ["run"],
        PROJECT.replace("t.keras", "python:mine:model") + BUDGET + _RECIPE.format(importance),
    )


OWN = (
    Trouble(
        "settings of an own class that are no values",
        _searched("python:json:JSONDecoder(x)"),
        2,
        "is not a Strategy",
        "Derive the class",
    ),
    Trouble(
        "settings that an own class does not take",
        _searched("python:edgehone.search.strategies.random:Random(depth=3)"),
        2,
        "cannot be built: got an unexpected keyword argument",
        "Settings it takes: seed",
    ),
    Trouble(
        "settings that cannot be read",
        _searched("python:edgehone.search.strategies.random:Random(seed=)"),
        2,
        "The settings of",
        "Write plain values by name",
    ),
    Trouble(
        "an unknown importance",
        _ranked("tailor"),
        2,
        "Unknown importance 'tailor'",
        "Did you mean 'taylor'?",
    ),
    Trouble(
        "an importance that is none",
        _ranked("python:json:JSONEncoder"),
        2,
        "python:json:JSONEncoder is not an Importance",
        "Derive the class from edgehone.compress.importances._base.Importance",
    ),
)
