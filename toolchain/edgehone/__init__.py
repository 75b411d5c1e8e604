"""edgehone: from a trained Keras model to the smallest one that still does the job on a device.

    import edgehone as eh

    run = eh.run(teacher, (x, y), budgets=[eh.Budget("size_bytes", max="256 KiB")])
    run.winner, run.report("report.html")

Nothing is imported before it is used. Every function raises `EdgehoneError` alone, prints nothing,
and leaves the process's settings as they were.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from edgehone import errors as errors
    from edgehone.actions.api.apps import app as app
    from edgehone.actions.api.apps import app_measurements as app_measurements
    from edgehone.actions.api.budgets import Budget as Budget
    from edgehone.actions.api.compressing import Candidate as Candidate
    from edgehone.actions.api.compressing import compress as compress
    from edgehone.actions.api.exporting import Exported as Exported
    from edgehone.actions.api.exporting import Options as Options
    from edgehone.actions.api.exporting import export as export
    from edgehone.actions.api.gating import gate as gate
    from edgehone.actions.api.inspecting import digits as digits
    from edgehone.actions.api.inspecting import inspect as inspect
    from edgehone.actions.api.inspecting import techniques as techniques
    from edgehone.actions.api.learning import learn as learn
    from edgehone.actions.api.measuring import bench as bench
    from edgehone.actions.api.measuring import compare as compare
    from edgehone.actions.api.measuring import devices as devices
    from edgehone.actions.api.releasing import bundle as bundle
    from edgehone.actions.api.releasing import release as release
    from edgehone.actions.api.releasing import verify as verify
    from edgehone.actions.api.repacking import repack as repack
    from edgehone.actions.api.results import Run as Run
    from edgehone.actions.api.running import run as run
    from edgehone.actions.app.kits import Kits as Kits
    from edgehone.actions.bench import Benchmark as Benchmark
    from edgehone.actions.compare import Compared as Compared
    from edgehone.actions.gate.judgement import Judgement as Judgement
    from edgehone.actions.inspect import Inspection as Inspection
    from edgehone.actions.repack import Repacking as Repacking
    from edgehone.compress._base import Outcome as Outcome
    from edgehone.compress._base import Technique as Technique
    from edgehone.compress._base import TrainingContext as TrainingContext
    from edgehone.compress.cluster import Cluster as Cluster
    from edgehone.compress.distill import Distill as Distill
    from edgehone.compress.drop_blocks import DropBlocks as DropBlocks
    from edgehone.compress.factorize import Factorize as Factorize
    from edgehone.compress.importances._base import Importance as Importance
    from edgehone.compress.prune_channels import PruneChannels as PruneChannels
    from edgehone.compress.prune_weights import PruneWeights as PruneWeights
    from edgehone.compress.quantize_aware import QuantizeAware as QuantizeAware
    from edgehone.compress.scale_depth import ScaleDepth as ScaleDepth
    from edgehone.compress.scale_width import ScaleWidth as ScaleWidth
    from edgehone.compress.slim import Slim as Slim
    from edgehone.compress.soft_tree import SoftTree as SoftTree
    from edgehone.compress.training.options import TrainingOptions as TrainingOptions
    from edgehone.compress.widen_channels import WidenChannels as WidenChannels
    from edgehone.decide.metrics._base import BudgetMetric as BudgetMetric
    from edgehone.decide.metrics._base import Reading as Reading
    from edgehone.errors import EdgehoneError as EdgehoneError
    from edgehone.formats._base import Format as Format
    from edgehone.release.signatures import Trust as Trust
    from edgehone.release.signing import Signer as Signer
    from edgehone.report.sections._base import Section as Section
    from edgehone.search.decisions._base import Decision as Decision
    from edgehone.search.history import Proposal as Proposal
    from edgehone.search.history import Stop as Stop
    from edgehone.search.strategies._base import Strategy as Strategy
    from edgehone.tasks.kinds._base import TaskKind as TaskKind
    from edgehone.values import Artifact as Artifact
    from edgehone.values import Event as Event
    from edgehone.values import Measurement as Measurement
    from edgehone.values import PrecisionPlan as PrecisionPlan
    from edgehone.values import Progress as Progress
    from edgehone.values import Recipe as Recipe
    from edgehone.values import Step as Step
    from edgehone.values import StepReport as StepReport
    from edgehone.values import Task as Task

_API = "edgehone.actions.api"
_PLACES = {
    "Artifact": "edgehone.values",
    "Benchmark": "edgehone.actions.bench",
    "Budget": f"{_API}.budgets",
    "BudgetMetric": "edgehone.decide.metrics._base",
    "Candidate": f"{_API}.compressing",
    "Compared": "edgehone.actions.compare",
    "Decision": "edgehone.search.decisions._base",
    "EdgehoneError": "edgehone.errors",
    "Event": "edgehone.values",
    "Exported": f"{_API}.exporting",
    "Format": "edgehone.formats._base",
    "Importance": "edgehone.compress.importances._base",
    "Inspection": "edgehone.actions.inspect",
    "Judgement": "edgehone.actions.gate.judgement",
    "Kits": "edgehone.actions.app.kits",
    "Measurement": "edgehone.values",
    "Options": f"{_API}.exporting",
    "Outcome": "edgehone.compress._base",
    "PrecisionPlan": "edgehone.values",
    "Progress": "edgehone.values",
    "Proposal": "edgehone.search.history",
    "Reading": "edgehone.decide.metrics._base",
    "Recipe": "edgehone.values",
    "Repacking": "edgehone.actions.repack",
    "Run": f"{_API}.results",
    "Section": "edgehone.report.sections._base",
    "Signer": "edgehone.release.signing",
    "Step": "edgehone.values",
    "StepReport": "edgehone.values",
    "Stop": "edgehone.search.history",
    "Strategy": "edgehone.search.strategies._base",
    "Task": "edgehone.values",
    "TaskKind": "edgehone.tasks.kinds._base",
    "Technique": "edgehone.compress._base",
    "TrainingContext": "edgehone.compress._base",
    "TrainingOptions": "edgehone.compress.training.options",
    "Trust": "edgehone.release.signatures",
    "app": f"{_API}.apps",
    "app_measurements": f"{_API}.apps",
    "bench": f"{_API}.measuring",
    "bundle": f"{_API}.releasing",
    "compare": f"{_API}.measuring",
    "compress": f"{_API}.compressing",
    "devices": f"{_API}.measuring",
    "digits": f"{_API}.inspecting",
    "export": f"{_API}.exporting",
    "gate": f"{_API}.gating",
    "inspect": f"{_API}.inspecting",
    "learn": f"{_API}.learning",
    "release": f"{_API}.releasing",
    "repack": f"{_API}.repacking",
    "run": f"{_API}.running",
    "techniques": f"{_API}.inspecting",
    "verify": f"{_API}.releasing",
}
"""Where each public name stands; techniques are found in their folder, a class a file."""

__all__ = [
    "Artifact",
    "Benchmark",
    "Budget",
    "BudgetMetric",
    "Candidate",
    "Cluster",
    "Compared",
    "Decision",
    "Distill",
    "DropBlocks",
    "EdgehoneError",
    "Event",
    "Exported",
    "Factorize",
    "Format",
    "Importance",
    "Inspection",
    "Judgement",
    "Kits",
    "Measurement",
    "Options",
    "Outcome",
    "PrecisionPlan",
    "Progress",
    "Proposal",
    "PruneChannels",
    "PruneWeights",
    "QuantizeAware",
    "Reading",
    "Recipe",
    "Repacking",
    "Run",
    "ScaleDepth",
    "ScaleWidth",
    "Section",
    "Signer",
    "Slim",
    "SoftTree",
    "Step",
    "StepReport",
    "Stop",
    "Strategy",
    "Task",
    "TaskKind",
    "Technique",
    "TrainingContext",
    "TrainingOptions",
    "Trust",
    "WidenChannels",
    "app",
    "app_measurements",
    "bench",
    "bundle",
    "compare",
    "compress",
    "devices",
    "digits",
    "errors",
    "export",
    "gate",
    "inspect",
    "learn",
    "release",
    "repack",
    "run",
    "techniques",
    "verify",
]


def _found(name: str) -> Any:
    """A public name, imported now. Raises AttributeError for any other name."""
    if name == "errors":
        return importlib.import_module("edgehone.errors")
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    if name[:1].isupper() and (technique := _technique(name)) is not None:
        return technique
    raise AttributeError(f"module 'edgehone' has no attribute {name!r}")


def _technique(name: str) -> Any:
    """The technique of this class name, from the file called like it; None: there is none."""
    file = "".join(f"_{mark.lower()}" if mark.isupper() else mark for mark in name)[1:]
    module = f"edgehone.compress.{file}"
    known = importlib.import_module("importlib.util").find_spec(module)
    return None if known is None else getattr(importlib.import_module(module), name, None)


class _Lazy(ModuleType):
    """The package: its functions `run`, `compress` and `export` share their names with folders,
    which importing a module inside would otherwise put in their place.
    """

    def __getattribute__(self, name: str) -> Any:
        if name in _PLACES:
            return _found(name)
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        return _found(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Lazy
