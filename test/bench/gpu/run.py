#!/usr/bin/env python3
"""Measures GPUs against PyTorch, and prints one table of Markdown.

    run.py --compile FOLDER --polytile build/release/bin/polytile --target opencl=H.json --target vulkan=V.json
    run.py --run FOLDER --runtime build/release/lib/libpolytile-runtime.so [--device opencl:0] [--device vulkan:0]

The first compiles the works of works.py for the devices whose descriptions the files hold (`polytile devices --json`
there), where the compiler is. The second needs PyTorch with CUDA, NumPy and our runtime, and no compiler: it measures
the copy bandwidth, then runs each work through each device and through PyTorch in turn, on the same data, and compares
the results. Times are medians of several groups of runs, by the device's own clock: our profile, and CUDA's events.
PyTorch computes f32 without TF32, and convolutions in the faster of its two layouts.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent.parent / "e2e"))
import works  # noqa: E402

GROUPS = 5
GROUP_SECONDS = 0.04
MOST_RUNS = 200
DISPATCH_GOALS_MS = {"vulkan": 3.0, "opencl": 6.0}
FIRST_GOAL_S, AGAIN_GOAL_S = 0.5, 0.05


def file_name(work):
    return "".join(ch if ch.isalnum() else "-" for ch in work.name) + ".ptl"


def split_shape(shape):
    """The element type and sizes of an entry of Work.shapes."""
    return (shape[0], shape[1:]) if shape and isinstance(shape[0], str) else ("f32", shape)


# Compiling.


def compile_all(options):
    failed = 0

    def compile_one(job):
        api, target, work = job
        folder = options.compile / api
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as temporary:
            program = Path(temporary) / "work.tile"
            program.write_text(work.source)
            words = [options.polytile, "compile", program, "--target", f"{api}={target}", "-o", folder / file_name(work)]
            for name, shape in work.shapes.items():
                element, sizes = split_shape(shape)
                words += ["--shape", f"{name}={'x'.join(map(str, sizes))}:{element}"]
            done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
            return None if done.returncode == 0 else f"{api}, {work.name}: {done.stderr.strip()[:400]}"

    jobs = [
        (api, target, work)
        for api, target in (text.split("=", 1) for text in options.target)
        for work in chosen(options)
        if api in work.apis
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for problem in filter(None, pool.map(compile_one, jobs)):
            failed += 1
            print(f"FAIL {problem}", flush=True)
    size = sum(file.stat().st_size for file in options.compile.rglob("*.ptl"))
    print(f"{len(jobs) - failed} packages, {size / 2**20:.1f} MiB; {failed} failed")
    return 1 if failed else 0


def chosen(options):
    return [work for work in works.all_works() if options.only in work.name]


# Measuring.


def runs_for(seconds):
    return max(1, min(MOST_RUNS, int(GROUP_SECONDS / max(seconds, 1e-7))))


def time_peer(torch, function):
    """Seconds of one call, by the device's clock."""
    if not torch.cuda.is_available():
        function()
        begin = time.perf_counter()
        function()
        return time.perf_counter() - begin

    def group(count):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(count):
            function()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3 / count

    for _ in range(3):
        function()
    count = runs_for(group(2))
    return statistics.median(group(count) for _ in range(GROUPS))


def time_ours(program):
    """Seconds of one run: (by the device's clock, by ours with launch and wait)."""

    def group(count):
        program.profile(reset=True)
        begin = time.perf_counter()
        for _ in range(count):
            program.run()
        wall = (time.perf_counter() - begin) / count
        return sum(seconds for _, _, seconds in program.profile()) / count, wall

    program.set_profiling(True)
    program.run()
    program.run()
    count = runs_for(group(1)[1])
    groups = [group(count) for _ in range(GROUPS)]
    program.set_profiling(False)
    program.run()
    begin = time.perf_counter()
    for _ in range(count):
        program.run()
    return statistics.median(device for device, _ in groups), (time.perf_counter() - begin) / count


