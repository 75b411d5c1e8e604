"""How what is missing is installed: from a checkout, for edgehone is on no package index."""


def command(extra: str = "") -> str:
    """What to type, in half a sentence; extra: what is beside the core, by its name in
    pyproject.toml.
    """
    return f'pip install ".{f"[{extra}]" if extra else ""}" in the folder of edgehone\'s checkout'
