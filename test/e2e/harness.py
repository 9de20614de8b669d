"""Runs Tile programs through the `polytile` command, from .npy to .npy, and compares them with NumPy.

A `Case` is a program with its inputs and what it must compute; a `Bad` is one that must be refused. Each case runs on
the interpreter, on `cpu:0`, and on `cpu:0` again by way of `polytile compile` and a package; what runs on the CPU runs
on every OpenCL and Vulkan device as well, there in workers instead of by the command (see devices.py). What NumPy says
is the first measure; the interpreter's results are compared with those of the other devices as well, so a case without
a NumPy formula (`expect=None`) still tests something.
"""

import collections
import contextlib
import dataclasses
import json
import os
import re
import shlex
import subprocess
import tempfile
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Optional, Union

import numpy as np

from data import BFLOAT16, from_bf16
from devices import Workers, environment_of_devices, is_accelerator

TIME_LIMIT_S = 120
INTERPRETER = "interpreter"
CPU = "cpu:0"
PACKAGE = "package"  # compiled ahead for the CPU, then run from the file
EVERYWHERE = (INTERPRETER, CPU)
# Relative error that a result may have by its type, when the case says nothing else: a few roundings of long sums.
TOLERANCE = {np.dtype("f2"): 2e-3, np.dtype("f4"): 2e-5, np.dtype("f8"): 1e-13}


@dataclasses.dataclass
class Case:
    """One program.

    inputs: name to array; Python numbers go onto the command line as scalars (`s=2.5`), arrays into .npy files.
    expect: a function of the inputs by name that gives a dict of outputs, or that dict; None compares devices only.
    rtol, atol: bounds on the error of floats; the tolerance of the type when left out. ulp: a bound in units in the
    last place, instead. exact: bit for bit, the sign of zero included (NaNs are equal whatever their bits).
    """

    name: str
    source: str
    inputs: dict
    expect: Union[Callable[..., dict], dict, None] = None
    outputs: tuple = ()
    function: Optional[str] = None
    rtol: Optional[float] = None
    atol: Optional[float] = None
    ulp: Optional[float] = None
    exact: bool = False
    devices: tuple = EVERYWHERE
    package: bool = False


@dataclasses.dataclass
class Bad:
    """A program that must be refused with exit status 1, no output file, and messages that match every pattern."""

    name: str
    source: str
    inputs: dict
    patterns: list
    line: Optional[int] = None
    function: Optional[str] = None
    devices: tuple = EVERYWHERE
    output: str = "O"


class Failure(Exception):
    """What went wrong, and the command line that shows it."""


class Lacking(Exception):
    """The device says, as promised, that it lacks an element type of the program."""


class Counts:
    """How many programs each device ran, and how many it refused for want of an element type."""

    def __init__(self):
        self.lock = threading.Lock()
        self.ran, self.refused = collections.Counter(), collections.Counter()
        self.programs = 0  # that were meant to run on every device
        self.doubts = []  # what Oclgrind said that may be wrong: see devices.py

    def add(self, device, refused=False):
        with self.lock:
            (self.refused if refused else self.ran)[device] += 1

    def add_program(self):
        with self.lock:
            self.programs += 1

    def add_doubt(self, name, doubt):
        with self.lock:
            self.doubts.append(f"{name}: {doubt}")

    def as_json(self, devices):
        return json.dumps({"devices": devices, "programs": self.programs, "ran": self.ran, "refused": self.refused})

    def __str__(self):
        devices = [*self.ran, *(device for device in self.refused if device not in self.ran)]
        refusals = {device: f" ({n} refused)" if (n := self.refused[device]) else "" for device in devices}
        return ", ".join(f"{self.ran[device]} on {device}{refusals[device]}" for device in devices)


