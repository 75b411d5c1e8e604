"""What OpenSSH says when there is no connection, or no longer one, told as an error of ours."""

import re

from edgehone.devices._ssh_address import Address
from edgehone.errors import DeviceError
from edgehone.processes import Finished

TROUBLES = (
    (
        r"Host key for .* has changed",
        "{host} shows another host key than before",
        "If it was set up anew, run `ssh-keygen -R '{known}'`, then once `ssh {login}`; "
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
        r"kex_exchange_identification|banner exchange",
        "{host} hangs up before ssh can begin",
        "See what its ssh server says: `journalctl -u ssh` there.",
    ),
    (
        r"not responding|Broken pipe|[Cc]onnection (reset|closed|to .* closed)|mux_client|\A\Z",
        "The connection to {host} was lost",
        "Check its power and network, then run the same command again.",
    ),
)
"""In order: what ssh prints, our message, and what to do next."""
LAST = 3
"""Lines that are looked at: what a program there printed before is not ssh's."""


def translated(finished: Finished, address: Address) -> DeviceError:
    """The error that ssh's last words mean."""
    said = "\n".join(finished.stderr.strip().splitlines()[-LAST:])
    known = f"[{address.host}]:{address.port}" if address.port not in (0, 22) else address.host
    for pattern, message, hint in TROUBLES:
        if re.search(pattern, said):
            names = {"host": address.host, "known": known, "login": address.login}
            return DeviceError(f"{message.format(**names)}.", hint.format(**names))
    return DeviceError(  # the last words may be the program's, for ssh often says nothing
        f"The connection to {address.host} was lost; last heard: {said.splitlines()[-1]}",
        f"Check its power and network, and by hand: ssh {address.login}",
    )


def silent(timeout_s: float, address: Address) -> DeviceError:
    """The error when a time limit has passed."""
    return DeviceError(
        f"{address.host} did not answer within {timeout_s:g} s.",
        "Check that it is on, in the same network, and not stuck; then run the same command again.",
    )
