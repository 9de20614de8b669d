#!/usr/bin/env python3
"""Compiles the suite's kernels with every vendor's own compiler, without its hardware, and reports what they make of them.

    vendor-report.py --polytile build/release/bin/polytile [--cases N | --all] [--device NAME]... [--output FILE]

What a schedule costs on hardware that nobody here has is known to its compiler: registers, spills, local memory and
occupancy. `polytile compile` emits each kernel for a description of the vendor's device; then compile
  amd-opencl    clang's amdgcn target with libclc    gfx906, gfx1030, gfx1100, gfx942
  intel-opencl  ocloc, of Intel's OpenCL driver      skl, tgllp, dg2
  amd-vulkan    RADV on hardware that isn't there    VEGA10, NAVI21, GFX1100
  metal         spirv-cross --msl                    for Apple's devices by way of MoltenVK
A hot kernel (products of matrices, convolutions, reductions, transposition) that spills, if KNOWN_LIMITS doesn't say why,
and any kernel that a compiler refuses, is a failure: exit status 1. Of the end-to-end programs N in each file are taken, evenly spread. Answers are
kept by a hash of the kernel and of the compiler's version, so a second run compiles only what has changed.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import importlib.util
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "e2e"))
import harness  # noqa: E402

LIBCLC = Path("/usr/lib/clc/amdgcn--amdhsa.bc")
RADV = Path("/usr/share/vulkan/icd.d/radeon_icd.x86_64.json")
TIME_LIMIT_S = 300
# Programs that one run of a compiler gets: starting it costs as much as a kernel.
BATCH = 12

# Limits of a compiler, not of its hardware: device and registers at which it spills, and what is known of it.
KNOWN_LIMITS = {("GFX1100", 132): "Mesa 22.3 stops at 132 registers there, of 256; it takes more on NAVI21"}


def description(kind, hardware, features, **limits):
    """A device description with what all of a vendor's devices have."""
    size = limits.pop("workgroup_size")
    subgroup = limits.pop("subgroup")
    return {
        "version": 1,
        "name": f"{kind} {hardware}",
        "kind": kind,
        "hardware": hardware,
        "driver": "",
        "api": "Vulkan 1.3" if kind == "vulkan" else "OpenCL 1.2",
        "device_type": "gpu",
        "features": ["i64", "storage8", "storage16", *features],
        "limits": {
            "workgroup_size": size,
            "workgroup_sizes": [size, size, 64],
            "grid": [65535, 65535, 65535],
            "workgroup_memory_bytes": limits.pop("memory"),
            "binding_bytes": 4 << 30,
            "bindings": 16,
            "offset_alignment": 256,
            "compute_units": limits.pop("units"),
        },
        "subgroup": dict(zip(("size", "min", "max"), subgroup)),
    }


@dataclasses.dataclass
class Family:
    """Devices that take the same text."""

    emit: str
    devices: tuple
    description: dict


FAMILIES = {
    "amd-opencl": Family(
        "opencl",
        ("gfx906", "gfx1030", "gfx1100", "gfx942"),
        description(
            "opencl", "AMD", ["f64"], workgroup_size=256, memory=65536, units=60, subgroup=(0, 0, 0)
        ),
    ),
    "intel-opencl": Family(
        "opencl",
        ("skl", "tgllp", "dg2"),
        description("opencl", "Intel", [], workgroup_size=256, memory=65536, units=96, subgroup=(0, 0, 0)),
    ),
    "amd-vulkan": Family(
        "spirv",
        ("VEGA10", "NAVI21", "GFX1100"),
        description(
            "vulkan", "AMD", ["f64", "i8", "i16"], workgroup_size=1024, memory=65536, units=60, subgroup=(64, 32, 64)
        ),
    ),
    "metal": Family(
        "spirv",
        ("msl",),
        description("vulkan", "Apple", ["i8", "i16"], workgroup_size=1024, memory=32768, units=16, subgroup=(32, 32, 32)),
    ),
}


@dataclasses.dataclass
class Program:
    name: str
    source: str
    shapes: dict  # name to "64x64:f32"
    function: str = None
    hot: bool = False


