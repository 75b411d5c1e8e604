"""`gate`: files, or the winner of a run, checked against budgets before a release."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.actions.api import arguments, datasets
from edgehone.actions.api.arguments import PathOrText
from edgehone.actions.api.boundary import public
from edgehone.actions.api.budgets import limits_of
from edgehone.actions.api.explained import explained
from edgehone.actions.api.measuring import SEEDS
from edgehone.actions.gate.judgement import Judgement
from edgehone.actions.gate.judging import judge
from edgehone.actions.gate.request import Request, require_sensible, require_target, waivers_of
from edgehone.system.places import RUNS_FOLDER
from edgehone.values import Artifact, Progress, silent


@public
@explained(
    {
        "budgets": "`Budget`s, or a TOML file of [[budget]] tables. Waivers are those of that file "
        "and of the project file.",
        "files": ".tflite or .onnx files, or artifacts; one or a list. Or run is given.",
        "run": 'a run in `folder`, by its id or "latest", whose own measurements are taken unless '
        "`on` is given.",
        "baseline": "what accuracy_drop, agreement and relative budgets compare with: a file, a "
        'bundle, "run:RUN", or "release" for the last one in the store of `folder`.',
        "on": 'devices by name; default: those that the budgets name, or "local".',
        "data": "samples with targets, as in `bench`, for budgets on quality.",
        "fresh": "measure, although the same files were measured before by the same runtime there.",
        "complete": "go to devices although what is in the files misses a required budget.",
        "files_only": "check what is in the files alone.",
        "why": "tell which layers differ from the baseline, although nothing is missed.",
    }
)
def gate(
    budgets: Any,
    files: Any = None,
    *,
    run: str | None = None,
    baseline: PathOrText | Artifact | None = None,
    on: str | Sequence[str] | None = None,
    data: Any = None,
    task: Any = None,
    scale: float | None = None,
    offset: float | None = None,
    config: PathOrText | None = None,
    folder: PathOrText = RUNS_FOLDER,
    seed: int = 0,
    fresh: bool = False,
    complete: bool = False,
    files_only: bool = False,
    why: bool = False,
    progress: Progress = silent,
) -> Judgement:
    """Check files, or the winner of a run, against budgets; only what they ask about is measured.

    Returns a `Judgement`: passed (True only if every check passes on every device), decision
    ("pass", "fail", "inconclusive"), checks, measurements. A missed budget is a result, not an
    error. Raises UsageError where nothing given can answer the budgets, ConfigError, DataError,
    ModelError, DeviceError, and BudgetsMissedError for a run without a winner.
    """
    given = {"config": config, "task": task, "scale": scale, "offset": offset}
    setting = arguments.setting(**given, progress=progress)
    own = Path(budgets) if isinstance(budgets, str | Path) else None
    paths = () if files is None else arguments.files(files)
    require_target(paths, named := None if run is None else arguments.text(run, "run"))
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        request = Request(
            setting,
            limits_of(budgets),
            arguments.names(on, "on"),
            None if baseline is None else arguments.file(baseline, "baseline"),
            datasets.optional(data, scratch),
            arguments.path(folder, "folder"),
            arguments.integer(seed, "seed", low=0, high=SEEDS),
            waivers=waivers_of(own, setting),
            fresh=arguments.flag(fresh, "fresh"),
            complete=arguments.flag(complete, "complete"),
            files_only=arguments.flag(files_only, "files_only"),
            why=arguments.flag(why, "why"),
        )
        if named is None:
            require_sensible(request)
        return judge(request, paths, named, progress)
