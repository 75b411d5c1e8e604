"""Failures as one of our errors, printed in two lines and, with --json, as a document."""

from typing import Any

from edgehone.cli import output
from edgehone.errors import EdgehoneError, UsageError

PIPE_CLOSED = 141
"""Exit code of a program whose reader has gone: 128 + SIGPIPE."""


def left_by(done: SystemExit) -> int:
    """The exit code where Typer itself ends the program: after printing what completes commands,
    which went wrong unless it says 0, or as a closed pipe.
    """
    if isinstance(done.__context__, OSError):
        output.abandon()
        return PIPE_CLOSED
    return UsageError.exit_code if done.code else 0


def fail(error: EdgehoneError, *, as_json: bool) -> int:
    """Tell of a failure; its exit code."""
    output.failure(error.message, error.hint)
    detail = {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}
    try:
        if as_json:
            output.document({"error": detail})
        output.flush()
    except OSError:  # stdout itself is what failed: a full disk, a closed pipe
        output.abandon()
    return error.exit_code


def translated(error: Exception) -> EdgehoneError:
    """Any failure as one of ours: wrong usage, a missing package, or something unforeseen."""
    from edgehone.actions.foreign_errors import translated as of_ours

    # Typer's usage errors have no public base class across its versions, but all can do this.
    format_message = getattr(error, "format_message", None)
    if format_message is not None:
        context: Any = getattr(error, "ctx", None)
        command = context.command_path if context else "edgehone"
        return UsageError(str(format_message()), f"See {command} --help.")
    return of_ours(error, "Run the same command again with --debug, and report what it prints.")
