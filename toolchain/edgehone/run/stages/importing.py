"""A model from where the user keeps it, as a Keras 3 file of the workspace."""

from collections.abc import Mapping
from typing import Any

from edgehone.run.workspace import Workspace
from edgehone.values import Event, Model

STAGE, VERSION = "import", 2


def import_model(source: str, identity: Mapping[str, Any], workspace: Workspace) -> Model:
    """The model at `source` as a Keras 3 file. identity: what `source` is looked up by.

    Raises what `graph.loading.load` raises.
    """

    def work() -> dict[str, Any]:
        from edgehone.graph import loading

        workspace.progress(Event("load the model", source))
        found = loading.load(
            source, trust=workspace.trust, custom=workspace.custom, progress=workspace.progress
        )
        return workspace.keep_model(found)

    inputs = {**identity, "trust": workspace.trust, "custom": list(workspace.custom)}
    return workspace.model(workspace.cache.stage(STAGE, inputs, work, version=VERSION))
