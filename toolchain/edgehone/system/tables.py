"""Files of TOML that users write, as tables."""

from pathlib import Path
from typing import Any

from edgehone.errors import ConfigError
from edgehone.system.bounds import TABLES_BYTES, BeyondBoundsError
from edgehone.system.files import content
from edgehone.system.library_errors import sentence
from edgehone.system.parsing import toml_of


def tables_of(path: Path) -> dict[str, Any]:
    """A file's tables. Raises ConfigError when it cannot be read, or is not valid TOML."""
    text = content(path, TABLES_BYTES, ConfigError)
    try:
        return toml_of(text.decode())
    except BeyondBoundsError as error:
        raise ConfigError(f"{path} cannot be read: {error}.", "Make it shorter.") from error
    except ValueError as error:
        raise ConfigError(
            f"{path} is not valid TOML: {sentence(error)}.", "Correct the file."
        ) from error
