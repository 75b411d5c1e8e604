"""The entry of the command line: which commands there are, and how failures end."""

import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType
from typing import Annotated

import typer

from edgehone.cli import output
from edgehone.cli.command_classes import Command, Group
from edgehone.cli.commands import (
    app,
    bench,
    bundle,
    compare,
    compress,
    demo,
    devices,
    doctor,
    export,
    gate,
    init,
    inspect,
    release,
    repack,
    report,
    run,
    runs,
    targets,
    techniques,
    verify,
)
from edgehone.cli.ending import INTERRUPTED, report_ending, signals_handled
from edgehone.cli.failures import PIPE_CLOSED, fail, left_by, translated
from edgehone.cli.grouping import ungrouped
from edgehone.cli.invocation import Invocation
from edgehone.graph import registry
from edgehone.system import interface, scratch

HELP = {"help_option_names": ["-h", "--help"]}

PANELS: tuple[tuple[str, tuple[ModuleType, ...]], ...] = (
    ("The loop", (demo, init, run)),
    ("Models", (inspect, compress, techniques, export, repack)),
    ("Measure and decide", (bench, compare, gate)),
    ("Devices", (targets, devices, doctor)),
    ("Release", (app, bundle, verify, release)),
    ("History", (runs, report)),
)


def build() -> typer.Typer:
    """The program. Help is plain text: what it says in brackets is not a markup."""
    program = typer.Typer(
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
    program.callback()(_options)
    for panel, modules in PANELS:
        for module in modules:
            if subcommands := getattr(module, "SUBCOMMANDS", ()):
                group = typer.Typer(cls=Group, context_settings=HELP, rich_markup_mode=None)
                group.callback(invoke_without_command=True)(ungrouped(module.command))
                for subcommand in subcommands:
                    group.command(subcommand.__name__, cls=Command)(ungrouped(subcommand))
                program.add_typer(group, name=_name(module), rich_help_panel=panel)
            else:
                command = ungrouped(module.command)
                program.command(_name(module), cls=Command, rich_help_panel=panel)(command)
    return program


def _name(module: ModuleType) -> str:
    """What a module's command is called: as its file is."""
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
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on stdout; works anywhere.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a failure; works anywhere.")
    ] = False,
) -> None:
    # Both are kept by the `Invocation` as they are read.
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; no exception leaves, but for --debug's print.

    SIGINT (Ctrl-C), SIGTERM and SIGHUP end it: with its children, its temporary folder, and the
    exit code 128 + the signal's number.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    invocation = Invocation()
    output.tolerate_strange_names()
    code = INTERRUPTED
    with (
        scratch.opened() as folder,
        signals_handled(folder.remove if folder else None, final=arguments is None) as ending,
        suppress(KeyboardInterrupt),
    ):
        code = _performed(given, invocation)
    if ending.signal is None and code != INTERRUPTED:
        return code
    report_ending(ending, invocation.command)
    return ending.exit_code or code


def _performed(words: Sequence[str], invocation: Invocation) -> int:
    """Run one command; its exit code. What is read of the words is kept in `invocation`."""
    try:
        with registry.command(), interface.used(interface.Interface("terminal")):
            program = build()
            code = program(words, prog_name="edgehone", standalone_mode=False, obj=invocation)
        output.flush()
    except BrokenPipeError:
        output.abandon()
        return PIPE_CLOSED
    except SystemExit as done:
        return left_by(done)
    except Exception as error:
        if invocation.debug:
            traceback.print_exc()
        return fail(translated(error), as_json=invocation.as_json)
    return code if isinstance(code, int) else 0
