#!/usr/bin/env python3
"""Random contractions that take the dense way to the CPU, compared with NumPy on sizes at and around the edges of tiles.

    dense_contractions.py --polytile P [--seed S] [--count N] [--device D]... [-j N]

random_contractions.py draws odd ones, whose sizes must stay small; these are the plain ones, as large as real work:
products over one to five index variables in any order of the axes, windows with stride, dilation and padding, work
before and after, every aggregation, every element type, defaults, several statements that use each other's results.
Values are small integers, so results are exact whatever the order of a sum. With --count 0 it goes on until stopped.
"""
import argparse
import itertools
import random
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import harness  # noqa: E402
from data import wide  # noqa: E402

SIZES = (1, 1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 23, 31, 32, 33, 48, 63, 64, 65, 96, 100, 129, 257)
POINTS = 400_000  # of the iteration domain, at most
TYPES = ("f4", "f4", "f4", "f4", "f8", "i4", "i1", "u1", "f2", "i8", "i2", "u4")
REDUCE = {"+": np.add, "*": np.multiply, ">": np.maximum, "<": np.minimum}
BEFORE = {"{}": lambda x: x, "2 * {}": lambda x: x * 2, "abs({})": np.abs, "({} + 1)": lambda x: x + 1, "max({}, 0)": lambda x: np.maximum(x, 0)}
# Constants take the element's type by name: with a bare 2, NumPy 1 makes a double of a rank-0 float.
AFTER = {"{}": lambda x: x, "{} * 2 + 1": lambda x: x * x.dtype.type(2) + x.dtype.type(1),
         "max({}, 0)": lambda x: np.maximum(x, x.dtype.type(0)), "({} < 1 ? 1 : {})": lambda x: np.where(x < 1, 1, x).astype(x.dtype)}


class Access:
    """One axis of a read: a variable, or a window factor * y + dilation * r - padding."""

    def __init__(self, factors, constant=0):
        self.factors, self.constant = factors, constant

    def text(self):
        text = " + ".join(name if factor == 1 else f"{factor}*{name}" for name, factor in self.factors.items())
        return text + (f" - {-self.constant}" if self.constant < 0 else f" + {self.constant}" if self.constant else "")


