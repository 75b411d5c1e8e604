"""What a platform of an app kit is: it takes a model with its contract and writes a project."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from edgehone.documents.app_model import AppModel
from edgehone.errors import ConversionError
from edgehone.export.apps._golden import Golden
from edgehone.export.apps._rendering import rendered
from edgehone.export.apps._tiers import Selector
from edgehone.values import Artifact

Files = Mapping[str, bytes]
"""A project: contents by relative path."""


@dataclass(frozen=True)
class Kit:
    """What every platform's project is made of. content: the model file, which `artifact`
    describes. pack: how an app store delivers it and its tiers; None: it lies in the app.
    """

    app: AppModel
    content: bytes
    golden: Golden
    artifact: Artifact
    pack: "Pack | None" = None


@dataclass(frozen=True)
class Tier:
    """Devices that get another model than the kit's own, in the order of priority."""

    name: str
    selector: Selector
    kit: Kit


@dataclass(frozen=True)
class Pack:
    """Models that an app store delivers: the kit's own to all devices that match no tier.
    delivery: one of DELIVERIES.
    """

    tiers: tuple[Tier, ...]
    delivery: str


DELIVERIES = ("install-time", "fast-follow", "on-demand")
"""When Google Play delivers a pack: with the app, right after it, or when the app asks."""


class Platform(ABC):
    """Where an app runs: `export/apps/NAME.py`, its templates in `templates/NAME/`.

    TITLE: its name for people. FORMATS: those that its runtime takes, the best first. MODEL: where
    the model lies in the project. GOLDEN: where its golden samples lie. DTYPES: types of tensors
    that the wrapper can read and write. ABIS: folders of native libraries, for those that ship
    them. TIERS: whether a store delivers a model of its own to each tier of devices.
    """

    TITLE: ClassVar[str]
    FORMATS: ClassVar[tuple[str, ...]] = ("tflite",)
    MODEL: ClassVar[str] = "model"
    GOLDEN: ClassVar[str] = "golden.bin"
    MODEL_JSON: ClassVar[str] = "model.json"
    TIERS: ClassVar[bool] = False
    DTYPES: ClassVar[tuple[str, ...]] = ("float32", "int8", "uint8", "int32")
    ABIS: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """What the command line calls it: its file's name."""
        return type(self).__module__.rpartition(".")[2].replace("_", "-")

    @abstractmethod
    def steps(self, kit: Kit) -> Sequence[str]:
        """What to do with the project, for its README: commands that build and test it."""

    def files(self, kit: Kit) -> Files:
        """The whole project. Raises ConversionError when the platform cannot run the model."""
        self.require(kit)
        place = self.model_place(kit)
        kit = replace(kit, app=replace(kit.app, model=replace(kit.app.model, file=place)))
        made = rendered(self.name.replace("-", "_"), kit.app, kit.golden, self.variables(kit))
        kept = {path: text for path, text in made.items() if path not in self.leaves_out(kit)}
        return {**kept, place: kit.content, self.GOLDEN: kit.golden.content}

    def adapted(self, kit: Kit) -> bytes:
        """The model file as the platform wants it; another one gets a contract and golden samples
        of its own. Raises ConversionError.
        """
        return kit.content

    def variables(self, kit: Kit) -> Mapping[str, Any]:
        """What its templates know beside the contract."""
        return {"steps": tuple(self.steps(kit)), "golden": self.GOLDEN}

    def model_place(self, kit: Kit) -> str:
        """Where the model lies in the project."""
        return f"{self.MODEL}.{kit.app.model.format}"

    def leaves_out(self, kit: Kit) -> Sequence[str]:
        """Files of the templates that this model does not need."""
        return ()

    def require(self, kit: Kit) -> None:
        """Refuse a model whose tensors the wrapper cannot read or write: ConversionError."""
        for port in kit.app.ports:
            if port.dtype not in self.DTYPES:
                raise ConversionError(
                    f"{kit.app.model.file} has {port.dtype} at {port.name!r}, and the runtime of "
                    f"{self.TITLE} reads and writes {', '.join(self.DTYPES)}.",
                    "Export the model again with float32 inputs and outputs (io).",
                )
