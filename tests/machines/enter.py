"""Run a command inside another root: `enter.py ROOT USER FOLDER CPUINFO NAME=VALUE… -- COMMAND…`.

For `unshare`, in a mount namespace of its own: what is mounted goes with it. The environment
inside is what is given and nothing else.
"""

import os
import subprocess
import sys


def main(arguments: list[str]) -> None:
    """Mount what the command needs, change root and user, and become the command."""
    split = arguments.index("--")
    root, user, folder, cpuinfo = arguments[:4]
    environment = dict(pair.split("=", 1) for pair in arguments[4:split])
    argv = arguments[split + 1 :]
    for mount in (
        ["-t", "proc", "proc", f"{root}/proc"],
        ["--bind", cpuinfo, f"{root}/proc/cpuinfo"],
    ):
        subprocess.run(["/usr/bin/mount", *mount], check=True, timeout=30)
    os.chroot(root)
    os.chdir(folder)
    os.setgroups([int(user)])
    os.setgid(int(user))
    os.setuid(int(user))
    os.execvpe(argv[0], argv, environment)  # noqa: S606 # that is its purpose


if __name__ == "__main__":
    main(sys.argv[1:])