@dataclasses.dataclass
class Kernel:
    """A kernel of a program as text or as SPIR-V. All kernels of an OpenCL program share its text."""

    program: Program
    data: bytes
    names: tuple

    def key(self):
        return hashlib.sha256(self.data).hexdigest()


@dataclasses.dataclass
class Answer:
    """What a compiler says of one kernel; None where it says nothing."""

    kernel: str
    registers: int = None
    spills: int = None
    memory: int = None
    occupancy: str = ""
    error: str = None


def hot_programs():
    """The work that the schedules are made for."""
    examples = {path.stem: path.read_text() for path in (ROOT / "docs" / "examples").glob("*.tile")}
    matmul, conv, softmax = examples["matmul"], examples["conv2d"], examples["softmax"]
    column = "function column_sum(X[M, N]) -> (S) { S[n : N] = +(X[m, n]); }"
    transpose = "function transpose(X[M, N]) -> (Y) { Y[n, m : N, M] = =(X[m, n]); }"
    scaled = (
        "function dense(A[M, K], B[K, N], b[N]) -> (C) { P[m, n : M, N] = +(A[m, k] * B[k, n]); "
        "Z = P + b; C = (Z < 0 ? 0 : Z); }"
    )
    argmax = "function largest(X[M, N]) -> (S) { S[m : M] = >(X[m, n]); }"

    def two(name, rows, inner, columns, kind="f32"):
        shapes = {"A": f"{rows}x{inner}:{kind}", "B": f"{inner}x{columns}:{kind}"}
        return Program(f"{name} {rows}x{inner}x{columns} {kind}", matmul, shapes, hot=True)

    def convolution(images, size, channels, window, outputs):
        shapes = {
            "I": f"{images}x{size}x{size}x{channels}:f32",
            "K": f"{window}x{window}x{channels}x{outputs}:f32",
        }
        name = f"convolution {window}x{window} {images}x{size}x{size}x{channels} to {outputs}"
        return Program(name, conv, shapes, hot=True)

    def rows(name, source, height, width, kind="f32"):
        return Program(f"{name} {height}x{width} {kind}", source, {"X": f"{height}x{width}:{kind}"}, hot=True)

    return [
        two("product", 256, 256, 256),
        two("product", 1024, 1024, 1024),
        two("product", 2048, 2048, 2048),
        two("product", 4096, 4096, 4096),
        two("product", 1000, 777, 500),
        two("product", 2048, 2048, 2048, "f16"),
        two("product", 1024, 1024, 1024, "i8"),
        Program(
            "product, bias, relu 1024",
            scaled,
            {"A": "1024x1024:f32", "B": "1024x1024:f32", "b": "1024:f32"},
            hot=True,
        ),
        convolution(32, 56, 64, 3, 64),
        convolution(32, 28, 128, 3, 128),
        convolution(32, 14, 256, 1, 1024),
        convolution(1, 7, 512, 3, 512),
        rows("row sum", examples["row_sum"], 65536, 1024),
        rows("row sum", examples["row_sum"], 8, 4194304),
        rows("row maximum", argmax, 4096, 1000),
        rows("column sum", column, 65536, 1024),
        rows("softmax", softmax, 65536, 1024),
        rows("softmax", softmax, 4096, 1000, "f16"),
        rows("transposition", transpose, 4096, 4096),
    ]


def example_programs():
    text = {path.stem: path.read_text() for path in (ROOT / "docs" / "examples").glob("*.tile")}
    return [
        Program("add", text["add"], {"X": "1000x1000:f32", "Y": "1000x1000:f32"}),
        Program("max_pool", text["max_pool"], {"I": "32x56x56x64:f32"}),
        Program("knn", text["knn"], {"Queries": "1000x784:u8", "Images": "10000x784:u8"}),
    ]


