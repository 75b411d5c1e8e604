"""The most that is read, unpacked, answered or asked for: every limit, each with its reason."""

KIB, MIB, GIB = 2**10, 2**20, 2**30

# Files that a user gives.

MODEL_BYTES = 2 * GIB
"""Of a .tflite or .onnx file: FlatBuffers and Protocol Buffers address no more."""
TENSOR_BYTES = 2 * GIB
"""Of one tensor while a file runs: no device that files are made for has more to spare."""
AXES = 32
"""Of a tensor: NumPy's limit; LiteRT's operators know eight at most."""
DESCRIPTION_BYTES = 16 * MIB
"""Of the JSON that describes a Keras model, and of what an archive says of itself. A network of a
thousand layers takes 1 MiB, a vocabulary of a million words 12 MiB."""
TABLES_BYTES = 1 * MIB
"""Of a TOML file: a thousand budgets take 100 KiB."""
DOCUMENT_BYTES = 1 * GIB
"""Of a document in the store: SQLite holds no longer text. A run of hundreds of candidates takes
20 MiB."""
SCRIPT_BYTES = 256 * MIB
"""Of a script of answers: a recording holds a device's outputs as well."""
MEMBERS = 100_000
"""Files in an archive: a Keras model has fewer than ten and an asset for each lookup layer."""
PIXELS = 100_000_000
"""Of one image: more than any camera's picture, and 300 MB as RGB."""
MEMORY_SHARE = 0.5
"""Share of the free memory that data or an unpacked archive may take at once: converting it to what
a model takes, and training on it, need room beside."""
BUNDLE_BYTES = 4 * GIB - 1
"""Of a release: what a ZIP archive addresses without its extension to 64 bits."""
BUNDLE_FILES = 1000
"""In a release: a file, its page and its licences are about twenty."""
SIGNATURE_BYTES = 1 * MIB
"""Of a signature: one with a chain of certificates takes 20 KiB."""

CLASSES = 100_000
"""That a model tells apart: the largest public sets of labels have about twenty thousand."""
SAMPLE_RATE = 768_000
"""Of audio, samples per second: the highest of converters that are sold."""
FRAME_MS = 10_000.0
"""That one column of audio looks at."""
MEL_BINS = 1024
"""Bands of audio: front ends have 20 to 256."""
AUDIO_S = 3600.0
"""Of one piece of audio."""
TABLE_COLUMNS = 100_000
"""Of a table: as many numbers in a row as a large image has."""

# Texts.

JSON_DEPTH = 200
"""Brackets within one another: each model inside a model adds four, arguments of layers eight."""
TOML_DEPTH = 50
"""Brackets within one another, and parts of a dotted key: the deepest of ours has four."""
DIGITS = 4300
"""Of an integer: what Python converts (`sys.int_info`)."""
NAME_CHARACTERS = 200
"""Of a name of a device, a recipe, a layer, a metric: file systems end at 255 bytes."""
PATH_CHARACTERS = 4096
"""Of a path or an address (PATH_MAX of Linux)."""
MESSAGE_CHARACTERS = 4000
"""Of an error on the terminal: fifty lines, in which every file of a command can be named."""
LISTED = 1000
"""Tables of one kind in a TOML file: budgets, recipes, devices."""

# What a run or a measurement is asked for.

BLOCKS = 10_000
"""Fresh processes for each file: half an hour at least, even for the smallest."""
INFERENCES = 1_000_000
"""That a block has to do at least."""
BLOCK_S = 600.0
"""Seconds that a block has to last at least, or warms up: no interval narrows further by that."""
PATIENCE_S = 86_400.0
"""Seconds that a device is waited for, or rests: a day."""
THREADS = 1024
"""That a runtime may use, and processors that a device has."""
EPOCHS = 100_000
"""Passes over the training data."""
BATCH = 1_000_000
"""Samples in one training step."""
SAMPLES = 2**31 - 1
"""Samples of a split that are used."""
CANDIDATES = 10_000
"""That one search builds, trains or measures."""
MINUTES = 30 * 24 * 60.0
"""That a search may take: thirty days."""
WEIGHT = 1e6
"""Of a term of a loss, and other factors: float32 has 24 bits, and what is weighed against it is
of the order of one."""

# What devices and programs answer.

LINE_CHARACTERS = 64 * MIB
"""Of one line of an answer: 2000 samples take 40 KiB, the prices of ten thousand layers 2 MiB."""
ANSWER_CHARACTERS = 256 * MIB
"""Of all that a program prints."""
TEXT_CHARACTERS = 64 * KIB
"""Of what a device's own command printed; programs keep 4 KiB of each."""
OUTPUT_BYTES = 4 * GIB
"""Of a file of outputs that is fetched from a device."""
NANOSECONDS = 86_400 * 10**9
"""Of one inference, or of loading a model: a day."""
MEMORY_BYTES = 2**50
"""That a device may claim to have or to take, and samples may take: a pebibyte."""
LEAST_MEMORY_BYTES = 1 * MIB
"""That samples may take: a batch of small images."""
COUNT = 2**63 - 1
"""Of instructions, runs and other things counted: 64 bits, as processors count."""


class BeyondBoundsError(ValueError):
    """Something is larger, deeper or longer than what is read of it; the text says what and how
    much is allowed.
    """


def bytes_text(count: float) -> str:
    """A size in the largest unit that keeps it above 1: "32 MiB", "1.5 GiB", "4 TiB"."""
    size, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.3g} {units[0]}"
