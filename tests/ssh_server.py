"""A real sshd on loopback with keys and a configuration of its own, and ways to break it."""

import getpass
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Self

from tests import needs

ALIAS = "edgehone-test"
"""The name the host key is known by, whatever the port: the server's own, or a `Link`'s."""
START_S = 20.0


class SshKeys:
    """A user's key, a host's key, and the client's configuration that knows both.

    For a server of one's own (a virtual machine): install `host_key` there, `user_key.pub` as
    authorized_keys, and have edgehone read `config` through EDGEHONE_SSH_CONFIG.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.user_key = new_key(folder / "user_key")
        self.host_key = new_key(folder / "host_key")
        self.known_hosts = folder / "known_hosts"
        self.config = folder / "ssh_config"
        self.know(self.host_key)
        self.config.write_text(
            f"Host *\n  HostKeyAlias {ALIAS}\n  IdentitiesOnly yes\n  IdentityAgent none\n"
            f'  IdentityFile "{self.user_key}"\n  UserKnownHostsFile "{self.known_hosts}"\n'
            "  GlobalKnownHostsFile /dev/null\n"
        )

    @property
    def environment(self) -> dict[str, str]:
        """What makes edgehone use these keys."""
        return {"EDGEHONE_SSH_CONFIG": str(self.config)}

    def know(self, host_key: Path) -> None:
        """Have the client expect this host key."""
        kind, content = host_key.with_suffix(".pub").read_text().split()[:2]
        self.known_hosts.write_text(f"{ALIAS} {kind} {content}\n")


def new_key(path: Path) -> Path:
    """A new private key at `path`, its public half beside it with the suffix .pub."""
    for old in (path, path.with_suffix(".pub")):
        old.unlink(missing_ok=True)
    make = [needs.program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(make, check=True, timeout=START_S)
    return path


class SshServer:
    """One's own user's account of this machine, served by sshd.

    with SshServer(tmp_path / "board") as server:
        monkeypatch.setenv("EDGEHONE_SSH_CONFIG", str(server.config))
        device = Ssh(server.address.removeprefix("ssh://"))

    Commands run as the user who runs the tests; edgehone's folder is `server.home / "edgehone"`.
    `server.at(port)` is the address through another port, such as a `Link`'s.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.keys = SshKeys(folder / "keys")
        self.config = self.keys.config
        self._authorized = folder / "authorized_keys"
        self._authorized.write_bytes(self.keys.user_key.with_suffix(".pub").read_bytes())
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._more = ""
        self._rude: socket.socket | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thaw()
        self.kill()
        if self._rude:
            self._rude.shutdown(socket.SHUT_RDWR)
            self._rude.close()

    @property
    def address(self) -> str:
        """As `[devices.NAME]` has it."""
        return self.at(self.port)

    def at(self, port: int) -> str:
        """The address when the server is reached through another port of this machine."""
        return f"ssh://{getpass.getuser()}@127.0.0.1:{port}{self.home / 'edgehone'}"

    def start(self) -> None:
        """Start sshd, on the port it had before if there was one."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists on it
        for _ in range(5):  # a free port may be taken by someone else before sshd has it
            port = self.port or _free_port()
            self._process = subprocess.Popen(
                [needs.program("sshd"), "-D", "-f", str(self._settings(port)), "-E", str(self._log)]
            )
            if self._answers(port):
                self.port = port
                return
        raise RuntimeError(f"sshd does not start: {self._log.read_text()}")

    def kill(self) -> None:
        """End sshd and every session, as a crash or a pulled plug would."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait(START_S)
            self._process = None

    def freeze(self) -> None:
        """Stop sshd and every session: connections stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let everything go on."""
        self._signal(signal.SIGCONT)

    def change_host_key(self) -> None:
        """Start again with a host key that the client does not expect."""
        self.kill()
        new_key(self.keys.host_key)
        self.start()

    def become_unknown(self) -> None:
        """Have the client forget the host key."""
        self.keys.known_hosts.write_text("")

    def refuse_key(self) -> None:
        """Take no key any more."""
        self._authorized.write_text("")

    def hang_up(self) -> None:
        """Take connections and close them at once, as a server with too many does."""
        self.kill()
        self._rude = socket.create_server(("127.0.0.1", self.port))
        Thread(target=_close_all, args=(self._rude,), daemon=True).start()

    def greet(self, text: str) -> None:
        """Start again, as a machine whose logins print something before any command's output."""
        self.kill()
        self._more = f"ForceCommand printf '{text}'; eval \"$SSH_ORIGINAL_COMMAND\"\n"
        self.start()

    @property
    def _log(self) -> Path:
        return self._folder / "sshd.log"

    def _settings(self, port: int) -> Path:
        file = self._folder / "sshd_config"
        file.write_text(
            f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {self.keys.host_key}\nPidFile none\n"
            f"AuthorizedKeysFile {self._authorized}\nStrictModes no\nUsePAM no\nUseDNS no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel VERBOSE\n"
            "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\nMaxStartups 50\n"
            f"SetEnv HOME={self.home}\n"  # no start-up files of the real one
            f"{self._more}"
        )
        return file

    def _answers(self, port: int) -> bool:
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as talk:
                if talk.recv(4) == b"SSH-":
                    return True
            time.sleep(0.02)
        return False

    @property
    def logins(self) -> int:
        """How many times somebody has logged in."""
        return self._log.read_text().count("Accepted publickey")

    @property
    def sessions(self) -> int:
        """How many processes serve somebody."""
        return len(self._pids()) - 1

    def _signal(self, which: signal.Signals) -> None:
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, which)

    def _pids(self) -> list[int]:
        """Of sshd and its sessions, parents first; what a session runs is not among them."""
        found = [self._process.pid] if self._process else []
        for pid in found:
            with suppress(OSError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                names = {int(c): Path(f"/proc/{c}/comm").read_text().strip() for c in children}
                found += [child for child, name in names.items() if name.startswith("sshd")]
        return found


def _close_all(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            listener.accept()[0].close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