def suite_programs(per_file):
    """Programs of the end-to-end tests, `per_file` of each file; all when that is None."""
    programs = []
    for path in sorted((ROOT / "test" / "e2e" / "programs").glob("*.py")):
        spec = importlib.util.spec_from_file_location("cases_" + path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        cases = [case for case in module.CASES if isinstance(case, harness.Case) and harness.CPU in case.devices]
        step = max(1, len(cases) // per_file) if per_file else 1
        for case in cases[::step][:per_file]:
            shapes = dict(harness.shape_option(name, value).split("=", 1) for name, value in case.inputs.items())
            programs.append(Program(f"{path.stem}: {case.name}", case.source, shapes, case.function))
    return programs


class Refused(Exception):
    """A program that this family can't have, as for its element type; not a failure."""


def run(argv, **options):
    return subprocess.run(
        [str(word) for word in argv], capture_output=True, text=True, errors="replace", timeout=TIME_LIMIT_S, **options
    )


def emit(polytile, program, family, folder):
    """The kernels of a program for a family."""
    source = folder / "program.tile"
    source.write_text(program.source)
    device = folder / "device.json"
    device.write_text(json.dumps(family.description))
    output = folder / ("out.cl" if family.emit == "opencl" else "out.spv")
    kind = family.description["kind"]
    argv = [polytile, "compile", source, "--target", f"{kind}={device}", "--emit", family.emit, "-o", output]
    argv += ["--function", program.function] if program.function else []
    for name, shape in program.shapes.items():
        argv += ["--shape", f"{name}={shape}"]
    done = run(argv, cwd=folder)
    if done.returncode:
        text = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip()[:300])
        if re.search(r"doesn't have|has no|lacks|bytes of", text) and not program.hot:
            raise Refused(text)
        raise RuntimeError(f"polytile compile: {text}")
    if family.emit == "opencl":
        text = output.read_text()
        names = tuple(re.findall(r"^void (\w+)\(", text, re.MULTILINE))
        return [Kernel(program, text.encode(), names)] if names else []
    return [
        Kernel(program, path.read_bytes(), (path.stem.split(".")[-1] if "." in path.stem else "kernel",))
        for path in sorted(folder.glob("out*.spv"))
    ]


# ---------------------------------------------------------------------------------------------------------------------
# Compilers. Each takes kernels and a device, and gives for each kernel a list of answers.


def merge(kernels):
    """One OpenCL program of several, with the functions of each under names of its own."""
    parts = []
    for number, kernel in enumerate(kernels):
        text = kernel.data.decode()
        functions = set(re.findall(r"^(?:static \w+|void) (\w+)\(", text, re.MULTILINE))
        if functions:
            pattern = r"\b(" + "|".join(sorted(map(re.escape, functions))) + r")\b(?=\()"
            text = re.sub(pattern, rf"p{number}_\1", text)
        parts.append(text)
    return "\n".join(parts)


def split_batch(kernels, by_name, error):
    """Sorts answers for a merged program back to its kernels."""
    result = []
    for number, kernel in enumerate(kernels):
        answers = []
        for name in kernel.names:
            answer = by_name.get(f"p{number}_{name}")
            if answer is None:
                answer = Answer(name, error=error or "the compiler says nothing of it")
            answers.append(dataclasses.replace(answer, kernel=name))
        result.append(answers)
    return result


def in_batches(compile_text):
    """Makes a compiler of one text one of several kernels; a text that fails is taken apart to find the culprit."""

    def compile_kernels(kernels, device, folder):
        by_name, error = compile_text(merge(kernels), device, folder)
        if error and len(kernels) > 1:
            return [compile_kernels([kernel], device, folder)[0] for kernel in kernels]
        return split_batch(kernels, by_name, error)

    return compile_kernels


def first_errors(text, limit=300):
    lines = [line for line in text.splitlines() if re.search(r"error|fatal|failed", line, re.IGNORECASE)]
    return " / ".join(lines)[:limit] or text.strip()[-limit:] or "it failed"


@in_batches
def compile_amdgcn(text, device, folder):
    source = folder / "kernels.cl"
    source.write_text(text)
    done = run(
        ["clang-19", "-x", "cl", "-cl-std=CL1.2", "-Xclang", "-finclude-default-header", "-target",
         "amdgcn-amd-amdhsa", f"-mcpu={device}", "-nogpulib", "-Xclang", "-mlink-bitcode-file", "-Xclang", LIBCLC,
         "-O3", "-Wall", "-Werror", "-Wno-linker-warnings", "-Rpass-analysis=kernel-resource-usage", "-S", "-o", os.devnull, source]
    )  # fmt: skip
    if done.returncode:
        return {}, first_errors(done.stderr)
    found, current = {}, None
    for label, value in re.findall(r"remark:\s+([\w /\[\]]+): (\S+) \[-Rpass", done.stderr):
        if label == "Function Name":
            current = found.setdefault(value, Answer(value, spills=0))
        elif label == "VGPRs":
            current.registers = int(value)
        elif label in ("SGPRs Spill", "VGPRs Spill"):
            current.spills += int(value)
        elif label.startswith("LDS Size"):
            current.memory = int(value)
        elif label.startswith("Occupancy"):
            current.occupancy = f"{value} waves"
    return found, None


def read_intel_binary(data):
    """Answers by the names of kernels, from the patch tokens of Intel's program binary."""
    start = data.find(struct.pack("<I", 0x494E5443))
    if start < 0:
        raise ValueError("no program of Intel's in the file")
    _, _, _, _, count, _, patches = struct.unpack_from("<7I", data, start)
    at = start + 28 + patches
    found = {}
    for _ in range(count):
        _, _, name_size, patch_size, heap, general, dynamic, surface, _ = struct.unpack_from("<IQ7I", data, at)
        at += 40
        name = data[at : at + name_size].split(b"\0")[0].decode()
        at += name_size + heap + general + dynamic + surface
        found[name] = read_intel_tokens(name, data[at : at + patch_size])
        at += patch_size
    return found


def read_intel_tokens(name, patches):
    local_memory, scratch, environment = 15, 18, 23
    answer = Answer(name, spills=0, memory=0)
    at, lanes, scratch_bytes = 0, 8, 0
    while at + 8 <= len(patches):
        token, size = struct.unpack_from("<2I", patches, at)
        if token == local_memory:
            answer.memory = struct.unpack_from("<I", patches, at + 12)[0]
        elif token == scratch:
            scratch_bytes = struct.unpack_from("<I", patches, at + 12)[0]
        elif token == environment:
            lanes = struct.unpack_from("<I", patches, at + 20)[0]
        if size == 0:
            break
        at += size
    # Of a hardware thread, which runs as many work items as it has lanes.
    answer.spills = scratch_bytes // (4 * lanes)
    answer.occupancy = f"SIMD{lanes}"
    return answer


@in_batches
def compile_intel(text, device, folder):
    source = folder / "kernels.cl"
    source.write_text(text)
    output = folder / device
    done = run(
        ["ocloc", "compile", "-file", source, "-device", device, "-options", "-cl-std=CL1.2", "-out_dir", output]
    )
    binaries = list(output.glob("*.bin")) if output.exists() else []
    if done.returncode or len(binaries) != 1:
        return {}, first_errors(done.stdout + done.stderr)
    found = read_intel_binary(binaries[0].read_bytes())
    shutil.rmtree(output)
    return found, None


def compile_radv(kernels, device, folder):
    files = []
    for number, kernel in enumerate(kernels):
        files.append(folder / f"{number}.spv")
        files[-1].write_bytes(kernel.data)
    environment = {
        **os.environ, "RADV_FORCE_FAMILY": device, "VK_DRIVER_FILES": str(RADV), "VK_ICD_FILENAMES": str(RADV),
        "XDG_RUNTIME_DIR": str(folder), "MESA_SHADER_CACHE_DISABLE": "true",
    }  # fmt: skip
    done = run([compile_radv.tool, "RADV", *files], env=environment)
    if done.returncode and len(kernels) > 1:
        return [compile_radv([kernel], device, folder)[0] for kernel in kernels]
    lines = {Path(entry["file"]).stem: entry for entry in map(json.loads, done.stdout.splitlines())}
    result = []
    for number, kernel in enumerate(kernels):
        entry = lines.get(str(number), {"error": done.stderr.strip()[-300:] or f"exit status {done.returncode}"})
        told = entry.get("statistics")
        if told is None:
            result.append([Answer(kernel.names[0], error=entry["error"])])
            continue
        result.append([Answer(
            kernel.names[0],
            registers=told["VGPRs"],
            spills=told["Spilled VGPRs"] + told["Spilled SGPRs"] + told["Scratch size"] // 4,
            memory=told["LDS size"],
            occupancy=f"{told['Subgroups per SIMD']} waves",
        )])  # fmt: skip
    return result


def compile_metal(kernels, device, folder):
    result = []
    for kernel in kernels:
        source = folder / "kernel.spv"
        source.write_bytes(kernel.data)
        done = run(["spirv-cross", "--msl", "--msl-version", "20300", source])
        error = first_errors(done.stderr) if done.returncode else None
        result.append([Answer(kernel.names[0], error=error)])
    return result


COMPILERS = {
    "amd-opencl": compile_amdgcn,
    "intel-opencl": compile_intel,
    "amd-vulkan": compile_radv,
    "metal": compile_metal,
}


def missing_tools(tool):
    """What isn't installed, and the package that has it."""
    needed = [
        ("clang-19", shutil.which("clang-19"), "clang-19"),
        (LIBCLC, LIBCLC.exists(), "libclc-15 or libclc-19"),
        ("ocloc", shutil.which("ocloc"), "intel-opencl-icd"),
        (RADV, RADV.exists(), "mesa-vulkan-drivers"),
        ("spirv-cross", shutil.which("spirv-cross"), "spirv-cross"),
        (tool, tool.exists(), "libvulkan-dev, for the build to make it"),
    ]
    return [f"{what} isn't there: install {package}" for what, there, package in needed if not there]


def compiler_versions():
    """A text that changes with any of the compilers: packages' versions, and this file."""
    packages = ["clang-19", "libclc-15", "libclc-19", "intel-opencl-icd", "libigc1", "mesa-vulkan-drivers", "spirv-cross"]
    listed = run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *packages]).stdout
    return listed + Path(__file__).read_text()


