"""Measures models on the machine it runs on: `python runner.py request.json`, JSON lines out.

One file, standard library and numpy, Python 3.7 or newer, so that it runs on old boards as well.
PROTOCOL.md beside it says what is asked and answered. This process reads the request, keeps the
lock, the settings and the time, and talks; every job runs in a fresh process that dies with it.
Whatever ends this process early is a signal, and raises Stopped wherever it is.
"""

import array
import contextlib
import gc
import glob
import importlib
import importlib.util
import json
import multiprocessing
import os
import platform
import select
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

PROTOCOL = 2
DEFAULTS = {"deadline_s": 600.0, "threads": 1, "delegate": "xnnpack", "seed": 0}
DEFAULTS.update(cores=[], jobs=[], alive_s=0.0)
KEPT_SAMPLES = 2000  # a block's samples beyond this are thinned evenly, so that answers stay small
MOST_SAMPLES = 1 << 20  # while measuring: beyond it every second one goes, and of those that follow
LONGEST_S = 2e6  # 23 days: systems wait for at most 2 ** 31 ms
COMMAND_S = 5.0
COMMAND_BYTES = 4096
WAITING_TOLD_S = 3.0
HANG_S = 15.0  # what else than a job may take beyond the deadline
STEP_S = 60.0  # what a single step of this process itself may take, such as to import a runtime
BREATH_S = 5.0  # what a job may take from one sign of life to the next, besides an inference ...
SLOWER = 10  # ... and how many times as long as the slowest one so far that may take
STOPPED_S = 2.0  # how long a job's process may be stopped before it counts as hung
LITERT_MODULES = (
    "ai_edge_litert.interpreter",
    "tflite_runtime.interpreter",
    "tensorflow.lite.python.interpreter",
)


class UnableError(Exception):
    """The runtime is missing here, or something else that the job asks of the device."""


class RefusedError(Exception):
    """The request is not answered: cause and reason."""


class Stopped(BaseException):  # no error; nothing that catches errors may catch it
    """This program is to end now: why."""


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


class Own:
    """A model of a user's format, in the class Session of a file that came with the job."""

    def __init__(self, kind, model, threads):
        content = model if isinstance(model, bytes) else Path(model).read_bytes()
        self._session = kind(content, threads)
        self.inputs, self.outputs = (
            [self._port(key, about) for key, about in enumerate(ports)]
            for ports in (self._session.inputs, self._session.outputs)
        )
        self._values, self._answers = [None] * len(self.inputs), []

    @staticmethod
    def _port(key, about):
        import numpy

        return {
            "key": key,
            "shape": [int(size) for size in about["shape"]],
            "dtype": numpy.dtype(about.get("dtype", "float32")).type,
            "scale": float(about.get("scale") or 0.0),
            "zero_point": int(about.get("zero_point") or 0),
        }

    def run(self):
        """One inference."""
        self._answers = self._session.run(self._values)

    def feed(self, port, value):
        """Set an input."""
        self._values[port["key"]] = value

    def fetch(self, port):
        """A copy of an output."""
        import numpy

        return numpy.array(self._answers[port["key"]])