@dataclasses.dataclass
class Runner:
    """Where the program under test lies, and where its files go; `environment` is that of its processes, and `folder`
    where they run: a crash leaves its reproducer there. With `workers`, programs run in those."""

    polytile: str
    failures: Optional[Path] = None
    environment: Optional[dict] = None
    folder: Optional[Path] = None
    instructions: Optional[str] = None  # a level of `--cpu`; what the machine has when left out
    workers: Optional[Workers] = None
    counts: Counts = dataclasses.field(default_factory=Counts)

    def __post_init__(self):
        if "/" in self.polytile:
            self.polytile = os.path.abspath(self.polytile)

    def call(self, *arguments):
        argv = [self.polytile, *map(str, arguments)]
        try:
            done = subprocess.run(
                argv,
                capture_output=True,
                text=True,
                timeout=TIME_LIMIT_S,
                errors="replace",
                env=self.environment,
                cwd=self.folder,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"no end within {TIME_LIMIT_S} s: {shlex.join(argv)}") from None
        return done.returncode, done.stdout, done.stderr, shlex.join(argv)

    def must(self, *arguments):
        status, out, err, line = self.call(*arguments)
        if status != 0:
            raise Failure(f"exit status {status} of {line}\n{shorten(err)}")
        return out, err


def shorten(text, limit=900):
    text = text.strip()
    return text if len(text) <= limit else text[:limit] + " ..."


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def input_options(folder, inputs):
    """`--input` for each input; arrays are written into `folder` first."""
    options = []
    for number, (name, value) in enumerate(inputs.items()):
        if is_number(value):
            options += ["--input", f"{name}={value!r}"]
        else:
            path = folder / f"input{number}.npy"
            np.save(path, np.asarray(value))
            options += ["--input", f"{name}={path}"]
    return options


def shape_option(name, value):
    """`--shape` for an input: A=2x3:f32, or s=i32 for a scalar; a bare number is f32 with '.' or 'e', else i32."""
    array = np.asarray(
        np.float32(value) if isinstance(value, float) else np.int32(value) if is_number(value) else value
    )
    kind = {"f": "f", "i": "i", "u": "u", "V": "bf"}.get(array.dtype.kind)
    element = "bool" if array.dtype.kind == "b" else f"{kind}{8 * array.dtype.itemsize}"
    sizes = "x".join(map(str, array.shape))
    return f"{name}={sizes}:{element}" if array.shape else f"{name}={element}"


# The element types that a device may lack, by the feature that it then doesn't list.
OPTIONAL_TYPES = {"f64": r"\bf64\b", "i64": r"\b[iu]64\b"}


def run_in_worker(runner, case, device, outputs):
    """As run_program."""
    answer = runner.workers.ask(device, case.source, case.inputs, outputs, case.function, runner.instructions)
    if "doubt" in answer:
        runner.counts.add_doubt(case.name, answer["doubt"])
    if "outputs" in answer:
        return answer["outputs"]
    messages = answer["messages"]
    features = answer.get("features")
    for feature, pattern in OPTIONAL_TYPES.items():
        if answer["status"] == 1 and features is not None and feature not in features and re.search(pattern, messages):
            raise Lacking(messages)
    raise Failure(f"exit status {answer['status']}: {shorten(messages)}")


def run_program(runner, folder, case, device, outputs):
    """Runs the program and gives its outputs by name."""
    if runner.workers and device != PACKAGE:
        return run_in_worker(runner, case, device, outputs)
    choose = ["--function", case.function] if case.function else []
    if runner.instructions and device != INTERPRETER:
        choose += ["--cpu", runner.instructions]
    program = folder / "program.tile"
    program.write_text(case.source)
    stem = device.replace(":", "")
    files = {name: folder / f"{stem}-output{number}.npy" for number, name in enumerate(outputs)}
    wanted = [word for name, path in files.items() for word in ("--output", f"{name}={path}")]
    if device == PACKAGE:
        package = folder / "program.ptl"
        shapes = [word for name, value in case.inputs.items() for word in ("--shape", shape_option(name, value))]
        runner.must("compile", program, *choose, *shapes, "--target", "cpu", "-o", package)
        runner.must("run", package, "--device", CPU, *input_options(folder, case.inputs), *wanted)
    else:
        runner.must("run", program, *choose, "--device", device, *input_options(folder, case.inputs), *wanted)
    results = {}
    for name, path in files.items():
        if not path.exists():
            raise Failure(f"{name}: not written")
        results[name] = np.load(path)
    return results


def expected_outputs(case):
    if callable(case.expect):
        with np.errstate(all="ignore"):
            case_outputs = case.expect(**case.inputs)
    else:
        case_outputs = case.expect or {}
    return {name: np.asarray(value) for name, value in case_outputs.items()}


