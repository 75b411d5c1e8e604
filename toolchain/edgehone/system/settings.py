"""The settings that errors and hints speak of, each with its names at every interface."""

from edgehone.system.interface import Setting, Term

BASELINE = Setting("--baseline", "", ("baseline",))
BATCH = Setting("--batch", "", ("options.batch",), "export")
BLOCKS = Setting("--blocks", "measure.blocks", ("blocks",))
CALIBRATION = Setting("--calibration", "data.source", ("calibration", "data"))
CERTIFICATE = Setting("--certificate", "", ("signer.certificate",))
CLASSES = Setting("", "data.classes")
COMPLETE = Setting("--complete", "", ("complete",))
CUSTOM = Setting("--custom", "model.custom", ("custom",))
DATA = Setting("--data", "data.source", ("data", "calibration"))
DELIVERY = Setting("--delivery", "", ("delivery",))
DEVICES = Setting("--on", "", ("on",))
FILES_ONLY = Setting("--files-only", "", ("files_only",))
FINAL_EPOCHS = Setting("--final-epochs", "distill.final_epochs", ("final_epochs",))
FLOAT_WORST = Setting("--float-worst", "", ("options.float_worst",))
FOLDER = Setting("--folder", "", ("folder", "runs"))
FORCE = Setting("--force", "", ("force",))
FORMATS = Setting("--format", "export.formats", ("formats",))
FEATURES = Setting("", "data.features")
FRESH = Setting("--fresh", "", ("fresh",))
FRONT_END = Setting("", "data.front_end")
GROUP = Setting("", "data.group")
IDENTITY = Setting("--identity", "", ("trust.identity",))
INPUT = Setting("--input", "", ("input_kind",))
IO = Setting("--io", "export.io", ("options.io",))
ISSUER = Setting("--issuer", "", ("trust.issuer",))
LABELS = Setting("--labels", "", ("classes",))
LICENCE = Setting("--license", "", ("licence",))
LIMIT = Setting("", "data.limit")
MEAN = Setting("--mean", "", ("mean",))
MEASURED = Setting("--measured", "", ("measured",))
MAXIMIZE = Setting("", "objective.maximize", ("maximize",))
METRIC = Setting("", "task.metric", ("metric", "task.metric"))
MINIMIZE = Setting("--minimize", "objective.minimize", ("minimize",))
MINUTES = Setting("--minutes", "search.minutes", ("minutes",))
OFFSET = Setting("--offset", "data.offset", ("offset",))
PLATFORMS = Setting("--for", "", ("platforms",))
PRECISIONS = Setting("", "search.precisions")
PREPROCESS = Setting("", "data.preprocess")
RECORD = Setting("--record", "", ("record",))
RECURRENT = Setting("--recurrent", "", ("options.recurrent",), "export")
REQUIRE = Setting("--require", "", ("options.require", "require"))
REQUIRE_PARITY = Setting("--require-parity", "", ("options.require_parity",))
ROUNDS = Setting("--rounds", "search.rounds", ("rounds",))
RUN = Setting("--run", "", ("run",))
SAMPLE_RATE = Setting("", "data.sample_rate")
SCALE = Setting("--scale", "data.scale", ("scale",))
SECTIONS = Setting("", "report.sections", ("sections",))
SECONDS = Setting("", "data.seconds")
SEED = Setting("--seed", "search.seed", ("seed",))
SIGN_CHAIN = Setting("--certificate-chain", "", ("signer.chain",))
SIGN_KEY = Setting("--key", "", ("signer.key",))
SIGN_SERVERS = Setting("--trust-config", "", ("signer.trust_config",))
SIGSTORE = Setting("--sigstore", "", ("signer.sigstore",))
STD = Setting("--std", "", ("std",))
SPLIT = Setting("", "data.split")
SPLIT_COLUMN = Setting("", "data.split_column")
STRATEGY = Setting("", "search.strategy", ("strategy",))
STUDENT = Setting("", "model.student", ("student",))
TARGET = Setting("", "data.target")
TASK = Setting("", "task.kind", ("task",))
TEACHER = Setting("--teacher", "model.teacher", ("teacher",))
TIERS = Setting("--tier", "", ("tiers",))
TIME = Setting("", "data.time")
TRUST = Setting("--trust", "model.trust", ("trust",))
UNLABELLED = Setting("--unlabelled", "data.unlabelled", ("unlabelled",))
VERIFY_CHAIN = Setting("--certificate-chain", "", ("trust.chain",))
VERIFY_KEY = Setting("--key", "", ("trust.key",))

BUDGET = Term("[[budget]]", "edgehone.Budget")
SIZE_BUDGET = Term(
    'metric = "size_bytes", max = "200 KiB"', 'edgehone.Budget("size_bytes", max="200 KiB")'
)
DROP = Term('metric = "accuracy_drop", max = 0.01', 'edgehone.Budget("accuracy_drop", max=0.01)')
EXPORT = Term("edgehone export MODEL -o DIR", "edgehone.export(model, folder)")
EXPORT_INT8 = Term(
    "edgehone export MODEL -o DIR --precision int8 --calibration DATA",
    'edgehone.export(model, folder, precision="int8", calibration=data)',
)
RELEASE = Term("edgehone release BUNDLE --name NAME", "edgehone.release(bundle, name)")
RELEASES = Term("edgehone release --list", "edgehone release --list, at a terminal")
READ_LOG = Term("edgehone app FILE --read LOG", "edgehone.app_measurements(log, model)")
GATE_FILE = Term("edgehone gate BUDGETS.toml FILE", "edgehone.gate(budgets, file)")
GATE_THERE = Term(
    "edgehone gate BUDGETS.toml FILE --on DEVICE", "edgehone.gate(budgets, file, on=device)"
)
BENCH_DOCUMENT = Term(
    "what `edgehone bench FILE --json` printed", "a JSON file of a benchmark's document"
)

OBJECTIVE = Setting("", "objective.", ("minimize",))
TASK_TABLE = Setting("", "task.", ("task",))

_BY_KEY = {each.key: each for each in list(globals().values()) if isinstance(each, Setting)}


def setting_of(table: str, key: str) -> Setting:
    """The setting of a key of a project file; key "": the table itself."""
    return _BY_KEY.get(f"{table}.{key}", Setting("", f"{table}.{key}"))
