"""`[data]` of `edgehone.toml`: where samples come from, and how they are read and split."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from edgehone.compress.training import augmentations
from edgehone.config._fields import Finite, Name, Samples, Section, Seed, Text, Weight
from edgehone.config.quantities import WrongValueError, memory_of, nearest, quantity
from edgehone.system import bounds
from edgehone.system.user_code import is_reference

if TYPE_CHECKING:
    from edgehone.data import DataSettings

Names = Annotated[tuple[Text, ...], Field(max_length=bounds.LISTED)]
Classes = Annotated[tuple[Text, ...], Field(max_length=bounds.CLASSES)]
Share = Annotated[float, Field(gt=0, lt=0.5)]
Milliseconds = Annotated[float, Field(gt=0, le=bounds.FRAME_MS)]

FRONT_END_KEYS = ("sample_rate", "frame_ms", "hop_ms", "bins", "coefficients", "seconds")


class FeatureTable(Section):
    """A feature of the examples in a TFRecord file."""

    dtype: Literal["float32", "int64", "uint8", "string", "image"] = Field(
        description="float32 or int64; of bytes: uint8 (raw numbers), string (a text), or image (a "
        "PNG or JPEG file)."
    )
    shape: Annotated[tuple[int, ...], Field(max_length=bounds.AXES)] = Field(
        default=(), description="Of one sample."
    )


def _known_augmentation(name: str) -> str:
    known = augmentations.known()
    if name not in known and not is_reference(name):
        raise WrongValueError(f"unknown augmentation {name!r}", nearest(name, known))
    return name


Augmentation = Annotated[Text, AfterValidator(_known_augmentation)]
"""The name of an augmentation, or of the user's own function."""


