"""Costs of single layers on a device: looked up one by one, and only what is new is measured."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
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
    this object, and how many were looked up; repeats: by entry, how far its two least passes are
    apart, as a share.
    """

    costs: Costs
    place: Plain
    device: Device
    form: Format
    scratch: Path
    progress: Progress = silent
    measured: int = field(default=0, init=False)
    known: int = field(default=0, init=False)
    repeats: dict[str, float] = field(default_factory=dict, init=False)

    @property
    def noise(self) -> float:
        """How far the second least of a layer's passes is from its least, as a share of it: the
        median over all layers; 0 where costs are counted, or nothing was measured twice.
        """
        return median(self.repeats.values()) if self.repeats else 0.0

    def __call__(self, keys: Sequence[Key]) -> dict[Key, float | str]:
        """The cost of each, or why there is none. Raises DeviceError when the device is lost; what
        was measured until then is kept.
        """
        found: dict[Key, float | str] = {}
        entries: dict[Key, str] = {}
        for key in dict.fromkeys(keys):
            content = self.form.layer_model(*key)
            if isinstance(content, str):
                found[key] = content
            else:
                entries[key] = _entry(content)  # the files of a large model fill the memory
        kept = self.costs.known(self.place)
        found |= {key: _cost(kept[entry]) for key, entry in entries.items() if entry in kept}
        self._note({entry: kept[entry] for entry in entries.values() if entry in kept})
        new = {entry: key for key, entry in entries.items() if key not in found}  # equal ones once
        self.known += len(entries) - len(new)
        waiting = list(new.values())
        for start in range(0, len(waiting), MOST_AT_ONCE):
            batch = waiting[start : start + MOST_AT_ONCE]
            found |= self._measured({key: entries[key] for key in batch})
        alike = {key: new[entry] for key, entry in entries.items() if key not in found}
        return found | {key: found[other] for key, other in alike.items()}

    def _measured(self, entries: Mapping[Key, str]) -> dict[Key, float | str]:
        """The costs of one request, by key, or why there is none. Errors are not kept; where
        another run has kept a cost meanwhile, it is that one.
        """
        self.progress(Event("price", f"{len(entries)} layer shapes", 0, len(entries)))
        with TemporaryDirectory(dir=self.scratch) as folder:
            paths = [Path(folder) / f"{n:05d}{self.form.SUFFIX}" for n in range(len(entries))]
            for path, key in zip(paths, entries, strict=True):
                content = self.form.layer_model(*key)
                assert isinstance(content, bytes)  # noqa: S101 - it was, when it was asked for
                write_whole(path, content)
            prices = settled_prices(paths, self.device, progress=self.progress)
        priced = dict(zip(entries, prices, strict=True))
        good = {key: price for key, price in priced.items() if price.cost is not None}
        self.costs.keep(
            self.place, {entries[key]: _value(key, price) for key, price in good.items()}
        )
        self.measured += len(good)
        kept = self.costs.known(self.place)
        self._note({entries[key]: kept[entries[key]] for key in good})
        return {
            key: _cost(kept[entries[key]]) if key in good else price.error
            for key, price in priced.items()
        }

    def _note(self, entries: Mapping[str, Plain]) -> None:
        for entry, value in entries.items():
            least = sorted(value.get("passes_ms", ()))[:2]
            if len(least) == 2 and least[0] > 0:
                self.repeats[entry] = least[1] / least[0] - 1


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