def ordered(array):
    """Floats as integers in the same order, so that the difference of two counts the floats between them."""
    bits = array.view(f"i{array.dtype.itemsize}").astype("i8")
    lowest = -(1 << (8 * array.dtype.itemsize - 1))
    return np.where(bits < 0, lowest - bits, bits)


def agreement(case, got, want):
    """For each element whether it is right."""
    if want.dtype.kind != "f":
        return got == want
    if case.exact:
        bits = f"u{want.dtype.itemsize}"
        same = np.ascontiguousarray(got).view(bits).reshape(got.shape) == np.ascontiguousarray(want).view(bits).reshape(
            want.shape
        )
        return same | (np.isnan(got) & np.isnan(want))
    if case.ulp is not None:
        both_nan = np.isnan(got) & np.isnan(want)
        distance = np.abs(ordered(np.atleast_1d(got)) - ordered(np.atleast_1d(want))).reshape(want.shape)
        near = (distance <= case.ulp) & (np.isnan(got) == np.isnan(want))
        if case.atol is not None:
            with np.errstate(invalid="ignore"):
                near |= np.abs(got.astype("f8") - want.astype("f8")) <= case.atol
        return near | both_nan
    tolerance = TOLERANCE[want.dtype]
    rtol = tolerance if case.rtol is None else case.rtol
    atol = tolerance if case.atol is None else case.atol
    return np.isclose(got.astype("f8"), want.astype("f8"), rtol=rtol, atol=atol, equal_nan=True)


# Implementations that take f32 numbers below the smallest normal one for zero, as OpenCL allows, and drop its sign.
FLUSHING = ("rusticl",)


def without_subnormals(array):
    if array.dtype.kind != "f":
        return array
    smallest = np.finfo("f4").tiny if array.dtype == "f4" else 0
    return np.where(np.abs(array) <= smallest, array.dtype.type(0), array)


def compare(case, name, got, want, measure, device=""):
    if device.startswith(FLUSHING):
        got, want = without_subnormals(got), without_subnormals(want)
    if got.shape != want.shape:
        raise Failure(f"{name}: shape {got.shape}, {measure} {want.shape}")
    if got.dtype != want.dtype:
        raise Failure(f"{name}: type {got.dtype}, {measure} {want.dtype}")
    if want.dtype == BFLOAT16:
        got, want = from_bf16(got), from_bf16(want)
        if case.rtol is None and not case.exact:
            case = dataclasses.replace(case, rtol=1e-2, atol=1e-2)
    good = np.asarray(agreement(case, got, want))
    if not good.all():
        where = tuple(int(i) for i in np.argwhere(~good)[0])
        place = name + (str(list(where)) if where else "")
        raise Failure(
            f"{place} is {got[where]!r}, {measure} {want[where]!r} ({good.size - good.sum()} of {good.size} differ)"
        )


def devices_of(case, devices):
    """Those of the devices that the case is meant for: what runs on the CPU runs on every accelerator."""
    return [
        device
        for device in devices
        if device in case.devices
        or (CPU in case.devices and (is_accelerator(device) or (device == PACKAGE and case.package)))
    ]


def run_case(runner, case, devices, folder):
    """Runs the case on its devices among `devices`, and raises Failure when one is wrong."""
    want = expected_outputs(case)
    names = tuple(want) or case.outputs
    reference, problems = None, []
    if CPU in case.devices:
        runner.counts.add_program()
    for device in devices_of(case, devices):
        try:
            got = run_program(runner, folder, case, device, names)
            runner.counts.add(device)
            for name in names:
                if name in want:
                    compare(case, name, got[name], want[name], "expected", device)
                if reference is not None:
                    compare(case, name, got[name], reference[name], "the interpreter gives", device)
        except Lacking:
            runner.counts.add(device, refused=True)
            continue
        except Failure as failure:
            problems.append(f"{device}: {failure}{reproduction(runner, folder, case, device)}")
            continue
        if device == INTERPRETER:
            reference = got
    if problems:
        raise Failure("\n  ".join(problems))


def reproduction(runner, folder, case, device):
    """After a failure in a worker: leaves the files of a command line that shows it, and gives that line."""
    if not runner.workers or not runner.failures:
        return ""
    program = folder / "program.tile"
    program.write_text(case.source)
    choose = ["--function", case.function] if case.function else []
    words = [runner.polytile, "run", program, *choose, "--device", device, *input_options(folder, case.inputs)]
    return f"\n    {shlex.join(map(str, words))}"


