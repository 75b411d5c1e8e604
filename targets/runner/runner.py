"""Measures models on the machine it runs on: `python runner.py request.json`, JSON lines out.

One file, standard library and numpy, Python 3.7 or newer, so that it runs on old boards as well.
The request is {"protocol": 2, "deadline_s", "threads", "delegate", "seed", "jobs": [...]}; a job is
{"id", "kind", "runtime", ...}, its files relative to the working directory:

latency  model, warmup_s, minimum_s, minimum_count  -> init_ns, cold_ns, samples_ns, runs, waited
memory   model                                      -> peak, model, process (bytes), how
outputs  model, inputs (.npy), outputs (.npy)       -> n
prices   archive (.zip), models (its members),      -> prices: [{"passes_ns"} or {"error"}]
         passes, warmup_s, minimum_s, minimum_count

Every job runs in a fresh process; a crash, an error or the time limit (its own limit_s, if given,
or the deadline) is that job's answer ({"error", "cause"}) and the others go on. Lines are
{"event": "start"}, {"event": "progress"}, one {"event": "job"} per job in the order asked, and
{"event": "end"} last: an answer without it is not whole. Without its asker the program stops.
"""

import gc
import importlib
import json
import multiprocessing
import os
import platform
import sys
import time
import zipfile
from pathlib import Path

PROTOCOL = 2
KEPT_SAMPLES = 2000  # a block's samples beyond this are thinned evenly, so that answers stay small
LITERT_MODULES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter", "tensorflow.lite")


class MissingRuntimeError(Exception):
    """The runtime is not installed here."""


# ---------------------------------------------------------------- runtimes


class LiteRT:
    """A .tflite model in LiteRT, or in the older tflite_runtime or TensorFlow Lite."""

    def __init__(self, model, threads, delegate):
        module = litert_module()
        source = {"model_content" if isinstance(model, bytes) else "model_path": model}
        if delegate == "none":
            kinds = module.OpResolverType
            source["experimental_op_resolver_type"] = kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self._interpreter = module.Interpreter(num_threads=threads, **source)
        self._interpreter.allocate_tensors()
        self.run = self._interpreter.invoke
        self.inputs = [self._port(detail) for detail in self._interpreter.get_input_details()]
        self.outputs = [self._port(detail) for detail in self._interpreter.get_output_details()]

    @staticmethod
    def version():
        """Which package it is, and its version."""
        return litert_module().__name__.split(".")[0] + " " + version_of(litert_module())

    @staticmethod
    def _port(detail):
        scale, zero_point = detail["quantization"]
        return {
            "key": detail["index"],
            "shape": [int(size) for size in detail["shape"]],
            "dtype": detail["dtype"],
            "scale": float(scale),
            "zero_point": int(zero_point),
        }

    def feed(self, port, value):
        """Set an input."""
        self._interpreter.set_tensor(port["key"], value)

    def fetch(self, port):
        """A copy of an output."""
        return self._interpreter.get_tensor(port["key"])


