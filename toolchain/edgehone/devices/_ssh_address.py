"""Addresses of machines reached by ssh: [user@]host[:port][/folder]."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address

from edgehone.devices._posix import checked_folder, quoted
from edgehone.errors import ConfigError

FORM = re.compile(
    r"(?:(?P<user>[^@/]*)@)?(?P<host>\[[^\]/]*\]|[^\[\]:/@]*)(?::(?P<port>[^/]*))?(?P<folder>/.*)?",
    re.DOTALL,
)
WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
"""A user or a host: nothing that ssh takes for an option, or a shell for more than a word."""
HINT = "Write ssh://[user@]host[:port][/absolute/folder], such as ssh://pi@raspberrypi.local."


@dataclass(frozen=True)
class Address:
    """Where a machine is; user "" and port 0 leave it to ssh's configuration.

    folder: edgehone's own there, as the shell reads it.
    """

    host: str
    user: str = ""
    port: int = 0
    folder: str = '"$HOME/.edgehone"'

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The address in a text. Raises ConfigError for anything else."""
        found = FORM.fullmatch(text)
        if found is None:
            raise ConfigError(f"'ssh://{text}' is not an address.", HINT)
        user, port, folder = found["user"], found["port"], found["folder"]
        if user is not None and not WORD.fullmatch(user):
            raise ConfigError(f"{user!r} in the address 'ssh://{text}' is not a user.", HINT)
        if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
            raise ConfigError(f"{port!r} in the address 'ssh://{text}' is not a port.", HINT)
        where = {} if folder is None else {"folder": quoted(checked_folder(folder, text))}
        return cls(_host(found["host"], text), user or "", int(port or 0), **where)

    @property
    def words(self) -> list[str]:
        """What ssh is called with: options, and the host."""
        user = ["-l", self.user] if self.user else []
        port = ["-p", str(self.port)] if self.port else []
        return [*user, *port, "--", self.host]

    @property
    def login(self) -> str:
        """What a person types after `ssh`."""
        port = f"-p {self.port} " if self.port else ""
        return f"{port}{self.user}@{self.host}" if self.user else f"{port}{self.host}"


def _host(text: str, address: str) -> str:
    """A name or an address without brackets."""
    if not text.startswith("["):
        if WORD.fullmatch(text):
            return text
    else:
        try:
            host, _, zone = text[1:-1].partition("%")
            IPv6Address(host)
            if not zone or WORD.fullmatch(zone):
                return text[1:-1]
        except AddressValueError:
            pass
    raise ConfigError(f"{text!r} in the address 'ssh://{address}' is not a host.", HINT)