def own_session(file):
    """A user's file as a module; its class Session runs models."""
    try:
        spec = importlib.util.spec_from_file_location("own_session", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.Session  # noqa: B018 - reading it tells whether it is there
    except Exception as error:  # a user's file may raise whatever it likes
        raise UnableError("the session of this format: %s" % one_line(error)) from error
    return module


def litert_module():
    """The first of LITERT_MODULES that can be imported."""
    reasons = []
    for name in LITERT_MODULES:
        try:
            return importlib.import_module(name)
        except Exception as error:  # a library too new for the system raises whatever it likes
            reasons.append(reason_missing(name.split(".")[0], error))
    told = [reason for reason in reasons if reason]
    raise UnableError("; ".join(told) or "neither ai_edge_litert nor an older LiteRT is installed")


def onnxruntime_module():
    """ONNX Runtime, imported when first asked for."""
    try:
        return importlib.import_module("onnxruntime")
    except Exception as error:
        reason = reason_missing("onnxruntime", error)
        raise UnableError(reason or "onnxruntime is not installed") from error


def reason_missing(package, error):
    """Why an installed package cannot be imported; "" when it is merely not installed."""
    if isinstance(error, ImportError) and error.name == package:
        return ""
    return "%s cannot be loaded: %s" % (package, one_line(error))


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


def version(name, session):
    """The version of the runtime of that name, or of a user's own in the file `session`."""
    if session:
        return str(getattr(own_session(session), "VERSION", name))
    return runtime(name).version()


def runtime(name):
    """The runtime of that name."""
    if name not in RUNTIMES:
        raise UnableError("this program knows no runtime %r" % (name,))
    return RUNTIMES[name]


def load(job, model):
    """The job's runtime with `model` (a path, or a file's bytes) loaded."""
    if job.get("session"):
        return Own(own_session(job["session"]).Session, model, job["threads"])
    return runtime(job["runtime"])(model, job["threads"], job["delegate"])


# ---------------------------------------------------------------- numbers in and out


def feed(model, job):
    """Fill every input: with the job's sample, or with fixed random numbers that it can take."""
    import numpy

    if job.get("sample"):
        source, data = samples_for(model, job["sample"])
        model.feed(source, quantized(data[0].reshape(source["shape"]), source))
        return
    rng, ranges = numpy.random.RandomState(job["seed"]), job.get("ranges") or []
    for place, port in enumerate(model.inputs):
        value = rng.random_sample(port["shape"])
        known = ranges[place] if place < len(ranges) else None
        value = within(value, port, known) if known else spread(value, port)
        model.feed(port, numpy.asarray(value, port["dtype"], order="C"))


def spread(value, port):
    """Fractions spread over the range of an input's type: 0 to 1 where it is not quantized."""
    import numpy

    if not numpy.issubdtype(port["dtype"], numpy.integer):
        return value
    info = numpy.iinfo(port["dtype"])
    low, high = (info.min, info.max) if port["scale"] else (0, 1)
    return numpy.rint(low + value * (high - low))


def within(value, port, known):
    """Fractions spread over what the request says that an input can take."""
    import numpy

    low, high = (numpy.resize(known[end], value.shape) for end in ("low", "high"))
    if numpy.issubdtype(port["dtype"], numpy.integer):
        return numpy.minimum(numpy.floor(low + value * (high - low + 1)), high)
    return low + value * (high - low)


def samples_for(model, file):
    """The one input of a model, and samples for it. Raises ValueError where they do not fit."""
    import numpy

    if len(model.inputs) != 1:
        raise ValueError("%d inputs, but data has one" % len(model.inputs))
    source = model.inputs[0]
    data = numpy.load(file, mmap_mode="r", allow_pickle=False)
    plain = [size for size in data.shape[1:] if size != 1]
    if plain != [size for size in source["shape"] if size != 1]:
        raise ValueError(
            "the model takes %s, the data is %s" % (source["shape"], list(data.shape[1:]))
        )
    if not len(data):
        raise ValueError("the data has no samples")
    return source, data


def quantized(value, port):
    """Real numbers (float32) as the model's input takes them: q = round(x / scale) + zero."""
    import numpy

    if port["scale"] and numpy.issubdtype(port["dtype"], numpy.integer):
        info = numpy.iinfo(port["dtype"])
        steps = numpy.rint(value / numpy.float32(port["scale"])) + port["zero_point"]
        value = numpy.clip(steps, info.min, info.max)
    return numpy.asarray(value, port["dtype"], order="C")


def real(value, port):
    """The model's output as float32 real numbers: x = (q - zero) * scale."""
    import numpy

    if port["scale"] and numpy.issubdtype(port["dtype"], numpy.integer):
        value = (value.astype(numpy.int64) - port["zero_point"]) * port["scale"]
    return value.astype(numpy.float32)


# ---------------------------------------------------------------- jobs


class Breath:
    """Signs of life of a job, between its inferences and never beside one that is timed.

    A sign promises the next one in some seconds. It is answered once this program has passed it
    on, so that both are at rest again before the next inference begins.
    """

    def __init__(self, job, pipe):
        self._pipe = pipe
        self._every_ns = int(job["alive_s"] * 1e9) if job.get("alive_s") else None
        self._slowest_ns = 0
        self.due = float("inf")

    def begin(self, took_ns):
        """From here on others are silent; an inference took so long."""
        self._slowest_ns = took_ns
        self._tell(True)

    def between(self, took_ns):
        """A sign of life between two timed inferences; the one before took so long."""
        self._slowest_ns = max(self._slowest_ns, took_ns)
        self._tell(True)

    def step(self, began):
        """One of many steps that nobody times is done; it began at that time."""
        now = time.perf_counter_ns()
        self._slowest_ns = max(self._slowest_ns, now - began)
        if now >= self.due or self.due == float("inf"):
            self._tell(False)

    def _tell(self, hush):
        if self._every_ns is None:
            return
        self._pipe.send({"breath_s": BREATH_S + SLOWER * self._slowest_ns / 1e9, "hush": hush})
        self._pipe.recv()
        self.due = time.perf_counter_ns() + self._every_ns


def latency_job(job, pipe):
    """Loading, the first inference, then steady ones; nothing but the inference is timed."""
    clock = time.perf_counter_ns
    gc.disable()
    start = clock()
    model = load(job, job["model"])
    init_ns = clock() - start
    feed(model, job)
    run = model.run
    start = clock()
    run()
    cold_ns = clock() - start
    breath = Breath(job, pipe)
    breath.begin(cold_ns)
    spin(run, job["warmup_s"], 0, breath)
    waited_ns, began = run_queue_ns(), clock()
    samples, runs = spin(run, job["minimum_s"], job["minimum_count"], breath)
    took_ns = clock() - began
    waited = None if waited_ns is None else max(0.0, (run_queue_ns() - waited_ns) / took_ns)
    stride = -(-len(samples) // KEPT_SAMPLES)
    kept = list(samples[::stride])
    result = {"init_ns": init_ns, "cold_ns": cold_ns, "samples_ns": kept, "runs": runs}
    pipe.send(dict(result, waited=waited))


def spin(run, minimum_s, minimum_count, breath):
    """Run until both minima are reached; nanoseconds of every call, or of every second, fourth, ...
    where there are more than MOST_SAMPLES, and how many there were.

    After a sign of life, one call is not kept: it finds a processor that has rested.
    """
    clock = time.perf_counter_ns
    samples, runs, stride = array.array("q"), 0, 1
    stop = clock() + int(minimum_s * 1e9)
    end = 0
    while end < stop or runs < minimum_count:
        start = clock()
        run()
        end = clock()
        if runs % stride == 0:
            samples.append(end - start)
        runs += 1
        if len(samples) == MOST_SAMPLES:
            del samples[1::2]
            stride *= 2
            run()
        if end >= breath.due:
            breath.between(end - start)
            run()
    return samples, runs


def memory_job(job, pipe):
    """Growth of resident memory through loading and through running, and at its highest."""
    import numpy.random  # numpy imports it when first used; it must not count as the model's

    numpy.random.RandomState(0).random_sample(1)
    version(job["runtime"], job.get("session"))  # imports the runtime, for the same reason
    touch_libraries()
    gc.collect()
    how = "VmHWM" if clear_peak() else "getrusage"
    before = resident_bytes()
    model = load(job, job["model"])
    loaded = resident_bytes() - before
    feed(model, job)
    for _ in range(5):
        model.run()
    steady = resident_bytes() - before
    process = peak_bytes(how)
    peak = max(process - before, loaded, steady, 0)
    kept = {"model": max(loaded, 0), "steady": max(steady, 0)}
    pipe.send(dict(kept, peak=peak, process=process, how=how))


def outputs_job(job, pipe):
    """The model's answers for a file of samples, one by one, as real numbers."""
    import numpy

    model = load(job, job["model"])
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        found = (len(model.inputs), len(model.outputs))
        raise ValueError("%d inputs and %d outputs, but data has one of each" % found)
    (source, data), sink = samples_for(model, job["inputs"]), model.outputs[0]
    answers, breath = None, Breath(job, pipe)
    for index in range(len(data)):
        began = time.perf_counter_ns()
        model.feed(source, quantized(data[index].reshape(source["shape"]), source))
        model.run()
        answer = real(model.fetch(sink), sink)
        answer = answer[0] if answer.ndim and answer.shape[0] == 1 else answer
        if answers is None:
            answers = numpy.empty((len(data), *answer.shape), numpy.float32)
        answers[index] = answer
        breath.step(began)
    keep_array(job["outputs"], answers)
    pipe.send({"n": len(answers)})


def keep_array(place, answers):
    """Write a job's answers, whole or not at all. Raises UnableError where they cannot be kept."""
    import numpy

    partial = Path(place + ".part.npy")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        numpy.save(str(partial), answers)
        partial.replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        reason = error.strerror or "No space left on device (%s)" % error
        raise UnableError("%s cannot be written: %s" % (place, reason)) from error


def instructions_job(job, pipe):
    """Not here."""
    raise UnableError("only the native program can have its instructions counted, by an emulator")


def prices_job(job, pipe):
    """Time the models in job["todo"], [pass, index] pairs; tells each as it is begun and done."""
    if job.get("count"):
        instructions_job(job, pipe)
    gc.disable()
    clock, breath = time.perf_counter_ns, Breath(job, pipe)
    with zipfile.ZipFile(job["archive"]) as archive:
        for step, (_, index) in enumerate(job["todo"]):
            pipe.send({"begun": step})
            try:
                model = load(job, archive.read(job["models"][index]))
                feed(model, job)
                start = clock()
                model.run()
                breath.begin(clock() - start)
                spin(model.run, job["warmup_s"], 0, breath)
                samples, _ = spin(model.run, job["minimum_s"], job["minimum_count"], breath)
            except Exception as error:  # whatever a runtime raises is this model's answer
                pipe.send({"index": index, "error": one_line(error)})
            else:
                pipe.send({"index": index, "ns": sorted(samples)[len(samples) // 2]})
    pipe.send({})


JOBS = {
    "latency": latency_job,
    "memory": memory_job,
    "outputs": outputs_job,
    "prices": prices_job,
    "instructions": instructions_job,
}


# ---------------------------------------------------------------- the machine


class Sensors:
    """Tells what else the machine is doing; None for what it does not tell."""

    def __init__(self, asked, cores):
        self._asked = asked
        self._cores = cores
        self._before = None  # CPU times and when they were read

    def read(self):
        """All there is to know, as the protocol names it."""
        clocks = numbers(self._asked.get("clock_khz"))
        governors = map(small_text, matched(self._asked.get("governor")))
        return {
            "load1": load1(),
            "clock_mhz": max(clocks) // 1000 if clocks else None,
            "governor": next(filter(None, governors), None),
            "temperature_c": self.temperature_c(),
            "reference_ms": reference_ms(self._cores),
            "busiest": self._busiest(),
            "told": self._told(),
        }

    def temperature_c(self):
        """The hottest place's temperature."""
        heats = numbers(self._asked.get("temperature_mc"))
        return max(heats) / 1000.0 if heats else None

    def _told(self):
        told = {}
        for name, words in (self._asked.get("commands") or {}).items():
            with contextlib.suppress(Exception):  # whatever is wrong with it: it reported nothing
                told[name] = printed_by(words)
        return told

    def _busiest(self):
        now, times = time.monotonic(), cpu_times()
        last, self._before = self._before, (now, times)
        if last is None or now <= last[0]:
            return []
        ours, shares = descendants(os.getpid(), times), []
        for key, (_, name, used_s) in times.items():
            share = (used_s - last[1].get(key, (0, "", 0.0))[2]) / (now - last[0])
            if share >= 0.01 and key[0] not in ours:
                shares.append([name, round(share, 2)])
        return sorted(shares, key=lambda entry: -entry[1])[:3]


def matched(pattern):
    """The files that a pattern matches, by name."""
    return sorted(glob.glob(pattern)) if pattern else []  # noqa: PTH207 # Path takes no absolute one


def numbers(pattern):
    """The numbers in the kernel's one-number files."""
    known = []
    for path in matched(pattern):
        with contextlib.suppress(ValueError):
            known.append(int(small_text(path)))
    return known


def small_text(path):
    """A small file's text; "" where it cannot be read."""
    with contextlib.suppress(OSError):
        return read_small(path)
    return ""


def read_small(path):
    """A small file's text without the space around it. Raises OSError; waits for nothing."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(file, COMMAND_BYTES).decode(errors="replace").strip()
    finally:
        os.close(file)


def load1():
    """The load average of the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def cpu_times():
    """By (process, when it started): its parent, its name, and seconds of CPU so far."""
    times = {}
    for path in matched("/proc/[0-9]*/stat"):
        start, _, rest = small_text(path).rpartition(")")
        fields = rest.split()
        if len(fields) > 19:
            process, _, name = start.partition(" (")
            used_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            times[int(process), fields[19]] = (int(fields[1]), name, used_s)
    return times


def descendants(process, times):
    """A process with all that it started."""
    family, size = {process}, 0
    while len(family) > size:
        size = len(family)
        family.update(key[0] for key, (parent, _, _) in times.items() if parent in family)
    return family


def printed_by(words, errors=subprocess.DEVNULL):
    """What a command printed, at most so much. No shell; raises when it failed or took too long."""
    child = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        start_new_session=True,
    )
    stop = time.monotonic() + COMMAND_S
    try:
        text = heard_out(child.stdout, stop)
        child.wait(max(0.0, stop - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise TimeoutError("it took longer than %.0f s" % COMMAND_S) from error
    finally:
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        child.stdout.close()
    if child.returncode:
        raise OSError("exit code %d: %s" % (child.returncode, text))
    return text


def heard_out(stream, stop):
    """The beginning of what a stream says until it ends, or until the time is up."""
    kept = b""
    while time.monotonic() < stop:
        if select.select([stream], [], [], max(0.0, stop - time.monotonic()))[0]:
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                break
            kept = (kept + chunk)[:COMMAND_BYTES]
    return kept.decode(errors="replace").strip()


def pin(cores):
    """Stay on these cores; none: anywhere. Raises UnableError when one of them is not there."""
    allowed = allowed_cores()
    lacking = sorted(set(cores) - allowed)
    if lacking:
        names = (lacking, sorted(allowed))
        raise UnableError("processors %s are not there or may not be used; %s may" % names)
    if cores:
        os.sched_setaffinity(0, cores)


def allowed_cores():
    """The processors this process may use; none where that cannot be known."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def reference_ms(cores):
    """Median time of a fixed matrix product: the same machine at the same speed, the same time."""
    import numpy

    matrix = numpy.full((160, 160), 0.5, numpy.float32)
    result = numpy.empty_like(matrix)
    times, before = [], allowed_cores()
    wanted = before.intersection(cores)
    if wanted:
        os.sched_setaffinity(0, wanted)
    for _ in range(17):
        start = time.perf_counter_ns()
        numpy.dot(matrix, matrix, out=result)
        times.append(time.perf_counter_ns() - start)
    if wanted:
        os.sched_setaffinity(0, before)
    return sorted(times[2:])[7] / 1e6


def run_queue_ns():
    """How long this process was ready to run and did not, since it began; None if untold."""
    fields = small_text("/proc/self/schedstat").split()
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
    """Starts a fresh process per job and keeps the request's deadline, `stop` (monotonic)."""

    def __init__(self, stop, pulse):
        # A forked child starts with the libraries loaded, which saves seconds on a board; where
        # forking is unsafe (macOS) it is started anew.
        forks = sys.platform.startswith("linux")
        self._context = multiprocessing.get_context("fork" if forks else "spawn")
        self._stop = stop
        self._pulse = pulse

    @property
    def late(self):
        """Whether the deadline has passed."""
        return time.monotonic() >= self._stop

    def run(self, job, heard):
        """Run one job; `heard` gets each message. Returns "" or ("cause", "what happened")."""
        if self.late:
            return "time", "the time limit was reached before its turn"
        pipe, theirs = self._context.Pipe()
        child = self._context.Process(target=work, args=(job, theirs, os.getpid()))
        limit = min(self._stop, time.monotonic() + limit_of(job))
        try:
            child.start()
            theirs.close()
            self._pulse.expect(limit - time.monotonic(), job.get("id", ""))
            return self._listen(pipe, heard, limit, child.pid) or self._ending(child)
        finally:
            if child.pid is not None:
                child.kill()
                child.join()
            pipe.close()
            self._pulse.expect(STEP_S)

    def _listen(self, pipe, heard, limit, child):
        """The job's end, or None when its process is gone; `heard` gets its other messages."""
        next_sign, stopped = float("inf"), 0
        while True:
            until = min(limit, next_sign)
            if not self._pulse.hushed:
                until = min(until, time.monotonic() + STOPPED_S / 2)
            if pipe.poll(max(0.0, until - time.monotonic())):
                try:
                    message = pipe.recv()
                    if "breath_s" in message:
                        next_sign = time.monotonic() + message["breath_s"]
                        self._pulse.pass_on(message["breath_s"], message["hush"])
                        pipe.send(None)
                        continue
                except (EOFError, OSError):
                    return None
                if "cause" in message:
                    return message["cause"], message["error"]
                if message.get("done"):
                    return "", ""
                next_sign = float("inf")
                self._pulse.expect(limit - time.monotonic())
                heard(message)
                continue
            now = time.monotonic()
            stopped = stopped + 1 if is_stopped(child) else 0
            if now >= limit:
                return "time", "the time limit was reached"
            if now >= next_sign:
                return "time", "it hangs: an inference never came to its end"
            if stopped > 2:
                return "crash", "its process was stopped (signal %d)" % signal.SIGSTOP

    @staticmethod
    def _ending(child):
        child.join(5)
        code = child.exitcode
        how = "signal %d" % -code if code is not None and code < 0 else "exit code %s" % code
        return "crash", "the runtime crashed (%s)" % how


def limit_of(job):
    """A job's own time limit in seconds."""
    return LONGEST_S if job.get("limit_s") is None else min(job["limit_s"], LONGEST_S)


def is_stopped(child):
    """Whether a child process was stopped and not gone on with; False where that is unknown."""
    if not hasattr(os, "waitid"):
        return False
    try:
        return bool(os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOHANG | os.WNOWAIT))
    except OSError:
        return False


def work(job, pipe, parent):
    """The fresh process: do the job, tell the result, and leave without any clean-up."""
    for number in signals():
        signal.signal(number, signal.SIG_DFL)
    die_with(parent)
    os.dup2(2, 1)  # whatever a runtime prints must not get between the answers
    if OUT[0] != 1:
        os.close(OUT[0])
    try:
        if job["kind"] not in JOBS:
            raise UnableError("this program knows no jobs of kind %r" % (job["kind"],))
        pin(job["cores"])
        JOBS[job["kind"]](job, pipe)
        pipe.send({"done": True})
    except UnableError as error:
        pipe.send({"cause": "runtime", "error": str(error)[:500]})
    except Exception as error:  # whatever a runtime raises is this job's answer
        pipe.send({"cause": "model", "error": one_line(error)})
    sys.stderr.flush()
    os._exit(0)


def die_with(parent):
    """Have the kernel end this process when its parent ends, in whichever way."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def one_line(error):
    """An exception's kind and text on one line of at most 500 characters."""
    text = " ".join(str(error).split()) or "no reason given"
    return ("%s: %s" % (type(error).__name__, text))[:500]


class PriceList:
    """All passes over a job's models; after a crash the rest goes on without the one at fault."""

    def __init__(self, job):
        self._job = job
        self._answers = [{"passes_ns": []} for _ in job.get("models") or ()]
        self._todo = []
        for turn in range(job.get("passes") or 1):
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


# ---------------------------------------------------------------- waiting


class Patience:
    """Waiting for one thing, at most so long; says so at once and then every few seconds."""

    def __init__(self, subject, wait_s, stop):
        self._subject = subject
        self._began = time.monotonic()
        self._until = min(self._began + wait_s, stop)
        self._told = float("-inf")

    def wait(self, reason):
        """Wait a moment; False when patience has come to its end."""
        now = time.monotonic()
        if now >= self._until:
            return False
        if now - self._told >= WAITING_TOLD_S:
            self._told = now
            waited_s = round(now - self._began, 1)
            say({"event": "waiting", "for": self._subject, "reason": reason, "waited_s": waited_s})
        time.sleep(min(0.25, self._until - now))
        return True


class Lock:
    """The right to measure here: a lock on a file that others may share. Raises RefusedError."""

    def __init__(self, path, by, patience):
        import fcntl

        self._path = path
        while True:
            self._file = self._open()
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = os.pread(self._file, 200, 0).decode(errors="replace").strip()
                reason = "%s is locked by %s" % (path, holder or "another program")
                if not patience.wait(reason):
                    raise RefusedError("locked", reason) from None
            else:
                if self._current():
                    break  # otherwise somebody took the file away: lock the one that came instead
            os.close(self._file)
        asker = os.environ.get("SSH_CLIENT", "").split(" ")[0]
        asked = (by and ", for " + by[:100]) + (asker and ", asked from " + asker[:50])
        self._note("process %d%s\n" % (os.getpid(), asked))

    def release(self):
        """Let others measure."""
        self._note("")
        os.close(self._file)

    def _open(self):
        """See the protocol. It is read only where it belongs to another user."""
        wary = os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            with contextlib.suppress(FileExistsError):
                file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | wary, 0o644)
                os.fchmod(file, 0o644)  # whatever the umask: others are to wait for it too
                return file
            with contextlib.suppress(PermissionError):
                return os.open(self._path, os.O_RDWR | wary)
            return os.open(self._path, os.O_RDONLY | wary)
        except OSError as error:
            reason = "the lock %s cannot be opened: %s" % (self._path, error.strerror)
            raise RefusedError("locked", reason) from error

    def _current(self):
        """Whether the locked file is still the one of that name."""
        try:
            return os.path.samestat(os.fstat(self._file), os.stat(self._path))  # noqa: PTH116
        except OSError:
            return False

    def _note(self, text):
        """Leave word of who holds it, if the file is our own and has no other name."""
        facts = os.fstat(self._file)
        if facts.st_uid == os.geteuid() and facts.st_nlink == 1:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
                os.pwrite(self._file, text.encode(), 0)


def wait_for_calm(asked, sensors, stop):
    """Wait until it is cool and idle here; after the time allowed go on all the same."""
    patience = Patience("calm", asked.get("wait_s") or 0.0, stop)
    while True:
        load = load1()
        readings = (
            ("temperature is %.1f °C (limit %.1f)", "temperature_c", sensors.temperature_c()),
            ("load per core is %.2f (limit %.2f)", "load_per_core", load and load / os.cpu_count()),
        )
        reasons = [
            text % (value, asked[limit])
            for text, limit, value in readings
            if value is not None and asked.get(limit) is not None and value >= asked[limit]
        ]
        if not reasons or not patience.wait("the " + ", the ".join(reasons)):
            return


# ---------------------------------------------------------------- settings


class Settings:
    """What is set while this program measures; a record in the folder says how to put it back."""

    RECORD = Path("steady.json")

    def __init__(self):
        self.done = []
        self.failed = {}
        self._record = {"files": {}, "commands": []}

    def set(self, wanted):
        """Set what may be set, each only once it is written down how to put it back."""
        for pattern, value in (wanted.get("files") or {}).items():
            for path in matched(pattern) or [pattern]:
                if self._tried(path, "", self._set_file, path, value):
                    self.done.append(path)
        for switch in wanted.get("commands") or []:
            name = " ".join(switch["on"])
            if self._tried(name, "", self._switch_on, switch["on"], switch["off"]):
                self.done.append(name)

    def put_back(self):
        """Put back what the record says, last set first; without one, nothing."""
        told, self.failed = "not put back: ", {}
        try:
            record = json.loads(self.RECORD.read_text(encoding="utf-8"))
            files, commands = list(record["files"].items()), list(record["commands"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            files, commands = [], []
        for words in commands[::-1]:
            self._tried(" ".join(words), told, printed_by, words)
        for path, value in files[::-1]:
            self._tried(path, told, write_small, path, value)
        with contextlib.suppress(OSError):
            self.RECORD.unlink()

    def _set_file(self, path, value):
        before = read_small(path)
        if before != value:
            self._record["files"][path] = before
            self._write_down()
            write_small(path, value)

    def _switch_on(self, on, off):
        self._record["commands"].append(off)
        self._write_down()
        printed_by(on, subprocess.STDOUT)

    def _write_down(self):
        partial = self.RECORD.with_suffix(".part")
        partial.write_text(json.dumps(self._record), encoding="utf-8")
        partial.replace(self.RECORD)

    def _tried(self, name, told, act, *arguments):
        """Whether it could be done; `failed` tells why not."""
        try:
            act(*arguments)
        except Exception as error:  # whatever it is: the others are to be tried as well
            self.failed[name] = told + (getattr(error, "strerror", None) or str(error))
            return False
        return True


def write_small(path, value):
    """Give a one-value file its value. Raises OSError when it does not take it."""
    if read_small(path) == value:
        return
    file = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK)
    try:
        os.write(file, value.encode())
    finally:
        os.close(file)
    if read_small(path) != value:
        raise OSError("it stayed %r" % read_small(path))


# ---------------------------------------------------------------- ending early


REASONS = {"SIGUSR1": "nobody waits for the answer", "SIGALRM": "it hung beyond the deadline"}


def signals():
    """What ends this program early: others, the watch over who waits for it, and the alarm."""
    return [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP", *REASONS)]


def stop(number, _frame):
    """End now: raise Stopped in the main thread."""
    for each in signals():
        signal.signal(each, stop if each == signal.SIGALRM else signal.SIG_IGN)
    # Python drops what is raised inside a destructor; the alarm raises it again until handled.
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    name = signal.Signals(number).name
    raise Stopped(REASONS.get(name, name))


def watch(deadline_s, with_input):
    """From here on, raise Stopped on signals, when something hangs, and when nobody waits."""
    for number in signals():
        signal.signal(number, stop)
    signal.setitimer(signal.ITIMER_REAL, deadline_s + HANG_S)
    streams = select.poll()
    streams.register(os.dup(1), 0)  # its end is reported at once; 1 itself is another for a while
    if with_input:
        streams.register(0, select.POLLIN)
    arguments = (streams, threading.get_ident())
    threading.Thread(target=watch_streams, args=arguments, daemon=True).start()


def watch_streams(streams, main_thread):
    """Wait until nobody can read the answer or, if asked, until standard input closes."""
    alive = True
    while alive:
        alive = [number for number, _ in streams.poll()] == [0] and readable(0)
    signal.pthread_kill(main_thread, signal.SIGUSR1)


def readable(stream):
    """Whether a stream has more; that much of it is passed over."""
    try:
        return bool(os.read(stream, 4096))
    except BlockingIOError:
        return True
    except OSError:
        return False


def unstoppable():
    """From here on nothing interrupts but a last alarm: things are being put back."""
    signal.setitimer(signal.ITIMER_REAL, HANG_S)
    for number in signals():
        signal.signal(number, signal.SIG_DFL if number == signal.SIGALRM else signal.SIG_IGN)


# ---------------------------------------------------------------- the answer


SAYING = threading.Lock()


def say(line):
    """One line of the answer on standard output, at once."""
    try:
        with SAYING:
            put_out(line)
    except BrokenPipeError as error:
        raise Stopped("nobody reads the answer") from error


def put_out(line):
    """Write a line of the answer."""
    data = (json.dumps(line, separators=(",", ":")) + "\n").encode()
    while data:
        data = data[os.write(OUT[0], data) :]


OUT = [1]
"""The answer's file descriptor: 1 itself leads elsewhere while a runtime is imported."""


class Pulse:
    """Signs of life: a line now and then while this program is within what its step may take.

    They come from a thread, which rests while inferences are timed: then the job itself gives
    signs, in between. A step that takes longer than was expected of it gives no more signs.
    """

    def __init__(self, every_s):
        self._every_s = every_s
        self._until = 0.0
        self._job = ""
        self._over = threading.Event()
        self.hushed = False
        if every_s:
            OUT[0] = os.dup(1)
            self.expect(STEP_S)
            self._say(0.0)
            threading.Thread(target=self._beat, daemon=True).start()

    def expect(self, step_s, job=None):
        """From here on a step may take so long; it may be one of a job's."""
        self.hushed = False
        self._until = time.monotonic() + step_s
        if job is not None:
            self._job = job

    def pass_on(self, breath_s, hush):
        """A job's sign of life, which promises the next one."""
        self.hushed = hush
        self._until = time.monotonic() + breath_s
        if self._every_s:
            self._say(breath_s)

    def end(self):
        """No more signs from here on."""
        self._over.set()
        with SAYING:
            self._every_s = 0.0

    def _beat(self):
        while not self._over.wait(self._every_s or 1.0):
            if not self.hushed and time.monotonic() < self._until:
                try:
                    self._say(0.0)
                except Stopped:  # the watch over who reads the answer says so
                    return

    def _say(self, within_s):
        line = {"event": "alive", "job": self._job, "within_s": round(within_s, 1)}
        line["process"] = os.getpid()
        try:
            with SAYING:
                if self._every_s:
                    put_out(line)
        except BrokenPipeError as error:
            raise Stopped("nobody reads the answer") from error


TIME, COUNT, PLACE = (0, 1e300), (1, 1000000, int), (-1, 1000000000, int)
REQUEST_SHAPE = {
    "deadline_s": TIME,
    "threads": (1, 1024, int),
    "delegate": str,
    "seed": (0, 2**32 - 1, int),
    "cores": [PLACE],
    "jobs": [dict],
    "sensors?": {
        "clock_khz?": str,
        "temperature_mc?": str,
        "governor?": str,
        "commands?": {"*": [str]},
    },
    "steady?": {"files?": {"*": str}, "commands?": [{"on": [str], "off": [str]}]},
    "calm?": {"temperature_c?": (-1e9, 1e9), "load_per_core?": (0, 1e9), "wait_s?": TIME},
    "lock?": {"path": str, "wait_s?": TIME, "by?": str},
    "libraries?": {"*": str},
    "alive_s": TIME,
}
JOB_SHAPE = {
    "id": str,
    "kind": str,
    "runtime": str,
    "session?": str,
    "model?": str,
    "models?": [str],
    "passes?": COUNT,
    "limit_s?": TIME,
    "threads?": (1, 1024, int),
    "delegate?": str,
    "seed?": (0, 2**32 - 1, int),
    "cores?": [PLACE],
}
"""What this process itself uses of a job; what else is wrong with one is its answer."""


def read_request(path):
    """The request in a file, what it leaves out filled in. Raises RefusedError."""
    try:
        request = dict(DEFAULTS, **json.loads(Path(path).read_text(encoding="utf-8")))
        if request.get("protocol") != PROTOCOL:
            raise ValueError("protocol %r is not %d" % (request.get("protocol"), PROTOCOL))
        require_shape(request, REQUEST_SHAPE, "the request")
        for job in request["jobs"]:
            require_shape(job, JOB_SHAPE, "a job")
        names = {job["runtime"]: job.get("session") for job in request["jobs"]}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise RefusedError("protocol", "%s: %s" % (path, one_line(error))) from error
    return dict(request, runtimes=names or dict.fromkeys(RUNTIMES))


def require_shape(value, shape, where):
    """Refuse plain data that is not as the protocol has it: TypeError.

    shape: a type, or the bounds of a number, and perhaps its type; [shape] of a list's elements; a
    table's values by key, of which those that end in "?" may be missing or null, and "*" is all.
    """
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise TypeError("%s is not a table" % where)
        for key, each in shape.items():
            name, optional = key.rstrip("?"), key.endswith("?")
            for found in value if key == "*" else [name]:
                if not optional or value.get(found) is not None:
                    require_shape(value[found], each, "%s's %s" % (where, found))
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise TypeError("%s is not a list" % where)
        for found in value:
            require_shape(found, shape[0], where)
    elif isinstance(shape, tuple):
        if isinstance(value, bool) or not isinstance(value, shape[2:] or (int, float)):
            raise TypeError("%s is not a number" % where)
        if not shape[0] <= value <= shape[1]:
            raise ValueError("%s is %s" % (where, str(value)[:100]))
    elif not isinstance(value, shape):
        raise TypeError("%s is %s" % (where, str(value)[:100]))


def machine(names, pulse):
    """What runs here; naming the runtimes' versions also imports them, before any job."""
    versions, missing = {}, {}
    kept = os.dup(1)
    os.dup2(2, 1)  # whatever a runtime prints must not get into the answer
    for name, session in sorted(names.items()):
        pulse.expect(STEP_S)
        try:
            versions[name] = version(name, session)
        except UnableError as error:
            missing[name] = str(error)
    sys.stdout.flush()
    os.dup2(kept, 1)
    os.close(kept)
    return {
        "protocol": PROTOCOL,
        "program": "python",
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "features": cpu_features(),
        "runtimes": versions,
        "missing": missing,
    }


def cpu_features():
    """What the processor can do, as Linux names it."""
    with contextlib.suppress(OSError), Path("/proc/cpuinfo").open(errors="replace") as stream:
        for line in stream:
            name, _, words = line.partition(":")
            if name.strip() in ("Features", "flags"):
                return words.split()
    return []


def result_of(job, crew, broken, plain):
    """One job's result or error.

    broken: models that crashed or hung, and how; they are not tried again. plain: models that run
    with the runtime's plain kernels only, and what the delegate said.
    """
    model = job.get("model")
    if model in broken:
        return broken[model]
    if job["kind"] == "prices" and not job.get("count"):
        return PriceList(job).take(crew)
    delegated = job["runtime"] == "litert" and job["delegate"] != "none"
    without = dict(job, delegate="none")
    known = delegated and model in plain
    result = attempt(without if known else job, crew)
    if result.get("cause") == "model" and delegated and not known and not crew.late:
        again = attempt(without, crew)
        if "error" not in again:
            plain[model], result = result["error"], again
    if delegated and model in plain and "error" not in result:
        result = dict(result, fallback=plain[model])
    if result.get("cause") in ("crash", "time") and model is not None:
        broken[model] = result
    return result


def attempt(job, crew):
    """What a process of its own makes of a job."""
    heard = []
    cause, error = crew.run(job, heard.append)
    return {"cause": cause, "error": error} if cause else heard[-1]


def answer(request, settings, deadline, pulse):
    """Answer a request: from start to end."""
    settings.put_back()
    described = machine(request["runtimes"], pulse)
    pulse.expect(STEP_S)
    settings.set(request.get("steady") or {})
    sensors = Sensors(request.get("sensors") or {}, request["cores"])
    set_up = {"steadied": settings.done, "unsteadied": settings.failed}
    say(dict(described, event="start", conditions=sensors.read(), **set_up))
    if request["jobs"] and request.get("calm"):
        wait_for_calm(request["calm"], sensors, deadline)
    crew, broken, plain = Crew(deadline, pulse), {}, {}
    defaults = {key: request[key] for key in ("threads", "delegate", "seed", "cores", "alive_s")}
    for job in request["jobs"]:
        pulse.expect(STEP_S, job["id"])
        before = {} if crew.late else sensors.read()
        result = result_of(dict(defaults, **job), crew, broken, plain)
        around = {"before": before, "after": {} if crew.late else sensors.read()}
        say(dict(result, event="job", job=job["id"], kind=job["kind"], conditions=around))


def main(path):
    """Answer the request in the file `path`; returns the exit code."""
    began = time.monotonic()
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    settings, lock = Settings(), None
    try:
        request = read_request(path)
        deadline_s = min(request["deadline_s"], LONGEST_S)
        watch(deadline_s, request.get("watch_stdin"))
        deadline = began + deadline_s
        pulse = Pulse(request["alive_s"])
        asked = request.get("lock")
        if asked:
            patience = Patience("lock", asked.get("wait_s") or 0.0, deadline)
            lock = Lock(asked["path"], asked.get("by") or "", patience)
        try:
            try:
                answer(request, settings, deadline, pulse)
            finally:
                unstoppable()
        finally:
            unstoppable()  # the first one may have been interrupted
            settings.put_back()
            for name, reason in settings.failed.items():
                sys.stderr.write("%s: %s\n" % (name, reason))
            if lock:
                lock.release()
        pulse.end()
        say({"event": "end", "jobs": len(request["jobs"])})
    except RefusedError as refusal:
        cause, reason = refusal.args
        say({"event": "refused", "cause": cause, "reason": reason})
        return 2
    except Stopped as stopped:
        sys.stderr.write("stopped: %s\n" % stopped)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
