"""What is said when a Keras model cannot be run on samples."""

from collections.abc import Iterator
from contextlib import contextmanager

from edgehone.errors import EdgehoneError, ExecutionError
from edgehone.system.library_errors import sentence


@contextmanager
def running() -> Iterator[None]:
    """Turn what Keras and TensorFlow raise while a model computes into ExecutionError."""
    try:
        yield
    except EdgehoneError:
        raise
    except Exception as error:  # layers raise whatever they raise
        raise ExecutionError(
            f"The model cannot be run on the samples: {sentence(error)}",
            "Check that the samples are such as the model takes: their shape and range, and "
            "identifiers below the size of its tables.",
        ) from error
