"""Commands as Click has them: how their words are read, and how they are explained."""

from typing import Any

from typer.core import TyperCommand, TyperGroup

from edgehone.cli import invocation
from edgehone.cli.help import usage_of, write_commands, write_parameters
from edgehone.system import interface


def _interface(command: Any) -> interface.Interface:
    """The terminal, with the options that a command has."""
    names = (name for each in command.params for name in each.opts)
    return interface.Interface("terminal", frozenset(names))


class Command(TyperCommand):
    """A command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read its words; whether --json and --debug are among them is known first."""
        options, _ = invocation.readable(self, ctx, args, interspersed=True)
        invocation.of(ctx).note(ctx.info_name, options)
        interface.switch(_interface(self))
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words after its name on the usage line."""
        return usage_of(self, ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections on its parameters."""
        write_parameters(self, ctx, formatter)


class Group(TyperGroup):
    """A command with commands below it, in the sections that their panels name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read its words, as a command does; those of no known command are all read as its own.
        Without any, its help is what is asked for.
        """
        options, others = invocation.readable(self, ctx, args, interspersed=False)
        known = bool(others) and self.get_command(ctx, others[0]) is not None
        if not known:
            options, _ = invocation.readable(self, ctx, args, interspersed=True)
        invocation.of(ctx).note(ctx.info_name, options)
        interface.switch(_interface(self))
        bare = not (self.invoke_without_command or others or set(options) - {"debug"})
        return super().parse_args(ctx, [*args, "--help"] if bare else args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words after its name on the usage line."""
        optional = self.invoke_without_command
        return [*usage_of(self, ctx), "[COMMAND]" if optional else "COMMAND", "[ARGUMENTS]..."]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections on its parameters and on the commands below it."""
        write_parameters(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section a panel."""
        write_commands(self.commands, formatter)
