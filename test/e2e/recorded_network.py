#!/usr/bin/env python3
"""A whole training step recorded as one function of some 300 statements: its numbers, and its memory plan.

    recorded_network.py --polytile P [--statements 340] [--device D]...

test/bench/recorded_network.py writes the program: convolutions, batch norms and relus, a product, a softmax loss, every
gradient spelled out. Here the same step is written in NumPy, in f64. The plan is read from `--emit=program`: buffers
that live at the same time lie apart, and the arena is at most 1.5 times the largest set of buffers that live together.
"""

import argparse
import importlib.util
import math
import os
import re
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness  # noqa: E402
from harness import Case  # noqa: E402

PLAN_BOUND = 1.5
ALIGNMENT = 64  # bytes to which each buffer of an arena is rounded up


def load_writer():
    """test/bench/recorded_network.py, which has this file's name."""
    path = Path(__file__).resolve().parents[1] / "bench" / "recorded_network.py"
    spec = importlib.util.spec_from_file_location("network_writer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The same step in NumPy.


def shifted(X, r, s):
    """X[n, y + r - 1, x + s - 1, c], zero outside."""
    return np.pad(X, ((0, 0), (1, 1), (1, 1), (0, 0)))[:, r : r + X.shape[1], s : s + X.shape[2]]


TAPS = [(r, s) for r in range(3) for s in range(3)]


def convolution(X, W):
    return sum(shifted(X, r, s) @ W[r, s] for r, s in TAPS)


def convolution_gradients(X, W, DY):
    DX = sum(shifted(DY, 2 - r, 2 - s) @ W[r, s].T for r, s in TAPS)
    DW = np.stack([np.stack([np.einsum("nyxi,nyxo->io", shifted(X, r, s), DY) for s in range(3)]) for r in range(3)])
    return DX, DW


def training_step(values, names):
    """The outputs in their order: the loss, the last product's weights, then each layer's parameters from the last."""
    values = [value.astype("f8") for value in values]
    image, labels, *layers, dense = values
    x, saved = image, []
    for w, gamma, beta in zip(layers[0::3], layers[1::3], layers[2::3]):
        z = convolution(x, w)
        centred = z - z.mean((0, 1, 2))
        deviation = np.sqrt((centred**2).mean((0, 1, 2)) + 0.001)
        normal = centred / deviation
        y = normal * gamma + beta
        saved.append((x, w, gamma, beta, normal, deviation, y < 0))
        x = np.maximum(y, 0)
    flat = x.reshape(len(x), -1)
    logits = flat @ dense
    probability = np.exp(logits - logits.max(1, keepdims=True))
    probability /= probability.sum(1, keepdims=True)
    dlogits = probability - labels
    outputs = [-(labels * np.log(probability)).sum(), dense - 0.01 * flat.T @ dlogits]
    dx = (dlogits @ dense.T).reshape(x.shape)
    for x, w, gamma, beta, normal, deviation, off in reversed(saved):
        dy = np.where(off, 0, dx)
        count = dy[..., 0].size
        dbeta, dgamma = dy.sum((0, 1, 2), keepdims=True), (dy * normal).sum((0, 1, 2), keepdims=True)
        dz = (dy * count - dbeta - normal * dgamma) * (gamma / deviation) / count
        dx, dw = convolution_gradients(x, w, dz)
        outputs += [w - 0.01 * dw, gamma - 0.01 * dgamma, beta - 0.01 * dbeta]
    return dict(zip(names, outputs))


def cases(statements):
    text, shapes = load_writer().network(statements, batch=2, size=4, channels=5, classes=3)
    names = [name.strip() for name in re.search(r"-> \(([^)]*)\)", text).group(1).split(",")]
    rng = np.random.default_rng(11)
    values = {
        name: rng.uniform(-1, 1, dims) / (1 if len(dims) < 4 else math.sqrt(dims[2])) for name, dims in shapes.items()
    }
    values["X_I_1"] = np.eye(3)[[0, 2]]
    for dtype, bound in (("f8", 1e-9), ("f4", 2e-3)):
        inputs = {name: value.astype(dtype) for name, value in values.items()}
        want = {
            name: np.asarray(value).astype(dtype) for name, value in training_step(list(inputs.values()), names).items()
        }
        yield Case(f"recorded network, {dtype}", text, inputs, want, rtol=bound, atol=bound, package=dtype == "f4")


# The memory plan.


def type_bytes(text):
    """memref<2x8xf32> in bytes, rounded up as buffers are."""
    *dims, element = text.split("x")
    bits = 8 if element == "i1" else int(re.sub(r"\D", "", element))
    return -(-math.prod(map(int, dims)) * bits // 8 // ALIGNMENT) * ALIGNMENT


def plan_of(text):
    """(bytes of the arena, {buffer: (offset, bytes, first dispatch, last dispatch)}) from the text of a program."""
    arena = int(re.search(r"arena\((\d+)\)", text).group(1))
    buffers = {
        name: [int(offset), type_bytes(kind), None, None]
        for name, offset, kind in re.findall(r"(%\d+) = program\.temporary at (\d+) : memref<([^>]*)>", text)
    }
    alias = {}
    for number, line in enumerate(text.splitlines()):
        made = re.match(r"\s*(%\d+) = program\.", line)
        used = [name for name in re.findall(r"%\d+", line) if not made or name != made.group(1)]
        if made and "temporary" not in line and used:
            alias[made.group(1)] = used[0]  # a view of another buffer
        for name in used:
            while name in alias:
                name = alias[name]
            if name in buffers:
                buffers[name][2] = number if buffers[name][2] is None else buffers[name][2]
                buffers[name][3] = number
    return arena, {name: tuple(buffer) for name, buffer in buffers.items() if buffer[2] is not None}


def plan_problem(text):
    arena, buffers = plan_of(text)
    if not buffers:
        return "the program has no temporary buffers"
    events = sorted({line for _, _, first, last in buffers.values() for line in (first, last)})
    largest = 0
    for line in events:
        alive = sorted((offset, size) for offset, size, first, last in buffers.values() if first <= line <= last)
        largest = max(largest, sum(size for _, size in alive))
        for (low, size), (high, _) in zip(alive, alive[1:]):
            if low + size > high:
                return f"two buffers that live at line {line} overlap at {high}"
    print(
        f"memory plan: {len(buffers)} buffers, arena of {arena} bytes, largest live set {largest} ({arena / largest:.2f} times)"
    )
    if arena > PLAN_BOUND * largest:
        return f"the arena is {arena / largest:.2f} times the largest live set, more than {PLAN_BOUND}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--polytile", default=os.environ.get("POLYTILE", "polytile"))
    parser.add_argument("--device", action="append", help="interpreter, cpu:0 or package; all three when left out")
    parser.add_argument("--statements", type=int, default=340)
    options = parser.parse_args()
    devices = options.device or [harness.INTERPRETER, harness.CPU, harness.PACKAGE]
    problems = []
    with tempfile.TemporaryDirectory(prefix="polytile-network-") as temporary:
        folder = Path(temporary)
        runner = harness.Runner(options.polytile, environment={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}, folder=folder)
        for case in cases(options.statements):
            problems.append(harness.run(runner, case, devices))
        (folder / "network.tile").write_text(case.source)
        words = [word for name, value in case.inputs.items() for word in ("--shape", harness.shape_option(name, value))]
        runner.must("compile", folder / "network.tile", *words, "--emit=program", "-o", folder / "network.mlir")
        problems.append(plan_problem((folder / "network.mlir").read_text()))
    problems = [problem for problem in problems if problem]
    print("\n".join(problems) or f"a network of {case.source.count(';')} statements is right")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
