"""Models, recipes, steps and candidates as the published JSON has them, and back."""

from pathlib import Path

from edgehone.documents.plain import Json, pair, plain
from edgehone.values import Candidate, Model, Plain, PrecisionPlan, Recipe, Step, StepReport

BIT_SETTINGS = ("algorithm", "percentile", "io", "block", "symmetric")
"""Settings of a bit plan that recipes leave out where they are the default."""


def model_json(model: Model) -> Json:
    """A Keras model on disk."""
    return {
        "path": str(model.path),
        "sha256": model.sha256,
        "params": model.params,
        "macs": model.macs,
    }


def model_from_json(data: Plain) -> Model:
    """What `model_json` wrote."""
    return Model(Path(data["path"]), data["sha256"], data["params"], data["macs"])


def recipe_json(recipe: Recipe) -> Json:
    """A recipe's steps and bits."""
    return {
        "steps": [
            {"technique": step.technique, "settings": plain(step.settings)} for step in recipe.steps
        ],
        "bits": bits_json(recipe.precision),
    }


def bits_json(bits: PrecisionPlan) -> Json:
    """Precisions by layer, and those settings that differ from their defaults."""
    found: Json = {"default": bits.default, "layers": dict(bits.layers)}
    usual = PrecisionPlan()
    for name in BIT_SETTINGS:
        if getattr(bits, name) != getattr(usual, name):
            found[name] = getattr(bits, name)
    return found


def bits_from_json(data: Plain) -> PrecisionPlan:
    """What `bits_json` wrote."""
    settings = {name: data[name] for name in BIT_SETTINGS if name in data}
    return PrecisionPlan(data["default"], dict(data["layers"]), **settings)


def recipe_from_json(data: Plain) -> Recipe:
    """What `recipe_json` wrote."""
    steps = tuple(Step(step["technique"], dict(step["settings"])) for step in data["steps"])
    return Recipe(steps, bits_from_json(data["bits"]))


def step_report_json(report: StepReport) -> Json:
    """What one step did; pairs are before and after."""
    return {
        "technique": report.technique,
        "settings": plain(report.settings),
        "params": list(report.params),
        "macs": list(report.macs),
        "size_bytes": list(report.size_bytes),
        "skipped": report.skipped,
        "detail": plain(report.detail),
    }


def step_report_from_json(data: Plain) -> StepReport:
    """What `step_report_json` wrote."""
    return StepReport(
        data["technique"],
        data["settings"],
        pair(data["params"]),
        pair(data["macs"]),
        pair(data["size_bytes"]),
        data["skipped"],
        data["detail"],
    )


def candidate_json(candidate: Candidate) -> Json:
    """A compressed model with the recipe that made it, its origin and its steps."""
    return {
        "model": model_json(candidate.model),
        "recipe": recipe_json(candidate.recipe),
        "origin": None if candidate.origin is None else model_json(candidate.origin),
        "steps": [step_report_json(step) for step in candidate.steps],
    }


def candidate_from_json(data: Plain) -> Candidate:
    """What `candidate_json` wrote."""
    return Candidate(
        model_from_json(data["model"]),
        recipe_from_json(data["recipe"]),
        None if data["origin"] is None else model_from_json(data["origin"]),
        tuple(step_report_from_json(step) for step in data["steps"]),
    )