def messages(err):
    """The message lines alone, without place and echoed source."""
    lines = [line for line in err.splitlines() if re.search(r"\b(error|note|hint|warning):", line)]
    return "\n".join(re.sub(r"^.*?\b(error|note|hint|warning):", r"\1:", line) for line in lines)


def run_bad(runner, bad, devices, folder):
    program, output = folder / "program.tile", folder / "output.npy"
    program.write_text(bad.source)
    choose = ["--function", bad.function] if bad.function else []
    for device in bad.devices:
        if device not in devices:
            continue
        if runner.workers:
            answer = runner.workers.ask(device, bad.source, bad.inputs, (bad.output,), bad.function)
            status, err, line = answer.get("status", 0), answer.get("messages", ""), "the program"
        else:
            status, _, err, line = runner.call(
                "run",
                program,
                *choose,
                "--device",
                device,
                *input_options(folder, bad.inputs),
                "--output",
                f"{bad.output}={output}",
            )
        if status != 1:
            raise Failure(f"{device}: exit status {status}, expected 1: {line}\n{shorten(err)}")
        if output.exists():
            raise Failure(f"{device}: an output was written all the same")
        if bad.line is not None and not re.search(rf"program\.tile:{bad.line}:\d+", err):
            raise Failure(f"{device}: no 'program.tile:{bad.line}:COLUMN' in: {shorten(err)}")
        said = messages(err)
        for pattern in bad.patterns:
            if not re.search(pattern, said, re.IGNORECASE):
                raise Failure(f"{device}: no /{pattern}/ in the messages: {shorten(said)!r}")


def run(runner, case, devices):
    """Runs a Case or a Bad in a folder of its own. None when all is well, else what is wrong as text.

    The folder of a failure is kept below `runner.failures`, so that the command line in the text can be run again.
    """
    with tempfile.TemporaryDirectory(prefix="polytile-e2e-") as temporary:
        folder = Path(temporary)
        if runner.failures:
            readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", case.name)[:60]
            folder = runner.failures.resolve() / f"{readable}-{zlib.crc32(case.name.encode()):08x}"
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.iterdir():
                old.unlink()
        runner = dataclasses.replace(runner, folder=folder)
        try:
            (run_bad if isinstance(case, Bad) else run_case)(runner, case, devices, folder)
        except Failure as failure:
            return str(failure)
        for file in folder.iterdir():
            file.unlink()
        if runner.failures:
            folder.rmdir()
    return None


def add_options(parser, devices):
    """The options that every program which runs cases has; `devices` are those that it takes when none is named."""
    parser.add_argument("--polytile", default=os.environ.get("POLYTILE", "polytile"))
    parser.add_argument(
        "--device", action="append", help=f"as devices.py names them, or package; {', '.join(devices)} when left out"
    )
    parser.add_argument("--cpu", help="compile for this level, as x86-64-v3; for this machine when left out")
    parser.add_argument("--failures", type=Path, help="folder in which the files of failed cases are kept")
    parser.add_argument("--caches", type=Path, help="folder in which drivers keep compiled kernels for the next run")
    parser.add_argument("--counts", type=Path, help="file for the number of programs that each device ran, as JSON")
    parser.add_argument("--workers", action="store_true", help="run programs in workers on every device")
    parser.add_argument("-j", type=int, default=os.cpu_count(), help="processes at a time")


@contextlib.contextmanager
def session(options):
    """A Runner and a pool of threads as the options say. The processes have a cache of their own, so that no earlier
    build answers for this one. Says at the end how many programs ran where."""
    with tempfile.TemporaryDirectory(prefix="polytile-cache-") as cache, ThreadPoolExecutor(options.j) as pool:
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        environment = environment_of_devices(environment, options.device or (), options.caches)
        workers = None
        if options.workers or any(is_accelerator(device) for device in options.device or ()):
            workers = Workers(options.polytile, environment, options.j)
        runner = Runner(options.polytile, options.failures, environment, instructions=options.cpu, workers=workers)
        try:
            yield runner, pool
        finally:
            if workers:
                workers.stop()
        if options.counts:
            options.counts.parent.mkdir(parents=True, exist_ok=True)
            options.counts.write_text(runner.counts.as_json(options.device or []) + "\n")
        print(f"programs run: {runner.counts}")
