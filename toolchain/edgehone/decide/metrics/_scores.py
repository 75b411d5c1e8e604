"""Why nothing is known of a file's quality."""

from edgehone.values import Measurement


def unscored(measurement: Measurement) -> str:
    """The file's own failure, before data that lack."""
    own = measurement.reason if measurement.verdict == "failed" else ""
    return own or "no data was given, so accuracy is unknown"