class Generator:
    """Draws one statement with its inputs and result; the same seed gives the same."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.data = np.random.default_rng(seed)
        # Devices without f64 refuse programs with it as a whole: three of four have none.
        self.has_f64 = seed % 4 == 0

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def ranges(self):
        while True:
            names = list("bmnkl"[:self.random.choice((1, 2, 2, 3, 3, 3, 3, 4, 4, 5))])
            self.random.shuffle(names)
            ranges = {name: self.random.choice(SIZES) for name in names}
            if np.prod(list(ranges.values())) <= POINTS:
                return ranges

    def reads(self, ranges):
        """Two reads (or one, or three) that together hold every variable; in one of them a pair may make a window."""
        names = list(ranges)
        count = self.random.choice((1, 2, 2, 2, 2, 3)) if len(names) > 1 else self.random.choice((1, 2))
        reads = [self.random.sample(names, self.random.randrange(1, len(names) + 1)) for _ in range(count)]
        for name in set(names) - {n for read in reads for n in read}:
            read = self.random.choice(reads)
            read.insert(self.random.randrange(len(read) + 1), name)
        return [[Access({name: 1}) for name in read] for read in reads]

    def add_window(self, reads, ranges, output):
        """O[.., y, ..] reads A[.., s*y + d*r - p, ..], where r runs over a small range of its own."""
        places = [(read, axis) for read in reads for axis, access in enumerate(read) if set(access.factors) & set(output)]
        if not places or np.prod(list(ranges.values())) > POINTS // 8:
            return
        read, axis = self.random.choice(places)
        (name,) = read[axis].factors
        window = self.random.choice((1, 2, 3, 3, 5))
        ranges["r"] = window
        dilation = self.random.choice((1, 1, 1, 2))
        read[axis] = Access({name: self.random.choice((1, 1, 1, 2, 3)), "r": dilation}, self.random.choice((0, 0, -(window // 2), -window, 1)))
        if len(reads) > 1 and self.chance(70):
            other = self.random.choice([r for r in reads if r is not read])
            other.insert(self.random.randrange(len(other) + 1), Access({"r": 1}))

    def draw(self, tag):
        ranges = self.ranges()
        reads = self.reads(ranges)
        output = self.random.sample(list(ranges), self.random.randrange(0, len(ranges) + 1))
        window = self.chance(35)
        if window:
            self.add_window(reads, ranges, output)
        dtype = np.dtype(self.random.choice(TYPES))
        if dtype == "f8" and not self.has_f64:
            dtype = np.dtype("f4")
        aggregation = self.random.choice("+++++++><*")
        return Statement(self, tag, ranges, reads, output, dtype, aggregation)


class Statement:
    """Its text, inputs and expected result."""

    def __init__(self, draw, tag, ranges, reads, output, dtype, aggregation):
        self.parameters, self.inputs, arrays, texts = [], {}, [], []
        before = draw.random.choice(list(BEFORE)) if draw.chance(30) else "{}"
        for number, read in enumerate(reads):
            shape = [self.size(draw, access, ranges) for access in read]
            array = self.values(draw, dtype, shape, aggregation)
            name = f"A{tag}_{number}"
            self.inputs[name] = array
            self.parameters.append(name + "[" + ", ".join(f"{name}_{axis}" for axis in range(len(shape))) + "]")
            texts.append((before if number == 0 else "{}").format(f"{name}[{', '.join(a.text() for a in read)}]"))
            arrays.append(BEFORE[before](array).astype(dtype) if number == 0 else array)
        sizes = [ranges[name] for name in output]
        combine = draw.random.choice((" * ", " * ", " * ", " + ")) if aggregation != "*" else " * "
        # Every variable is bounded by a constraint of its own or by what it reads, so that what is meant is plain.
        bounds = "".join(f", 0 <= {name} < {size}" for name, size in ranges.items() if name not in output)
        after = draw.random.choice(list(AFTER)) if draw.chance(30) else "{}"
        access = ", ".join(output) + (" : " + ", ".join(map(str, sizes)) if output else "")
        target = f"O{tag}" if after == "{}" else f"T{tag}"
        self.lines = [f"{target}[{access}] = {aggregation}({combine.join(texts)}){bounds};"]
        if after != "{}":
            self.lines.append(f"O{tag} = {after.format(target, target)};")
        self.result = AFTER[after](evaluate(ranges, reads, arrays, output, combine, aggregation))

    @staticmethod
    def size(draw, access, ranges):
        """Mostly what the access needs; sometimes less, so that points fall outside, or more."""
        reach = sum(factor * (ranges[name] - 1) for name, factor in access.factors.items()) + access.constant + 1
        return max(0, reach + draw.random.choice((0, 0, 0, 0, 0, 1, -1, -3)))

    @staticmethod
    def values(draw, dtype, shape, aggregation):
        if aggregation == "*":  # magnitudes that no product outgrows
            return draw.data.choice([1, 1, 1, 1, 0 if draw.chance(20) else 1] + ([-1] if dtype.kind != "u" else []), shape).astype(dtype)
        if dtype == "f2":  # sums stay below 2048, where halves hold every integer
            return draw.data.choice([0, 0, 0, 0, 0, 0, 0, 1, -1], shape).astype(dtype)
        return draw.data.integers(0 if dtype.kind == "u" else -3, 4, shape).astype(dtype)


def evaluate(ranges, reads, arrays, output, combine, aggregation):
    """By broadcasting over the whole box, one axis for each variable."""
    names = list(ranges)
    axes = dict(zip(names, np.ix_(*(np.arange(ranges[name]) for name in names))))
    dtype = arrays[0].dtype
    accumulator = (np.dtype("f4") if dtype == "f2" else wide(arrays[0])) if aggregation in "+*" else dtype
    valid, value = np.ones([ranges[name] for name in names], bool), None
    for read, array in zip(reads, arrays):
        places = []
        for access, size in zip(read, array.shape):
            place = sum(factor * axes[name] for name, factor in access.factors.items()) + access.constant
            valid = valid & (place >= 0) & (place < size)
            places.append(np.clip(place, 0, max(size - 1, 0)))
        if not array.size:
            return np.zeros([ranges[name] for name in output], result_type(dtype, aggregation, accumulator))
        element = array[tuple(places)].astype(accumulator) if places else array.astype(accumulator)
        value = element if value is None else value * element if "*" in combine else value + element
    value = np.broadcast_to(value, valid.shape)
    summed = tuple(axis for axis, name in enumerate(names) if name not in output)
    count = valid.sum(summed)
    if aggregation == "+":
        total = np.where(valid, value, 0).sum(summed, dtype=accumulator)
    elif aggregation == "*":
        total = np.where(valid, value, 1).prod(summed, dtype=accumulator)
    else:
        limits = np.finfo(accumulator) if accumulator.kind == "f" else np.iinfo(accumulator)
        worst = limits.min if aggregation == ">" else limits.max
        total = REDUCE[aggregation].reduce(np.where(valid, value, np.asarray(worst, accumulator)), summed)
    total = np.where(count > 0, total, np.asarray(0, accumulator))
    kept = [name for name in names if name in output]
    return np.transpose(total, [kept.index(name) for name in output]).astype(result_type(dtype, aggregation, accumulator))


def result_type(dtype, aggregation, accumulator):
    return dtype if dtype.kind == "f" or aggregation in "<>" else accumulator


def program(seed, count):
    """Several statements as one function, with inputs and results."""
    generator = Generator(seed)
    statements = [generator.draw(tag) for tag in range(count)]
    parameters = ", ".join(p for s in statements for p in s.parameters)
    body = "".join(f"  {line}\n" for s in statements for line in s.lines)
    outputs = ", ".join(f"O{tag}" for tag in range(count))
    inputs = {name: array for s in statements for name, array in s.inputs.items()}
    results = {f"O{tag}": s.result for tag, s in enumerate(statements)}
    return f"function f({parameters}) -> ({outputs}) {{\n{body}}}\n", inputs, results


def check(runner, devices, seed, count):
    source, inputs, results = program(seed, count)
    case = harness.Case(f"seed {seed}", source, inputs, results, rtol=0, atol=0)
    problem = harness.run(runner, case, devices)
    return problem and f"FAIL seed {seed}: {problem}\n{source}" + "".join(f"  {n}: {a.dtype} {a.shape}\n" for n, a in inputs.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    harness.add_options(parser, harness.EVERYWHERE)
    parser.add_argument("--seed", type=int, help="of the first program; 1 when left out, and with --count 0 the time")
    parser.add_argument("--count", type=int, default=100, help="statements; 0: until stopped")
    parser.add_argument("--per-program", type=int, default=4, help="statements a program")
    options = parser.parse_args()
    first = options.seed if options.seed is not None else 1 if options.count else int(time.time())
    devices = options.device or harness.EVERYWHERE
    print(f"seed {first}", flush=True)
    failed = tried = 0
    with harness.session(options) as (runner, pool):
        seeds = itertools.count(first) if not options.count else iter(range(first, first + -(-options.count // options.per_program)))
        while group := list(itertools.islice(seeds, 8 * options.j)):
            for problem in pool.map(lambda seed: check(runner, devices, seed, options.per_program), group):
                tried += options.per_program
                if problem:
                    failed += 1
                    print(problem, flush=True)
    print(f"{tried} statements, {failed} programs failed")
    return 1 if failed or not tried else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
