"""The contestants, a file each: its `CONTESTANTS`."""

import importlib
import pkgutil

from contestants._base import Contestant


def found() -> tuple[Contestant, ...]:
    """Every contestant of every file, by file name, and ablations last."""
    names = sorted(each.name for each in pkgutil.iter_modules(__path__))
    modules = [
        importlib.import_module(f"{__name__}.{name}") for name in names if not name.startswith("_")
    ]
    several = [each for module in modules for each in module.CONTESTANTS]
    twice = {each.name for each in several if [x.name for x in several].count(each.name) > 1}
    if twice:
        raise ValueError(f"two contestants are called {', '.join(sorted(twice))}")
    return tuple(sorted(several, key=lambda each: each.ablation))
