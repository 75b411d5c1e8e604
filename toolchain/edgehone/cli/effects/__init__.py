"""Options that were given although nothing would come of them: wrong usage, not silence."""

from collections.abc import Sequence

import typer

from edgehone.errors import UsageError


def given(context: typer.Context, name: str) -> bool:
    """Whether the command line itself says what a parameter is; its default and the environment's
    word for it do not count.
    """
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse(context: typer.Context, names: Sequence[str], why: str, hint: str = "") -> None:
    """Refuse the first of these parameters that was given: UsageError. why: ends the sentence that
    it has no effect.
    """
    for name in names:
        if given(context, name):
            shown = _shown(context, name)
            raise UsageError(f"{shown} has no effect {why}.", hint or f"Leave out {shown}.")


def _shown(context: typer.Context, name: str) -> str:
    """A parameter as the user writes it: --junit, or PROJECT."""
    found = next(each for each in context.command.params if each.name == name)
    options = [each for each in found.opts if each.startswith("--")]
    return options[0] if options else name.upper()


def refuse_scaling(context: typer.Context) -> None:
    """Refuse a scale or offset where there are no samples that it could be of."""
    refuse(
        context,
        ("scale", "offset"),
        "without data",
        "Give the data that it scales with --data, or leave it out.",
    )
