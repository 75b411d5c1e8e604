"""What inputs that were made up may have to do with a file that cannot be run."""

from edgehone.system.settings import DATA
from edgehone.values import Artifact, Plain

MADE_UP = ("latency", "memory", "instructions")
"""Kinds of jobs whose inputs are made up where there is no sample."""


def suspicion(artifact: Artifact, failed: Plain, *, sampled: bool) -> str:
    """A sentence on the made-up inputs of a job that failed; "" where they cannot be at fault.

    Only whole numbers that are not quantized are suspected: indices, counts and lengths, of which
    a file may take few. sampled: the job had a real sample instead.
    """
    if sampled or failed.get("kind") not in MADE_UP or failed.get("cause") != "model":
        return ""
    ports = [port for port in (artifact.audit or {}).get("inputs") or () if _suspect(port)]
    if not ports:
        return ""
    return f"Its inputs were made up, and may be at fault: {', '.join(map(_shown, ports))}"


def advice(artifact: Artifact) -> str:
    """What to do about it."""
    if len((artifact.audit or {}).get("inputs") or ()) == 1:
        return f"Give real samples with {DATA.given('DATA')}; then the first of them is run."
    return (
        "Files of several inputs cannot be given samples here; see with `edgehone inspect` what "
        "reads them, and measure the file in its app."
    )


def _suspect(port: Plain) -> bool:
    return "int" in str(port["dtype"]) and not port.get("scale")


def _shown(port: Plain) -> str:
    takes = port.get("takes") or {"low": (0,), "high": (1,)}
    low, high = min(takes["low"]), max(takes["high"])
    return f"{port['name']} ({port['dtype']}) from {low} to {high}"
