"""What OpenSSH says when there is no connection, or no longer one, as an error of ours."""

import re

from edgehone.devices._ssh_address import Address
from edgehone.errors import DeviceError
from edgehone.system.processes import Finished

KNOWN_ERRORS = (
    (
        r"Host key for .* has changed",
        "{host} shows another host key than before",
        "If it was set up again, run `ssh-keygen -R '{known}'`, then once `ssh {login}`; "
        "otherwise find out who answers there.",
    ),
    (
        r"Host key verification failed|host key is known",
        "The host key of {host} is not known",
        "Run `ssh {login}` once, compare the key and accept it.",
    ),
    (
        r"Permission denied \(|Too many authentication failures|Load key .*: ",
        "{host} lets nobody in with the keys at hand",
        "Run `ssh-copy-id {login}`; for a key with a passphrase, `ssh-add` first.",
    ),
    (
        r"Could not resolve hostname",
        "There is no machine named {host}",
        "Check the spelling, or give its IP address.",
    ),
    (
        r"Connection refused",
        "{host} is there but takes no ssh connections",
        "Switch the ssh server on (Raspberry Pi: `sudo raspi-config nonint do_ssh 0`), "
        "or check the port.",
    ),
    (
        r"No route to host|Network is unreachable|Host is down",
        "There is no way to {host} in the network",
        "Check that it is on and in the same network.",
    ),
    (
        r"onnection timed out|Operation timed out|timed out during banner",
        "{host} does not answer",
        "Check that it is on, in the same network, and not stuck; then try `ssh {login}`.",
    ),
    (
        r"kex_exchange_identification|banner exchange|[Cc]onnection (reset|closed)",
        "{host} hangs up before ssh can begin",
        "See what its ssh server says: `journalctl -u ssh` there.",
    ),
)
"""In order: what ssh prints, our message, and what to do next."""
LAST = 3
"""Lines that are looked at: before them stand warnings, and what a jump host may print."""


def translated(finished: Finished, address: Address) -> DeviceError:
    """The error that ssh's last words mean when the machine was not reached."""
    said = "\n".join(finished.stderr.strip().splitlines()[-LAST:])
    known = f"[{address.host}]:{address.port}" if address.port not in (0, 22) else address.host
    for pattern, message, hint in KNOWN_ERRORS:
        if re.search(pattern, said):
            names = {"host": address.host, "known": known, "login": address.login}
            return DeviceError(f"{message.format(**names)}.", hint.format(**names))
    if not said:
        return lost(address)
    return DeviceError(
        f"ssh cannot talk to {address.host}: {said.splitlines()[-1]}",
        f"Try by hand: ssh {address.login}",
    )


def lost(address: Address) -> DeviceError:
    """The error when the machine was reached, and then no more."""
    return DeviceError(
        f"The connection to {address.host} was lost.",
        "Check its power and network, then run the same command again.",
    )


def silent(timeout_s: float, address: Address) -> DeviceError:
    """The error when a time limit has passed."""
    return DeviceError(
        f"{address.host} did not answer within {timeout_s:g} s.",
        "Check that it is on, in the same network, and not stuck; then run the same command again.",
    )
