"""What phones do that are not allowed, asleep or pulled out: that one is lost, the rest goes on."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adb_device import AdbDevice
from tests.host import Host
from tests.lab import HALF, Lab
from tests.phones import Phones

pytestmark = [pytest.mark.slow, pytest.mark.peer]


@pytest.fixture
def phone(phones: Phones) -> Iterator[AdbDevice]:
    """One of the phones; afterwards it is as it was."""
    phone = phones.devices["first"]
    yield phone
    phone.unplug()
    phone.silent, phone.keys = False, None
    phone.plug()


@pytest.fixture
def lab(phones: Phones, phone: AdbDevice, tmp_path: Path) -> Lab:
    host = Host(tmp_path, phones.server.environment)
    folder = phones.own_folder("first") / "edgehone"
    for old in folder.glob("outputs/*"):
        old.unlink()
    return Lab(host, phone.address, folder)


def test_unauthorized_until_the_key_is_allowed(lab: Lab, phone: AdbDevice) -> None:
    phone.unplug()
    phone.keys = []
    phone.plug()
    lab.bad_is_lost(lab.bench(), "does not trust this computer")
    phone.unplug()
    phone.keys = None
    phone.plug()
    lab.nothing_is_lost(lab.bench())


def test_offline(lab: Lab, phone: AdbDevice) -> None:
    phone.unplug()
    phone.silent = True
    phone.plug()
    lab.bad_is_lost(lab.bench())
    phone.silent = False
    lab.nothing_is_lost(lab.bench())


def test_link_cut_in_upload(lab: Lab, phone: AdbDevice) -> None:
    shutil.rmtree(lab.folder / "data")
    phone.drop_after(HALF)
    lab.bad_is_lost(lab.bench())
    lab.nothing_is_lost(lab.bench())


def test_unplugged_amid_a_run_and_back_on_the_same_serial(lab: Lab, phone: AdbDevice) -> None:
    lab.bad_is_lost(lab.amid_a_run(phone.unplug))
    phone.plug()
    lab.nothing_is_lost(lab.bench())


def test_power_lost_amid_a_run(lab: Lab, phone: AdbDevice) -> None:
    lab.bad_is_lost(lab.amid_a_run(phone.power_off))
    phone.plug()
    lab.nothing_is_lost(lab.bench())
