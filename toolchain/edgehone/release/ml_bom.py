"""The bill of materials of a release, CycloneDX 1.6, with what was measured of each model in it."""

import json
import math
import uuid
from collections.abc import Iterable

from edgehone.documents.plain import Json
from edgehone.release import facts
from edgehone.release.evidence import Evidence, Origin
from edgehone.release.facts import Fact
from edgehone.release.licences import Licence
from edgehone.units import named
from edgehone.values import Artifact

NAME = "bom.cdx.json"

_SPEC = "1.6"
_TEACHER, _DATA = "teacher", "data"


def ml_bom(evidence: Evidence, made_by: str) -> Json:
    """CycloneDX JSON: the artifacts as machine-learning models with a model card, what they were
    made from, and the packages that run them. made_by: the version of edgehone.

    Its serial number is made of the artifacts' hashes, and its only date is the run's.
    """
    origin = evidence.origin
    when = {"timestamp": origin.created} if origin is not None and origin.created else {}
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{_SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": _SPEC,
        "serialNumber": _serial(evidence.artifacts),
        "version": 1,
        "metadata": {
            **when,
            "tools": {
                "components": [{"type": "application", "name": "edgehone", "version": made_by}]
            },
            "component": {
                "type": "application",
                "bom-ref": "release",
                "name": evidence.title,
                **_licensed(evidence.licence),
            },
        },
        "components": [
            *(_model(each, evidence) for each in evidence.artifacts),
            *_made_from(origin),
            *(_package(each) for each in evidence.licences),
        ],
        "dependencies": _dependencies(evidence),
    }


def _model(artifact: Artifact, evidence: Evidence) -> Json:
    name = artifact.path.as_posix()
    return {
        "type": "machine-learning-model",
        "bom-ref": name,
        "name": artifact.path.name,
        "hashes": [{"alg": "SHA-256", "content": artifact.sha256}],
        **_licensed(evidence.licence),
        "modelCard": {
            **_parameters(artifact, evidence.origin),
            "quantitativeAnalysis": {"performanceMetrics": _metrics(artifact, evidence)},
        },
        "properties": [
            _property("format", artifact.format),
            _property("precision", artifact.precision),
        ],
    }


def _parameters(artifact: Artifact, origin: Origin | None) -> Json:
    audit = artifact.audit or {}
    found: Json = {
        side: [{"format": _port(port)} for port in audit[side]]
        for side in ("inputs", "outputs")
        if audit.get(side)
    }
    if origin is not None and origin.project.kind:
        found["task"] = origin.project.kind
    if origin is not None and origin.project.data:
        found["datasets"] = [{"ref": _DATA}]
    return {"modelParameters": found} if found else {}


def _port(port: Json) -> str:
    shape = " x ".join("?" if size is None else str(size) for size in port["shape"])
    return f"{port['name']}: {port['dtype']} [{shape}]"


def _metrics(artifact: Artifact, evidence: Evidence) -> list[Json]:
    found = [_metric(fact, "") for fact in facts.of_file(artifact)]
    for measurement in evidence.of(artifact):
        where = facts.where(measurement)
        found += [_metric(fact, where) for fact in facts.measured(measurement)]
    return found


def _metric(fact: Fact, where: str) -> Json:
    found: Json = {"type": named(fact.metric, fact.scored), "value": _number(fact.value)}
    if where:
        found["slice"] = where
    bounds = [_number(bound) for bound in fact.ci95 or () if math.isfinite(bound)]
    if len(bounds) == 2:
        found["confidenceInterval"] = {"lowerBound": bounds[0], "upperBound": bounds[1]}
    return found


def _number(value: float) -> str:
    """A number as JSON writes it; CycloneDX wants it in quotes."""
    return json.dumps(value)


def _made_from(origin: Origin | None) -> list[Json]:
    if origin is None:
        return []
    project, found = origin.project, list[Json]()
    if project.teacher:
        found.append(
            {
                "type": "machine-learning-model",
                "bom-ref": _TEACHER,
                "name": project.teacher,
                "scope": "excluded",
                **_hashed(project.teacher_sha256),
            }
        )
    if project.data:
        samples = ", ".join(f"{name}: {count}" for name, count in project.samples.items())
        described = {"description": f"Samples: {samples}."} if samples else {}
        about = {"type": "dataset", "name": project.data, **described}
        found.append(
            {
                "type": "data",
                "bom-ref": _DATA,
                "name": project.data,
                "scope": "excluded",
                **_hashed(project.data_file_sha256),
                "data": [about],
                "properties": [_property("samples_sha256", project.data_sha256)]
                if project.data_sha256
                else [],
            }
        )
    return found


def _package(licence: Licence) -> Json:
    version = licence.version
    return {
        "type": "library",
        "bom-ref": licence.package,
        "name": licence.package,
        **({"version": version} if version else {}),
        "purl": f"pkg:pypi/{licence.package}{f'@{version}' if version else ''}",
        **_licensed(licence.licence),
    }


def _dependencies(evidence: Evidence) -> list[Json]:
    models = [each.path.as_posix() for each in evidence.artifacts]
    packages = [each.package for each in evidence.licences]
    project = evidence.origin.project if evidence.origin is not None else None
    teacher = [_TEACHER] if project is not None and project.teacher else []
    return [
        {"ref": "release", "dependsOn": models},
        *({"ref": model, "dependsOn": [*teacher, *packages]} for model in models),
    ]


def _licensed(stated: str) -> Json:
    return {"licenses": [{"license": {"name": stated}}]} if stated else {}


def _hashed(sha256: str) -> Json:
    return {"hashes": [{"alg": "SHA-256", "content": sha256}]} if sha256 else {}


def _property(name: str, value: str) -> Json:
    return {"name": f"edgehone:{name}", "value": value}


def _serial(artifacts: Iterable[Artifact]) -> str:
    hashes = " ".join(sorted(each.sha256 for each in artifacts))
    return uuid.uuid5(uuid.NAMESPACE_URL, f"https://cyclonedx.org/edgehone/{hashes}").urn
