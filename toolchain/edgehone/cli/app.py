"""The entry of the command line: which commands there are, and how failures end."""

import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType
from typing import Annotated

import typer

from edgehone.cli import (
    bench,
    compare,
    compress,
    demo,
    devices,
    doctor,
    export,
    gate,
    init,
    inspect,
    output,
    repack,
    report,
    run,
    runs,
    targets,
    techniques,
)
from edgehone.cli.ending import Ending, heeded
from edgehone.cli.help import Command, Group
from edgehone.errors import EdgehoneError, UsageError
from edgehone.graph import registry
from edgehone.system import scratch

INTERRUPTED = 128 + signal.SIGINT
"""Exit code of a program ended by Ctrl-C."""

PIPE_CLOSED = 141
"""Exit code of a program whose reader has gone: 128 + SIGPIPE."""

HELP = {"help_option_names": ["-h", "--help"]}

PANELS: tuple[tuple[str, tuple[ModuleType, ...]], ...] = (
    ("The loop", (demo, init, run)),
    ("Models", (inspect, compress, techniques, export, repack)),
    ("Measure and decide", (bench, compare, gate)),
    ("Devices", (targets, devices, doctor)),
    ("History", (runs, report)),
)


def build() -> typer.Typer:
    """The program. Help is plain text: what it says in brackets is not a markup."""
    app = typer.Typer(
        name="edgehone",
        cls=Group,
        help="Compress a Keras model for a device, measure it there, and gate the release on "
        "budgets.",
        epilog="Exit codes: 0 done or pass, 1 budgets missed, 2 wrong usage or configuration, "
        "3 inconclusive, 4 device unreachable or lost, 5 a model that cannot be used, 128+n ended "
        "by signal n (130: Ctrl-C, 143: SIGTERM, 129: SIGHUP).",
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=HELP,
    )
    app.callback()(_options)
    for panel, modules in PANELS:
        for module in modules:
            if subcommands := getattr(module, "SUBCOMMANDS", ()):
                group = typer.Typer(cls=Group, context_settings=HELP, rich_markup_mode=None)
                group.callback(invoke_without_command=True)(module.command)
                for subcommand in subcommands:
                    group.command(subcommand.__name__, cls=Command)(subcommand)
                app.add_typer(group, name=_name(module), rich_help_panel=panel)
            else:
                app.command(_name(module), cls=Command, rich_help_panel=panel)(module.command)
    return app


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _show_version(asked: bool) -> None:
    if asked:
        from edgehone import __version__

        output.line(f"edgehone {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a failure; works anywhere.")
    ] = False,
) -> None:
    # main reads --debug itself, wherever it stands; here it is for the help alone.
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; no exception leaves, but for --debug's print.

    SIGINT (Ctrl-C), SIGTERM and SIGHUP end it: with its children, its temporary folder, and the
    exit code 128 + the signal's number.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    output.tolerate_strange_names()
    code = INTERRUPTED
    with (
        scratch.opened() as folder,
        heeded(folder.remove if folder else None, final=arguments is None) as ending,
        suppress(KeyboardInterrupt),
    ):
        code = _performed(given)
    if ending.signal is None and code != INTERRUPTED:
        return code
    _tell_ending(ending, given)
    return ending.exit_code or code


def _performed(given: Sequence[str]) -> int:
    """Run one command; its exit code."""
    debug, as_json = "--debug" in given, "--json" in given
    words = [word for word in given if word != "--debug"] or ["--help"]
    try:
        with registry.command():
            code = build()(words, prog_name="edgehone", standalone_mode=False)
        output.flush()
    except BrokenPipeError:
        output.abandon()
        return PIPE_CLOSED
    except SystemExit as done:
        return _left_by(done)
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _fail(translated(error, words), as_json=as_json)
    return code if isinstance(code, int) else 0


def _left_by(done: SystemExit) -> int:
    """The exit code where Typer itself ends the program: after printing what completes commands,
    which went wrong unless it says 0, or as a closed pipe.
    """
    if isinstance(done.__context__, OSError):
        output.abandon()
        return PIPE_CLOSED
    return UsageError.exit_code if done.code else 0


def _tell_ending(ending: Ending, given: Sequence[str]) -> None:
    """Say that a signal ended the command; nobody may be there to read it."""
    command = next((word for word in given if not word.startswith("-")), "")
    kept = " What was finished is kept; the same command goes on from there."
    by = ending.signal or signal.SIGINT
    how = "Interrupted" if by == signal.SIGINT else f"Ended by {by.name}"
    with suppress(OSError):
        output.note(f"{how}." + (kept if command in ("run", "demo") else ""))


def _fail(error: EdgehoneError, *, as_json: bool) -> int:
    output.failure(error.message, error.hint)
    told = {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}
    try:
        if as_json:
            output.document({"error": told})
        output.flush()
    except OSError:  # stdout itself is what failed: a full disk, a closed pipe
        output.abandon()
    return error.exit_code


def translated(error: Exception, words: Sequence[str]) -> EdgehoneError:
    """Any failure as one of ours: wrong usage, a missing package, or something unforeseen."""
    from edgehone.actions.foreign_errors import translated as of_ours

    # Typer's usage errors have no public base class across its versions, but all can do this.
    format_message = getattr(error, "format_message", None)
    if format_message is not None:
        command = next((word for word in words if not word.startswith("-")), "")
        known = {_name(module) for _, modules in PANELS for module in modules}
        asked = f"edgehone {command} --help" if command in known else "edgehone --help"
        return UsageError(str(format_message()), f"See {asked}.")
    return of_ours(error, "Run the same command again with --debug, and report what it prints.")
