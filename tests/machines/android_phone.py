"""Something like an Android phone: its shell, its tools and its folders, for an adb device to use.

The programs are Debian's builds of the same ones (mksh, toybox), and commands run as Android's
user `shell`. Its C library is Debian's.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.adb_services import Inside
from tests.machines import cache, chroot, debian

PACKAGES = ("mksh", "toybox", "libstdc++6", "libgcc-s1")
SHELL = 2000
"""The number of the user that adb's commands run as."""
WRITABLE = ("/data/local/tmp", "/sdcard")
ENVIRONMENT = {
    "PATH": "/system/bin:/vendor/bin",
    "HOME": "/",
    "TMPDIR": "/data/local/tmp",
    "ANDROID_ROOT": "/system",
    "ANDROID_DATA": "/data",
    "USER": "shell",
}
PROPERTIES = {
    "ro.product.name": "testphone",
    "ro.product.model": "Test Phone",
    "ro.product.manufacturer": "Test",
    "ro.product.device": "testphone",
    "ro.product.cpu.abi": "arm64-v8a",
    "ro.product.cpu.abilist": "arm64-v8a,armeabi-v7a,armeabi",
    "ro.build.version.sdk": "34",
    "ro.build.version.release": "14",
    "ro.soc.model": "T1000",
}
ACCOUNTS = {"etc/passwd": "shell:x:2000:2000::/:/system/bin/sh\n", "etc/group": "shell:x:2000:\n"}
GETPROP = """\
#!/system/bin/sh
while IFS='=' read -r name value; do
  [ $# -eq 0 ] && echo "[$name]: [$value]"
  [ "$name" = "$1" ] && echo "$value" && exit
done < /system/build.prop
[ $# -eq 0 ] || echo "$2"
"""
DUMPSYS = """\
#!/system/bin/sh
[ -f "/data/local/state/$1" ] && exec cat "/data/local/state/$1"
echo "Can't find service: $1" >&2
exit 1
"""
CMD = """\
#!/system/bin/sh
echo "$@" >> /data/local/state/cmd
"""
"""Keeps what it was told, for tests to read."""
STATE = {
    "battery": "Current Battery Service state:\n  AC powered: false\n  USB powered: true\n"
    "  level: 87\n  scale: 100\n  temperature: 291\n",
    "thermalservice": "IsStatusOverride: false\nThermalEventListeners:\nThermal Status: 0\n",
    "cmd": "",
}
"""What its services tell; tests may write other texts to these files of /data/local/state."""


def phone(folder: Path, properties: Mapping[str, str] = PROPERTIES) -> Inside:
    """A phone's inside, in a new folder of one's own. Needs root, and at first half a minute."""
    chroot.emulate(chroot.CORTEX_A72)
    ours = (Path(__file__), Path(debian.__file__), Path(chroot.__file__))
    built = cache.built("android-phone", ours, _build)
    root = folder / "phone"
    folder.mkdir(parents=True, exist_ok=True)
    copy = ["cp", "-a", "--", str(built / "root"), str(root)]
    subprocess.run(copy, check=True, timeout=60)
    lines = (f"{name}={value}\n" for name, value in properties.items())
    (root / "system/build.prop").write_text("".join(lines))
    argv = chroot.Chroot(root, chroot.CORTEX_A72).argv(
        "/system/bin/sh", "-c", user=SHELL, folder="/", environment=ENVIRONMENT
    )
    return Inside(root=root, shell=argv, owner=SHELL, writable=WRITABLE)


def _build(scratch: Path) -> None:
    root = scratch / "root"
    debian.unpack("arm64", PACKAGES, root)
    for name in ("system/bin", "vendor/bin", "data/local/tmp", "data/local/state", "sdcard"):
        (root / name).mkdir(parents=True)
    chroot.furnish(root, chroot.CORTEX_A72)
    _tools(root)
    for name, text in ACCOUNTS.items():
        (root / name).write_text(text)
    for name, text in STATE.items():
        (root / "data/local/state" / name).write_text(text)
    for name in ("data/local/tmp", "data/local/state", "sdcard"):
        debian.own(root / name, SHELL)
    (root / "data/local/tmp").chmod(0o771)


def _tools(root: Path) -> None:
    """The shell, toybox under all its names, and Android's own programs."""
    tools = root / "system/bin"
    shutil.copy(root / "bin/mksh", tools / "sh")
    shutil.copy(root / "bin/toybox", tools / "toybox")
    argv = ["qemu-aarch64-static", "-L", str(root), str(tools / "toybox")]
    names = subprocess.run(argv, check=True, timeout=60, capture_output=True, text=True).stdout
    for name in set(names.split()) - {"sh"}:
        (tools / name).symlink_to("toybox")
    for name, script in {"getprop": GETPROP, "dumpsys": DUMPSYS, "cmd": CMD}.items():
        (tools / name).unlink(missing_ok=True)
        (tools / name).write_text(script)
        (tools / name).chmod(0o755)