class Bench:
    def __init__(self, options):
        import library
        import numpy
        import torch

        self.library, self.numpy, self.torch, self.options = library, numpy, torch, options
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = True
        self.where = "cuda" if torch.cuda.is_available() else "cpu"
        self.runtime = library.Runtime(options.runtime)
        self.devices = {name.split(":")[0]: library.Device(self.runtime, name) for name in options.device}
        self.rows = []

    def inputs(self, work):
        generator = self.torch.Generator(device=self.where).manual_seed(1)
        tensors = {}
        for name, shape in work.shapes.items():
            element, sizes = split_shape(shape)
            values = self.torch.rand(sizes, generator=generator, device=self.where) - 0.5
            if work.group == "launch":
                values /= 4  # a product of a thousand matrices stays finite
            tensors[name] = values.half() if element == "f16" else values
        return tensors

    def error(self, work, got, want):
        got = self.torch.from_numpy(got).to(self.where).double()
        error = (got - want.double()).abs().max().item()
        return "" if error <= work.tolerance else f"WRONG by {error:.3g}"

    def measure_ours(self, api, work, arrays, want):
        path = self.options.run / api / file_name(work)
        if api not in work.apis or not path.exists():
            return None
        try:
            with self.library.Program(self.devices[api], path.read_bytes()) as program:
                program.bind(arrays)
                program.run()
                (output,) = program.outputs().values()
                wrong = self.error(work, output, want)
                device, wall = time_ours(program)
            return dict(seconds=wall if work.group == "launch" or not device else device, wall=wall, problem=wrong)
        except self.library.Refused as refused:
            return dict(problem=refused.messages.strip()[:200])

    def measure(self, work):
        tensors = self.inputs(work)
        want = work.result(self.torch, **tensors)
        arrays = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
        row = dict(name=work.name, group=work.group, moved=work.moved, flops=work.flops, goal=work.goal, ours={})
        for api in self.devices:
            ours = self.measure_ours(api, work, arrays, want)
            if ours:
                row["ours"][api] = ours
        row["peer"] = min(time_peer(self.torch, peer(self.torch, **tensors)) for peer in work.peers)
        self.rows.append(row)
        print(f"  {work.name}: {row['ours']}, PyTorch {row['peer']:.6f} s", file=sys.stderr, flush=True)

    def copy_bandwidth(self):
        source = self.torch.zeros(works.ROWS * works.COLUMNS, device=self.where)
        target = self.torch.empty_like(source)
        return 8 * source.numel() / time_peer(self.torch, lambda: target.copy_(source))

    def first_launches(self):
        """Seconds of making and running a program that the device has not seen: with empty caches, then again in a new
        process with what the first one kept."""
        path, found = f"softmax {works.ROWS}x{works.COLUMNS}", {}
        (work,) = [work for work in works.all_works() if work.name == path]
        for api, device in ((name.split(":")[0], name) for name in self.options.device):
            package = self.options.run / api / file_name(work)
            if not package.exists():
                continue
            with tempfile.TemporaryDirectory() as caches:
                environment = {**os.environ, "XDG_CACHE_HOME": caches, "CUDA_CACHE_PATH": f"{caches}/cuda",
                               "__GL_SHADER_DISK_CACHE_PATH": caches, "POCL_CACHE_DIR": f"{caches}/pocl"}  # fmt: skip
                environment.pop("POLYTILE_CACHE_DIR", None)
                words = [sys.executable, __file__, "--first", package, "--runtime", self.options.runtime, "--device", device]
                done = [
                    subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True)
                    for _ in range(2)
                ]
            if all(one.returncode == 0 for one in done):
                found[api] = [float(one.stdout) for one in done]
            else:
                print(f"  first launch, {api}: {done[0].stderr or done[1].stderr}", file=sys.stderr)
        return found


def first_launch(options):
    """Prints the seconds from a package to the end of its first run, on an open device with allocated buffers."""
    import library

    device = library.Device(library.Runtime(options.runtime), options.device[0])
    begin = time.perf_counter()
    with library.Program(device, options.first.read_bytes()) as program:
        program.run()
        print(time.perf_counter() - begin)


# The table.


def verdict(value, goal, at_most=False):
    return "" if goal is None else " ✓" if (value <= goal if at_most else value >= goal) else " ✗"


