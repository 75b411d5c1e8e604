"""Costs of single layers on a device: looked up one by one, and only what is new is measured."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.formats._base import Format
from edgehone.measure import layer_costs
from edgehone.measure.device import Device
from edgehone.measure.exchange import ask, runtime_for
from edgehone.measure.layer_costs import Price, settled_prices
from edgehone.run.stages.measurement import sessions_key
from edgehone.search.cost_table import Key
from edgehone.store.costs import Costs
from edgehone.system.files import write_whole
from edgehone.values import Event, Plain, Progress, silent

MOST_AT_ONCE = 500
"""Layers of one request; what it found is kept before the next one is sent."""


@dataclass
class MeasuredCosts:
    """What layers cost on a device, by a format's one-layer files.

    place: what the costs hold for (`place_of`). measured, known: how many costs were measured by
    this object, and how many were looked up.
    """

    costs: Costs
    place: Plain
    device: Device
    form: Format
    scratch: Path
    progress: Progress = silent
    measured: int = field(default=0, init=False)
    known: int = field(default=0, init=False)

    def __call__(self, keys: Sequence[Key]) -> dict[Key, float | str]:
        """The cost of each, or why there is none. Raises DeviceError when the device is lost; what
        was measured until then is kept.
        """
        made = {key: self.form.layer_model(*key) for key in dict.fromkeys(keys)}
        found: dict[Key, float | str] = {k: why for k, why in made.items() if isinstance(why, str)}
        files = {key: content for key, content in made.items() if isinstance(content, bytes)}
        kept = self.costs.known(self.place)
        for key, content in files.items():
            if (value := kept.get(_entry(content))) is not None:
                found[key] = _cost(value)
        new = {_entry(files[key]): key for key in files if key not in found}  # equal files once
        self.known += len(files) - len(new)
        waiting = list(new.values())
        for start in range(0, len(waiting), MOST_AT_ONCE):
            batch = waiting[start : start + MOST_AT_ONCE]
            found |= self._measured({key: files[key] for key in batch})
        alike = {key: new[_entry(files[key])] for key in files if key not in found}
        return found | {key: found[other] for key, other in alike.items()}

    def _measured(self, files: Mapping[Key, bytes]) -> dict[Key, float | str]:
        """Measured in one request, but for what does not repeat; kept, unless it is an error."""
        self.progress(Event("price", f"{len(files)} layer shapes", 0, len(files)))
        with TemporaryDirectory(dir=self.scratch) as folder:
            paths = [Path(folder) / f"{n:05d}{self.form.SUFFIX}" for n in range(len(files))]
            for path, content in zip(paths, files.values(), strict=True):
                write_whole(path, content)
            prices = settled_prices(paths, self.device, progress=self.progress)
        priced = dict(zip(files, prices, strict=True))
        good = {key: price for key, price in priced.items() if price.cost is not None}
        self.costs.keep(
            self.place, {_entry(files[key]): _value(key, each) for key, each in good.items()}
        )
        self.measured += len(good)
        return {key: p.error if p.cost is None else p.cost for key, p in priced.items()}


def place_of(device: Device, suffix: str, fresh: str = "") -> Plain:
    """What costs on a device hold for: which machine it is, what runs files ending in `suffix`
    there, with how many threads, on which cores, at which clock; and how they are measured.

    fresh: other than "" where what others measured must not be looked up. Raises DeviceError when
    the device cannot be asked.
    """
    target, installation = device.target, device.installation
    machine = ask(device, [], threads=target.threads, seed=0).machine
    hardware = ("system", "machine", "cpus", "memory_bytes")
    runtime = runtime_for(Path(f"layer{suffix}")).RUNTIME
    times = (layer_costs.WARMUP_S, layer_costs.MINIMUM_S, layer_costs.MINIMUM_COUNT)
    return {
        "device": [device.name, device.transport.address, target.name],
        "machine": {key: machine.get(key) for key in hardware},
        "features": sorted(machine.get("features") or ()),
        "runtime": {
            "program": [installation.program, installation.source],
            "library": installation.libraries.get(runtime),
            "version": (machine.get("runtimes") or {}).get(runtime),
            "delegate": target.delegate,
            **sessions_key([Path(f"layer{suffix}")]),
        },
        "threads": target.threads,
        "clock": {
            "cores": list(target.big_cores),
            "governor": (machine.get("conditions") or {}).get("governor"),
            "steady": asdict(target.steady),
        },
        "counted": target.instructions,
        "times": [*times, layer_costs.SETTLED],
        "fresh": fresh,
    }


def _entry(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _value(key: Key, price: Price) -> dict[str, Any]:
    spec, precision, among = key
    found = (
        {"passes_ms": list(price.passes_ms)}
        if price.instructions is None
        else {"instructions": price.instructions}
    )
    return {"layer": asdict(spec), "precision": precision, "among": among, **found}


def _cost(value: Plain) -> float:
    """The cost that an entry keeps, as `Price.cost` has it."""
    if "instructions" in value:
        return float(value["instructions"])
    return float(min(value["passes_ms"]))