class Cache:
    """Answers by what they depend on, one file each."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.versions = hashlib.sha256(compiler_versions().encode()).hexdigest()

    def path(self, kernel, device):
        return self.folder / hashlib.sha256(f"{self.versions} {device} {kernel.key()}".encode()).hexdigest()

    def get(self, kernel, device):
        path = self.path(kernel, device)
        return [Answer(**each) for each in json.loads(path.read_text())] if path.exists() else None

    def put(self, kernel, device, answers):
        temporary = self.path(kernel, device).with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps([dataclasses.asdict(answer) for answer in answers]))
        temporary.rename(self.path(kernel, device))


# ---------------------------------------------------------------------------------------------------------------------
# The report.


def emit_all(options, programs, names, pool):
    """Kernels by family; what is refused and what fails goes into the two lists."""
    kernels, refused, failed = {name: [] for name in names}, [], []

    def work(name, program):
        with tempfile.TemporaryDirectory(prefix="polytile-vendors-") as folder:
            return emit(options.polytile, program, FAMILIES[name], Path(folder))

    jobs = [(name, program, pool.submit(work, name, program)) for name in names for program in programs]
    for name, program, job in jobs:
        try:
            kernels[name] += job.result()
        except Refused as reason:
            refused.append((name, program, str(reason)))
        except (RuntimeError, OSError, subprocess.SubprocessError) as reason:
            failed.append(f"{name}: {program.name}: {reason}")
    return kernels, refused, failed


def compile_all(kernels, cache, pool):
    """(family, device, kernel, answer) of all."""
    rows, jobs = [], []

    def work(name, device, batch):
        with tempfile.TemporaryDirectory(prefix="polytile-vendors-") as folder:
            try:
                answers = COMPILERS[name](batch, device, Path(folder))
            except (OSError, ValueError, subprocess.SubprocessError) as reason:
                return [[Answer(kernel.names[0], error=str(reason)[:300])] for kernel in batch]
        for kernel, told in zip(batch, answers):
            if not any(answer.error for answer in told):
                cache.put(kernel, device, told)
        return answers

    for name, of_family in kernels.items():
        distinct = {kernel.key(): kernel for kernel in reversed(of_family)}
        distinct.update({kernel.key(): kernel for kernel in of_family if kernel.program.hot})
        for device in FAMILIES[name].devices:
            todo = []
            for kernel in distinct.values():
                known = cache.get(kernel, device)
                if known is None:
                    todo.append(kernel)
                else:
                    rows += [(name, device, kernel, answer) for answer in known]
            # Spread evenly, so that a batch holds no more than its share of large kernels.
            count = -(-len(todo) // BATCH)
            for number in range(count):
                batch = todo[number::count]
                jobs.append((name, device, batch, pool.submit(work, name, device, batch)))
    for name, device, batch, job in jobs:
        for kernel, told in zip(batch, job.result()):
            rows += [(name, device, kernel, answer) for answer in told]
    return rows


def shown(value):
    return "-" if value is None else str(value)


def table(rows):
    head = ("kernel", "device", "registers", "spills", "local memory", "occupancy")
    cells = [head] + [
        (f"{kernel.program.name}: {answer.kernel}", device, shown(answer.registers), shown(answer.spills),
         shown(answer.memory), answer.occupancy or "-")
        for _, device, kernel, answer in rows if not answer.error
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def summary(rows):
    """A line for each device: how many kernels, the most registers, how many spill."""
    lines = []
    for name, family in FAMILIES.items():
        for device in family.devices:
            told = [answer for _, d, _, answer in rows if d == device and not answer.error]
            if not told:
                continue
            registers = max((answer.registers or 0 for answer in told), default=0)
            spilling = sum(1 for answer in told if answer.spills)
            most = f", at most {registers} registers" if registers else ""
            spills = "" if name == "metal" else f", {spilling} spill"
            lines.append(f"{device} ({name}): {len(told)} kernels{most}{spills}")
    return "\n".join(lines)


def report(options, rows, refused, failed):
    problems, known = list(failed), []
    for name, device, kernel, answer in rows:
        if answer.error:
            problems.append(f"{device}: {kernel.program.name}: {answer.kernel}: {answer.error}")
        elif kernel.program.hot and answer.spills:
            reason = KNOWN_LIMITS.get((device, answer.registers))
            text = f"{device}: {kernel.program.name}: {answer.kernel}: {answer.spills} registers are spilled"
            if reason:
                known.append(f"{text} ({reason})")
            else:
                problems.append(text)
    order = list(FAMILIES)
    rows = sorted(rows, key=lambda row: (order.index(row[0]), row[1], row[2].program.name, row[3].kernel))
    chosen = [row for row in rows if row[0] != "metal" and (options.details or row[2].program.hot or row[3].spills)]
    text = table(chosen) + "\n\n" + summary(rows) + "\n"
    text += f"{len(refused)} programs are refused for an element type or a limit of a device\n"
    text += "".join(f"known: {spill}\n" for spill in known)
    text += "".join(f"FAIL {problem}\n" for problem in problems)
    print(text, end="")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text)
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--polytile", type=Path, default=ROOT / "build/release/bin/polytile")
    parser.add_argument("--cases", type=int, default=6, help="programs of each file of end-to-end tests; default: 6")
    parser.add_argument("--all", action="store_true", help="all programs of the end-to-end tests")
    parser.add_argument("--family", action="append", choices=FAMILIES, help="only this one; can be repeated")
    parser.add_argument("-k", default="", help="only programs whose name contains this")
    parser.add_argument("--details", action="store_true", help="a line for every kernel, not only for hot ones")
    parser.add_argument("--cache", type=Path, default=ROOT / "build/vendors/cache", help="folder of earlier answers")
    parser.add_argument("--output", type=Path, help="file that gets the report, too")
    parser.add_argument("-j", type=int, default=2, help="processes at a time")
    options = parser.parse_args()
    options.polytile = options.polytile.resolve()
    compile_radv.tool = options.polytile.parent / "polytile-pipeline-statistics"
    missing = missing_tools(compile_radv.tool)
    if missing:
        sys.exit("\n".join(missing))
    programs = hot_programs() + example_programs()
    if options.all or options.cases:
        programs += suite_programs(None if options.all else options.cases)
    programs = [program for program in programs if options.k in program.name]
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        kernels, refused, failed = emit_all(options, programs, options.family or list(FAMILIES), pool)
        rows = compile_all(kernels, Cache(options.cache), pool)
    return report(options, rows, refused, failed)


if __name__ == "__main__":
    sys.exit(main())
