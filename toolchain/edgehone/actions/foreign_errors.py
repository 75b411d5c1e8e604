"""Failures that are not edgehone's own, as errors of our tree: packages, the system, anything."""

from edgehone.errors import EdgehoneError, ModelError, StorageError, UsageError
from edgehone.system import installing
from edgehone.system.files import FREE_SPACE, says_full
from edgehone.system.library_errors import parted, shortened

COMPRESS_EXTRA = ("litert_quantizer", "keras", "scipy", "tensorflow", "tf2onnx")
"""Packages that come with the extra "compress" only."""


SIGN_EXTRA = ("OpenSSL", "cryptography", "model_signing", "sigstore")
"""Packages that come with the extra "sign" only."""


def translated(error: Exception, unforeseen: str) -> EdgehoneError:
    """Any failure as one of ours; unforeseen: what to do about one that nobody thought of."""
    if isinstance(error, EdgehoneError):
        external = error.exit_code in (ModelError.exit_code, StorageError.exit_code)
        return StorageError(error.message, FREE_SPACE) if external and says_full(error) else error
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        extra = "compress" if package in COMPRESS_EXTRA else ""
        extra = "sign" if package in SIGN_EXTRA else extra
        return UsageError(
            f"This needs the package {package!r}, which is not installed.",
            f"Install it: {installing.command(extra)}.",
        )
    if isinstance(error, OSError) and error.errno is not None:
        what = f"Cannot use {error.filename}" if error.filename else "The system refused"
        return StorageError(
            f"{what}: {error.strerror}.",
            FREE_SPACE
            if says_full(error)
            else "Check that the path exists and that you may use it.",
        )
    if says_full(error):
        return StorageError(f"A file could not be written: {_one_line(error)}.", FREE_SPACE)
    return EdgehoneError(
        f"Something unforeseen went wrong ({type(error).__name__}: {_one_line(error)}).", unforeseen
    )


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return shortened(parted(text), 200)