class OnnxRuntime:
    """An .onnx model in ONNX Runtime on the CPU; free dimensions are 1."""

    def __init__(self, model, threads, delegate):
        module = onnxruntime_module()
        options = module.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = module.InferenceSession(
            model, sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._binding = self._session.io_binding()
        self.inputs = [self._port(node) for node in self._session.get_inputs()]
        self.outputs = [self._port(node) for node in self._session.get_outputs()]
        for port in self.outputs:
            self._binding.bind_output(port["key"])

    @staticmethod
    def version():
        """Which package it is, and its version."""
        return "onnxruntime " + version_of(onnxruntime_module())

    def _port(self, node):
        import numpy

        kind = node.type[len("tensor(") : -1]
        return {
            "key": node.name,
            "shape": [size if isinstance(size, int) and size > 0 else 1 for size in node.shape],
            "dtype": numpy.dtype({"float": "float32", "double": "float64"}.get(kind, kind)).type,
            "scale": 0.0,
            "zero_point": 0,
        }

    def run(self):
        """One inference."""
        self._session.run_with_iobinding(self._binding)

    def feed(self, port, value):
        """Set an input."""
        self._binding.bind_cpu_input(port["key"], value)

    def fetch(self, port):
        """A copy of an output."""
        keys = [output["key"] for output in self.outputs]
        return self._binding.copy_outputs_to_cpu()[keys.index(port["key"])]


RUNTIMES = {"litert": LiteRT, "onnxruntime": OnnxRuntime}


def litert_module():
    """The first of LITERT_MODULES that is installed."""
    for name in LITERT_MODULES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise MissingRuntimeError("none of %s is installed" % ", ".join(LITERT_MODULES))


def onnxruntime_module():
    """ONNX Runtime, imported when first asked for."""
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise MissingRuntimeError("onnxruntime is not installed") from error


def version_of(module):
    """The version of the package a module belongs to; "" where it does not say."""
    package = module.__name__.split(".")[0]
    found = getattr(importlib.import_module(package), "__version__", "")
    if found or sys.version_info < (3, 8):
        return found
    metadata = importlib.import_module("importlib.metadata")
    try:
        return metadata.version(package.replace("_", "-"))
    except metadata.PackageNotFoundError:
        return ""


def load(job, model):
    """The job's runtime with `model` (a path, or a file's bytes) loaded."""
    return RUNTIMES[job["runtime"]](model, job["threads"], job["delegate"])


# ---------------------------------------------------------------- numbers in and out


def feed_random(model, seed):
    """Fill every input with fixed random numbers within the range of its type."""
    import numpy

    rng = numpy.random.RandomState(seed)
    for port in model.inputs:
        value = rng.random_sample(port["shape"])
        if numpy.issubdtype(port["dtype"], numpy.integer):
            info = numpy.iinfo(port["dtype"])
            low, high = (info.min, info.max) if port["scale"] else (0, 1)
            value = numpy.rint(low + value * (high - low))
        model.feed(port, numpy.ascontiguousarray(value.astype(port["dtype"])))


def quantized(value, port):
    """Real numbers (float32) as the model's input takes them: q = round(x / scale) + zero."""
    import numpy

    if port["scale"] and numpy.issubdtype(port["dtype"], numpy.integer):
        info = numpy.iinfo(port["dtype"])
        steps = numpy.rint(value / numpy.float32(port["scale"])) + port["zero_point"]
        value = numpy.clip(steps, info.min, info.max)
    return numpy.ascontiguousarray(value.astype(port["dtype"]))


def real(value, port):
    """The model's output as float32 real numbers: x = (q - zero) * scale."""
    import numpy

    if port["scale"] and numpy.issubdtype(port["dtype"], numpy.integer):
        value = (value.astype(numpy.int64) - port["zero_point"]) * port["scale"]
    return value.astype(numpy.float32)


# ---------------------------------------------------------------- jobs


def latency_job(job, send):
    """Loading, the first inference, then steady ones; nothing but the inference is timed."""
    clock = time.perf_counter_ns
    gc.disable()
    start = clock()
    model = load(job, job["model"])
    init_ns = clock() - start
    feed_random(model, job["seed"])
    run = model.run
    start = clock()
    run()
    cold_ns = clock() - start
    spin(run, job["warmup_s"], 0)
    waited_ns, began = run_queue_ns(), clock()
    samples = spin(run, job["minimum_s"], job["minimum_count"])
    took_ns = clock() - began
    waited = None if waited_ns is None else max(0.0, (run_queue_ns() - waited_ns) / took_ns)
    stride = -(-len(samples) // KEPT_SAMPLES)
    kept = samples[::stride]
    result = {"init_ns": init_ns, "cold_ns": cold_ns, "samples_ns": kept, "runs": len(samples)}
    send(dict(result, waited=waited))


def spin(run, minimum_s, minimum_count):
    """Run until both minima are reached; nanoseconds of every call."""
    clock = time.perf_counter_ns
    samples = []
    keep = samples.append
    stop = clock() + int(minimum_s * 1e9)
    end = 0
    while end < stop or len(samples) < minimum_count:
        start = clock()
        run()
        end = clock()
        keep(end - start)
    return samples


def memory_job(job, send):
    """Growth of resident memory through loading and through running, at its highest."""
    import numpy.random  # numpy imports it when first used; it must not count as the model's

    numpy.random.RandomState(0).random_sample(1)
    RUNTIMES[job["runtime"]].version()  # imports the runtime, for the same reason
    touch_libraries()
    gc.collect()
    how = "VmHWM" if clear_peak() else "getrusage"
    before = resident_bytes()
    model = load(job, job["model"])
    loaded = resident_bytes() - before
    feed_random(model, job["seed"])
    for _ in range(5):
        model.run()
    process = peak_bytes(how)
    peak = max(process - before, loaded, 0)
    send({"peak": peak, "model": max(loaded, 0), "process": process, "how": how})


def outputs_job(job, send):
    """The model's answers for a file of samples, one by one, as real numbers."""
    import numpy

    model = load(job, job["model"])
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        found = (len(model.inputs), len(model.outputs))
        raise ValueError("%d inputs and %d outputs, but data has one of each" % found)
    source, sink = model.inputs[0], model.outputs[0]
    data = numpy.load(job["inputs"], mmap_mode="r", allow_pickle=False)
    plain = [size for size in data.shape[1:] if size != 1]
    if plain != [size for size in source["shape"] if size != 1]:
        raise ValueError(
            "the model takes %s, the data is %s" % (source["shape"], list(data.shape[1:]))
        )
    answers = None
    for index in range(len(data)):
        model.feed(source, quantized(data[index].reshape(source["shape"]), source))
        model.run()
        answer = real(model.fetch(sink), sink)
        answer = answer[0] if answer.ndim and answer.shape[0] == 1 else answer
        if answers is None:
            answers = numpy.empty((len(data), *answer.shape), numpy.float32)
        answers[index] = answer
    if answers is None:
        raise ValueError("the data has no samples")
    partial = Path(job["outputs"] + ".part.npy")
    partial.parent.mkdir(parents=True, exist_ok=True)
    numpy.save(str(partial), answers)
    partial.replace(job["outputs"])
    send({"n": len(answers)})


def prices_job(job, send):
    """Time the models in job["todo"], [pass, index] pairs; tells each as it is begun and done."""
    gc.disable()
    with zipfile.ZipFile(job["archive"]) as archive:
        for step, (_, index) in enumerate(job["todo"]):
            send({"begun": step})
            try:
                model = load(job, archive.read(job["models"][index]))
                feed_random(model, job["seed"])
                model.run()
                spin(model.run, job["warmup_s"], 0)
                samples = sorted(spin(model.run, job["minimum_s"], job["minimum_count"]))
            except Exception as error:  # whatever a runtime raises is this model's answer
                send({"index": index, "error": one_line(error)})
            else:
                send({"index": index, "ns": samples[len(samples) // 2]})
    send({})


JOBS = {"latency": latency_job, "memory": memory_job, "outputs": outputs_job, "prices": prices_job}


# ---------------------------------------------------------------- the machine


def first_line(path):
    """A small file's first line; "" where it cannot be read."""
    try:
        with Path(path).open() as stream:
            return stream.readline().strip()
    except OSError:
        return ""


def conditions():
    """What else the machine was doing; None for what it does not tell."""
    folder = Path("/sys/devices/system/cpu")
    clocks = whole_numbers(folder, "cpu*/cpufreq/scaling_cur_freq")
    heats = whole_numbers(Path("/sys/class/thermal"), "thermal_zone*/temp")
    return {
        "load1": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "clock_mhz": max(clocks) // 1000 if clocks else None,
        "governor": first_line(folder / "cpu0/cpufreq/scaling_governor") or None,
        "temperature_c": max(heats) / 1000.0 if heats else None,
        "reference_ms": reference_ms(),
    }


def whole_numbers(folder, pattern):
    """The numbers in the kernel's one-number files."""
    texts = [first_line(path) for path in folder.glob(pattern)]
    return [int(text) for text in texts if text.lstrip("-").isdigit()]


def reference_ms():
    """Median time of a fixed matrix product: the same machine at the same speed, the same time."""
    import numpy

    matrix = numpy.full((160, 160), 0.5, numpy.float32)
    result = numpy.empty_like(matrix)
    times = []
    for _ in range(17):
        start = time.perf_counter_ns()
        numpy.dot(matrix, matrix, out=result)
        times.append(time.perf_counter_ns() - start)
    return sorted(times[2:])[7] / 1e6


def run_queue_ns():
    """How long this process was ready to run and did not, since it began; None if untold."""
    fields = first_line("/proc/self/schedstat").split()
    return int(fields[1]) if len(fields) == 3 else None


def status_bytes(key):
    """A size from this process's status; None where the system has none."""
    try:
        with Path("/proc/self/status").open() as stream:
            for line in stream:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def clear_peak():
    """Reset the kernel's record of the highest resident size; False where that cannot be done."""
    try:
        with Path("/proc/self/clear_refs").open("w") as stream:
            stream.write("5")
    except OSError:
        return False
    return status_bytes("VmHWM") is not None


def peak_bytes(how):
    """The highest resident size so far."""
    if how == "VmHWM":
        return status_bytes("VmHWM")
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def resident_bytes():
    """The resident size now."""
    return status_bytes("VmRSS") or peak_bytes("getrusage")


def touch_libraries():
    """Bring the libraries' pages into memory first, or they would count as the model's."""
    import ctypes

    page = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
    try:
        with Path("/proc/self/maps").open() as stream:
            mappings = [line.split() for line in stream]
    except OSError:
        return
    for fields in mappings:
        if len(fields) < 6 or ".so" not in fields[5] or fields[1][0] != "r":
            continue
        low, high = (int(part, 16) for part in fields[0].split("-"))
        for address in range(low, high, page):
            ctypes.string_at(address, 1)


# ---------------------------------------------------------------- one process per job


class Crew:
    """Starts a fresh process per job and keeps the request's deadline."""

    def __init__(self, deadline_s):
        # A forked child starts with the libraries loaded, which saves seconds on a board; where
        # forking is unsafe (macOS) or unknown (Windows) it is started anew.
        self._context = multiprocessing.get_context("fork" if self.forks() else "spawn")
        self._stop = time.monotonic() + deadline_s
        self._asker = os.getppid()

    @staticmethod
    def forks():
        """Whether fresh processes are forked here."""
        return sys.platform.startswith("linux")

    def run(self, job, heard):
        """Run one job; `heard` gets each message. Returns "" or ("cause", "what happened")."""
        if time.monotonic() >= self._stop:
            return "time", "the time limit was reached before its turn"
        receiver, sender = self._context.Pipe(duplex=False)
        child = self._context.Process(target=work, args=(job, sender))
        child.start()
        sender.close()
        try:
            limit = min(self._stop, time.monotonic() + job.get("limit_s", float("inf")))
            return self._listen(receiver, heard, limit) or self._ending(child)
        finally:
            if child.is_alive():
                child.kill()
            child.join()
            receiver.close()

    def _listen(self, receiver, heard, limit):
        while time.monotonic() < limit:
            if os.getppid() != self._asker:
                sys.exit("whoever asked is gone")  # or the next measurement would be disturbed
            if not receiver.poll(max(0.0, min(1.0, limit - time.monotonic()))):
                continue
            try:
                message = receiver.recv()
            except (EOFError, OSError):
                return None
            if "cause" in message:
                return message["cause"], message["error"]
            if message.get("done"):
                return "", ""
            heard(message)
        return "time", "the time limit was reached"

    @staticmethod
    def _ending(child):
        child.join(5)
        code = child.exitcode
        how = "signal %d" % -code if code is not None and code < 0 else "exit code %s" % code
        return "crash", "the runtime crashed (%s)" % how


def work(job, sender):
    """The fresh process: do the job, tell the result, and leave without any clean-up."""
    os.dup2(2, 1)  # whatever a runtime prints must not get between the answers
    try:
        JOBS[job["kind"]](job, sender.send)
        sender.send({"done": True})
    except MissingRuntimeError as error:
        sender.send({"cause": "runtime", "error": one_line(error)})
    except Exception as error:  # whatever a runtime raises is this job's answer
        sender.send({"cause": "model", "error": one_line(error)})
    sys.stderr.flush()
    os._exit(0)


def one_line(error):
    """An exception's kind and text on one line of at most 500 characters."""
    text = " ".join(str(error).split()) or "no reason given"
    return ("%s: %s" % (type(error).__name__, text))[:500]


class PriceList:
    """All passes over a job's models; after a crash the rest goes on without the one at fault."""

    def __init__(self, job):
        self._job = job
        self._answers = [{"passes_ns": []} for _ in job["models"]]
        self._todo = []
        for turn in range(job["passes"]):
            order = list(range(len(self._answers)))
            self._todo += [[turn, index] for index in (order if turn % 2 == 0 else order[::-1])]
        self._total = len(self._todo)
        self._begun = -1
        self._told = time.monotonic()

    def take(self, crew):
        """Run until all is done or the time is up."""
        while self._todo:
            self._begun = -1
            cause, error = crew.run(dict(self._job, todo=self._todo), self._heard)
            if not cause:
                break
            if cause != "crash" or self._begun < 0:
                return {"error": error, "cause": cause}
            culprit = self._todo[self._begun][1]
            self._answers[culprit] = {"error": error}
            self._todo = [step for step in self._todo[self._begun :] if step[1] != culprit]
        return {"prices": self._answers}

    def _heard(self, message):
        if "begun" in message:
            self._begun = message["begun"]
            self._tell()
        elif "error" in message:
            self._answers[message["index"]] = {"error": message["error"]}
        elif "index" in message:
            self._answers[message["index"]].get("passes_ns", []).append(message["ns"])

    def _tell(self):
        if time.monotonic() - self._told < 0.5:
            return
        self._told = time.monotonic()
        done = self._total - len(self._todo) + self._begun
        say({"event": "progress", "job": self._job["id"], "done": done, "total": self._total})


def answer(crew, job, broken):
    """One job's result or error, with the machine's conditions before and after.

    broken: models that crashed or hung, and how; they are not tried again.
    """
    before = conditions()
    if job.get("model") in broken:
        result = broken[job["model"]]
    elif job["kind"] == "prices":
        result = PriceList(job).take(crew)
    else:
        heard = []
        cause, error = crew.run(job, heard.append)
        result = {"cause": cause, "error": error} if cause else heard[-1]
        if cause in ("crash", "time"):
            broken[job["model"]] = result
    return dict(result, conditions={"before": before, "after": conditions()})


def say(line):
    """One answer on standard output, at once."""
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def machine(names):
    """What runs here; naming the runtimes' versions also imports them, before any job."""
    versions, missing = {}, {}
    for name in names:
        try:
            versions[name] = RUNTIMES[name].version()
        except MissingRuntimeError as error:
            missing[name] = str(error)
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "runtimes": versions,
        "missing": missing,
    }


def main(path):
    """Answer the request in the file `path`; returns the exit code."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    request = json.loads(Path(path).read_text(encoding="utf-8"))
    if request.get("protocol") != PROTOCOL:
        say({"event": "refused", "reason": "protocol %r" % request.get("protocol")})
        return 2
    asked = {job["runtime"] for job in request["jobs"]}
    say(dict(machine(sorted(asked or RUNTIMES)), event="start", protocol=PROTOCOL))
    crew = Crew(request["deadline_s"])
    defaults = {key: request[key] for key in ("threads", "delegate", "seed")}
    broken = {}
    for job in request["jobs"]:
        result = answer(crew, dict(defaults, **job), broken)
        say(dict(result, event="job", job=job["id"], kind=job["kind"]))
    say({"event": "end", "jobs": len(request["jobs"])})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
