"""What a command line asks of every command, --json and --debug, read also where it goes wrong."""

from collections.abc import Mapping, Sequence
from typing import Any


class Invocation:
    """How the command that is being read reports failures. It is the object of Click's
    contexts, and is filled as these are made: who made it knows it when reading fails.
    """

    def __init__(self) -> None:
        self.command = ""
        self.as_json = False
        self.debug = False

    def note(self, command: str, options: Mapping[str, Any]) -> None:
        """Keep what the options of one command, or of one above it, say."""
        self.command = command
        self.as_json |= bool(options.get("as_json"))
        self.debug |= bool(options.get("debug"))


def of(context: Any) -> Invocation:
    """The invocation that a context belongs to; one that nobody looks at where there is none."""
    return context.find_object(Invocation) or Invocation()


def readable(
    command: Any, context: Any, words: Sequence[str], *, interspersed: bool
) -> tuple[Mapping[str, Any], list[str]]:
    """What Click's parser can read of a command's words, and the words that are no options of it:
    options that it does not know are passed over, as are errors. interspersed: options may follow
    arguments.
    """
    lenient = type(context)(
        command,
        info_name=context.info_name,
        resilient_parsing=True,
        ignore_unknown_options=True,
        allow_interspersed_args=interspersed,
        help_option_names=context.help_option_names,
    )
    options, others, _ = command.make_parser(lenient).parse_args(args=list(words))
    return options, others