class DataSection(Section):
    """What the model is trained, calibrated and judged on."""

    source: Text = Field(
        description="An .npz file (x_train, y_train, x_val, y_val, x_test, y_test, or just x, y), "
        "a folder of .npy files called so, a table (.csv, .parquet), a folder of class folders of "
        "images or of WAV audio, a .tfrecord file or a folder of them, "
        '"python:module:function", or "digits" (bundled).'
    )
    unlabelled: Text | None = Field(
        default=None,
        description="Further samples to train on, without labels: the students learn what the "
        "teacher answers (weight soft of [distill]). A .npy file, an .npz file with an array x, a "
        'folder of images, or "python:module:function"; scaled as the others are.',
    )
    calibration: Samples = Field(
        default=200, description="Training samples that quantization ranges are taken from."
    )
    seed: Seed = Field(default=0, description="Draws the splits that the data lacks.")
    scale: Finite = Field(
        default=1.0, description="The model sees x * scale + offset; for bytes often 1/255."
    )
    offset: Finite = Field(default=0.0, description="See scale.")
    augment: Annotated[tuple[Augmentation, ...], Field(max_length=bounds.LISTED)] = Field(
        default=(),
        description="What is done to training samples, in this order: "
        f'{", ".join(augmentations.known())}; or "python:module:function", called with '
        "(x, y, seed). The teacher sees what the student sees. Nothing else is changed: neither "
        "samples for calibration nor those that models are judged on.",
    )
    class_weights: Literal["balanced"] | dict[Name, Weight] | None = Field(
        default=None,
        description='What classes weigh in the loss of the labels: "balanced" (all classes count '
        "the same), or a table of weights by the name or number of a class, 1 for those that it "
        "leaves out. Left out, all samples weigh the same.",
    )
    limit: Samples | None = Field(
        default=None, description="Most samples of each split that are used; all when left out."
    )
    memory: Text = Field(
        default="2 GiB",
        description="Most memory that the samples may take. Of data that would take more than a "
        "quarter of it as the model sees them, batches are read from the disk and converted when "
        "they are needed; the results are the same.",
    )
    target: Text | Names = Field(
        default=(),
        description="The column of a table, or the feature of a TFRecord file, that the model "
        "answers; several in a list. Left out, it is the only one called target, label, class or "
        "y.",
    )
    features: Names | dict[Name, FeatureTable] = Field(
        default=(),
        description="Columns of a table that the model sees, in this order; all others but target, "
        "group, time and split_column when left out. For TFRecord: a table [data.features] "
        "that says dtype and shape of each feature by its name.",
    )
    classes: Classes = Field(
        default=(),
        description="What the classes are called, in the order of the model's outputs: needed "
        "where labels are texts.",
    )
    split: Literal["stratified", "random", "grouped", "time"] | None = Field(
        default=None,
        description="How splits are drawn that the data lacks: stratified (equal shares of every "
        "class), random, grouped (no group on two sides), time (the last samples are tested). Left "
        "out: grouped where the data have groups, else stratified.",
    )
    group: Name = Field(
        default="",
        description="The column of a table that says which samples belong together, such as a "
        "speaker or a patient; arrays have an array group.",
    )
    time: Name = Field(
        default="", description="The column of a table that orders samples; arrays have time."
    )
    split_column: Name = Field(
        default="", description="The column of a table that says train, validation or test."
    )
    validation: Share = Field(
        default=0.15, description="Share of the samples that a missing validation split takes."
    )
    test: Share = Field(
        default=0.15, description="Share of the samples that a missing test split takes."
    )
    preprocess: Text | None = Field(
        default=None,
        description="A function of batches that the model needs before it, after scale and offset: "
        '"keras.applications.NAME.preprocess_input", another function of keras, or '
        '"python:module:function".',
    )
    front_end: Literal["", "log-mel", "mfcc"] = Field(
        default="",
        description="What the model sees of audio: log-mel (logarithms of energies in mel bands) "
        "or mfcc (their cosine transform); the waveform when left out.",
    )
    sample_rate: Annotated[int, Field(ge=1, le=bounds.SAMPLE_RATE)] = Field(
        default=16000, description="Samples per second that audio files must have."
    )
    frame_ms: Milliseconds = Field(default=30.0, description="What one column of audio looks at.")
    hop_ms: Milliseconds = Field(default=20.0, description="From one such column to the next.")
    bins: Annotated[int, Field(ge=1, le=bounds.MEL_BINS)] = Field(
        default=40, description="Mel bands."
    )
    coefficients: Annotated[int, Field(ge=1, le=bounds.MEL_BINS)] = Field(
        default=10, description="Coefficients of mfcc that are kept."
    )
    seconds: Annotated[float, Field(gt=0, le=bounds.AUDIO_S)] | None = Field(
        default=None,
        description="Audio is padded with silence, or cut, to this long; left out, all files must "
        "be equally long.",
    )

    @field_validator("memory", mode="before")
    @classmethod
    def _some_memory(cls, memory: Any) -> Any:
        return memory_of(memory)

    @property
    def memory_bytes(self) -> int:
        """Most bytes that the samples may take."""
        return int(quantity(self.memory, "bytes"))

    @model_validator(mode="after")
    def _possible(self) -> "DataSection":
        if self.front_end == "mfcc" and self.coefficients > self.bins:
            raise WrongValueError(
                f"coefficients = {self.coefficients} are more than bins = {self.bins}",
                "Keep at most as many coefficients as there are mel bands.",
            )
        if len(set(self.classes)) < len(self.classes):
            twice = next(each for each in self.classes if self.classes.count(each) > 1)
            raise WrongValueError(
                f"classes names {twice!r} twice", "Give every class a name of its own."
            )
        return self

    def settings(self, **known: Any) -> "DataSettings":
        """How data are read; known: what else is known of them, by its field."""
        from edgehone.data import DataSettings, Drawing, Feature, Reading

        described = self.features if isinstance(self.features, Mapping) else {}
        reading = Reading(
            target=(self.target,) if isinstance(self.target, str) else self.target,
            features=() if isinstance(self.features, Mapping) else self.features,
            group=self.group,
            time=self.time,
            split=self.split_column,
            described={n: Feature(each.dtype, each.shape) for n, each in described.items()},
            classes=self.classes,
            front_end=self.front_end,
            audio={key: getattr(self, key) for key in FRONT_END_KEYS},
            limit=self.limit,
        )
        usual: dict[str, Any] = {
            "seed": self.seed,
            "scale": self.scale,
            "offset": self.offset,
            "limit": self.limit,
            "unlabelled": self.unlabelled,
            "preprocess": self.preprocess or "",
            "reading": reading,
            "memory": self.memory_bytes,
            "drawing": Drawing(self.split, self.validation, self.test),
        }
        return DataSettings(**{**usual, **known})