def cell(row, api, copy):
    ours = row["ours"].get(api)
    if not ours:
        return "", ""
    if "seconds" not in ours:
        return ours["problem"].replace("|", "/").replace("\n", " "), ""
    problem = f" **{ours['problem']}**" if ours["problem"] else ""
    if row["group"] == "launch":
        ms = ours["seconds"] * 1e3
        return f"{ms:.2f} ms{problem}", f"goal {DISPATCH_GOALS_MS[api]:g} ms{verdict(ms, DISPATCH_GOALS_MS[api], True)}"
    if row["moved"]:
        rate = row["moved"] / ours["seconds"]
        return f"{rate / 1e9:.0f} GB/s{problem}", f"{100 * rate / copy:.1f} %{verdict(rate / copy, row['goal'])}"
    ratio = row["peer"] / ours["seconds"]
    goal = None if row["group"] == "convolution" else row["goal"]
    return f"{row['flops'] / ours['seconds'] / 1e12:.1f} TFLOP/s{problem}", f"{ratio:.2f}x{verdict(ratio, goal)}"


def peer_cell(row):
    if row["moved"]:
        return f"{row['moved'] / row['peer'] / 1e9:.0f} GB/s"
    return f"{row['flops'] / row['peer'] / 1e12:.1f} TFLOP/s" if row["flops"] else f"{row['peer'] * 1e3:.2f} ms"


def print_table(rows, copy, first, apis):
    print("| work | " + " | ".join(f"{api} | of copy, or of PyTorch" for api in apis) + " | PyTorch |")
    print("|---|" + "---|---|" * len(apis) + "---|")
    print(f"| copy | {'| ' * 2 * len(apis)}{copy / 1e9:.0f} GB/s |")
    for row in rows:
        print(f"| {row['name']} | " + " | ".join(" | ".join(cell(row, api, copy)) for api in apis) + f" | {peer_cell(row)} |")
    layers = [row for row in rows if row["group"] == "convolution"]
    if layers:
        means = []
        for api in apis:
            ratios = [row["peer"] / row["ours"][api]["seconds"] for row in layers if "seconds" in row["ours"].get(api, {})]
            mean = math.exp(statistics.fmean(map(math.log, ratios))) if ratios else 0
            means.append(f"{len(ratios)} layers | {mean:.2f}x{verdict(mean, layers[0]['goal'])}")
        print(f"| ResNet-50's convolutions, N = {works.BATCH}: geometric mean | " + " | ".join(means) + " | 1 |")
    for index, (what, goal) in enumerate((("first launch of a program", FIRST_GOAL_S), ("from the caches", AGAIN_GOAL_S))):
        cells = [
            f"{first[api][index] * 1e3:.0f} ms | goal {goal * 1e3:.0f} ms{verdict(first[api][index], goal, True)}"
            if api in first
            else " | "
            for api in apis
        ]
        print(f"| {what} | " + " | ".join(cells) + " | |")


def run_all(options):
    bench = Bench(options)
    begin = time.perf_counter()
    copy = bench.copy_bandwidth()
    for work in chosen(options):
        bench.measure(work)
    first = bench.first_launches()
    if bench.where == "cuda":
        print(f"{bench.torch.cuda.get_device_name()}, PyTorch {bench.torch.__version__}", end="; ")
    for device in bench.devices.values():
        said = json.loads(device.description)
        print(f"{said['name']}: {said.get('hardware')}, {said.get('api')}, {said.get('driver')}", end="; ")
    print(f"{time.perf_counter() - begin:.0f} s\n")
    print_table(bench.rows, copy, first, list(bench.devices))
    if options.json:
        options.json.write_text(json.dumps(dict(copy=copy, rows=bench.rows, first=first), indent=1) + "\n")
    return 1 if any(ours.get("problem") for row in bench.rows for ours in row["ours"].values()) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compile", type=Path, metavar="FOLDER", help="compile packages into this folder")
    parser.add_argument("--polytile", default="build/release/bin/polytile")
    parser.add_argument("--target", action="append", help="opencl=FILE or vulkan=FILE, a description; or =generic")
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="measure the packages of this folder")
    parser.add_argument("--runtime", type=Path, default=Path("build/release/lib/libpolytile-runtime.so"))
    parser.add_argument("--device", action="append", help="opencl:0 and vulkan:0 when left out")
    parser.add_argument("--only", default="", help="works whose name contains this")
    parser.add_argument("--json", type=Path, help="also write the measurements here")
    parser.add_argument("--first", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.device = options.device or ["opencl:0", "vulkan:0"]
    options.target = options.target or ["opencl=generic", "vulkan=generic"]
    if options.first:
        return first_launch(options)
    if not options.compile and not options.run:
        parser.error("give --compile FOLDER or --run FOLDER")
    status = compile_all(options) if options.compile else 0
    return status or (run_all(options) if options.run else 0)


if __name__ == "__main__":
    sys.exit(main())
