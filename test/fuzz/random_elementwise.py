#!/usr/bin/env python3
"""Random elementwise expressions over every element type, on the devices against the interpreter, bit for bit.

    random_elementwise.py --polytile P [--seed S] [--count N] [--device D]... [-j N]

Operators, conversions, choices and comparisons nest at random, operands broadcast at random, and the data are what goes
wrong: the ends of each integer type, zeros of both signs, denormals, infinities, NaN. Only operations whose result is
exactly rounded take part, so there is one right answer. With --count 0 it goes on until stopped.
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
from data import ELEMENT_TYPES  # noqa: E402

PER_PROGRAM = 12
ROWS, COLUMNS = 5, 37
ARITHMETIC = ("+", "-", "*", "+", "-", "*", "/", "%", "max", "min")
BITS = ("&", "|", "^", "<<", ">>")
COMPARE = ("<", "<=", ">", ">=", "==", "!=")
LITERALS = ("0", "1", "2", "3", "7", "100")
FLOATS = ("0.5", "1.0", "3.25", "1e-3", "100.0")


class Generator:
    """Draws expressions as text, with whether each may be a float, since bits are for integers."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.data = np.random.default_rng(seed)
        # Devices without f64 refuse programs with it as a whole: three of four have none.
        self.has_f64 = seed % 4 == 0
        self.inputs = {}

    def edge_values(self, dtype, shape):
        """Edge values and ordinary ones, mixed."""
        dtype = np.dtype(dtype)
        if dtype.kind == "b":
            return self.data.integers(0, 2, shape).astype(dtype)
        if dtype.kind == "f":
            limits = np.finfo(dtype)
            odd = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, np.nan, np.inf, -np.inf, limits.max, limits.min, limits.tiny, limits.smallest_subnormal, 1e-3, 255.5, -129.0,
                   65504.0, 2147483648.0, -1e10]
            ordinary = self.data.normal(size=shape) * 10
        else:
            limits = np.iinfo(dtype)
            odd = [0, 1, 2, 3, 5, 7, 8, limits.max, limits.max - 1, limits.min, limits.min + 1, limits.max // 2]
            ordinary = self.data.integers(max(limits.min, -50), 51, shape)
        with np.errstate(over="ignore"):
            odd = np.array([np.asarray(v).astype(dtype) for v in odd], dtype)
            values = np.where(self.data.integers(0, 2, shape) == 1, self.data.choice(odd, shape), ordinary.astype(dtype))
        return values.astype(dtype)

    def read(self):
        element = self.random.choice([name for name in ELEMENT_TYPES if self.has_f64 or name != "f64"])
        shape = self.random.choice(((ROWS, COLUMNS), (ROWS, COLUMNS), (ROWS, COLUMNS), (COLUMNS,), (1, COLUMNS), (ROWS, 1), ()))
        name = f"{element.upper()}_{len(shape)}{''.join('s' if s == 1 else 'l' for s in shape)}"
        if name not in self.inputs:
            self.inputs[name] = self.edge_values(ELEMENT_TYPES[element], shape)
        return name, element[0] == "f"

    def expression(self, depth):
        pick = self.random.randrange(100)
        if depth == 0 or pick < 8:
            return self.read()
        if pick < 60:
            return self.binary(depth)
        if pick < 68:
            text, is_float = self.expression(depth - 1)
            return (self.random.choice(("-({})", "abs({})", "relu({})")).format(text), is_float)
        if pick < 74:
            left, right = self.expression(depth - 1)[0], self.expression(depth - 1)[0]
            return f"({left} {self.random.choice(COMPARE)} {right})", False
        if pick < 84:
            condition = self.expression(depth - 1)[0]
            (left, a), (right, b) = self.expression(depth - 1), self.expression(depth - 1)
            return f"({condition} ? {left} : {right})", a or b
        if pick < 88:
            left, right = self.expression(depth - 1)[0], self.expression(depth - 1)[0]
            return self.random.choice((f"({left} && {right})", f"({left} || {right})", f"!({left})")), False
        text, is_float = self.expression(depth - 1)
        if pick < 91 and is_float:
            return self.random.choice(("floor({})", "ceil({})", "round({})", "sqrt({})")).format(text), True
        function, widths = self.random.choice((("as_float", (16, 32, 64) if self.has_f64 else (16, 32)), ("as_int", (8, 16, 32, 64)), ("as_uint", (8, 16, 32, 64)), ("as_bool", ())))
        width = f", {self.random.choice(widths)}" if widths else ""
        return f"{function}({text}{width})", function == "as_float"

    def binary(self, depth):
        left, is_float = self.expression(depth - 1)
        if self.random.randrange(100) < 15:
            literal = self.random.choice(LITERALS if self.random.randrange(2) else FLOATS)
            right, other = literal, "." in literal or "e" in literal
        else:
            right, other = self.expression(depth - 1)
        is_float = is_float or other
        operator = self.random.choice(ARITHMETIC + (() if is_float else BITS))
        if operator == "%" and is_float:
            operator = "+"
        if operator[0] == "m":  # which zero is the greater one is left open: a sum with 0 has one sign
            return f"({operator}({left}, {right}) + 0)", is_float
        return f"({left} {operator} {right})", is_float


def program(seed, count):
    generator = Generator(seed)
    lines = [f"O{n} = {generator.expression(generator.random.choice((1, 2, 3, 4)))[0]};" for n in range(count)]
    source = f"function f({', '.join(generator.inputs)}) -> ({', '.join(f'O{n}' for n in range(count))}) {{\n  " + "\n  ".join(lines) + "\n}\n"
    return source, generator.inputs


def problem_of(runner, devices, source, inputs, outputs, name):
    return harness.run(runner, harness.Case(name, source, inputs, outputs=outputs, exact=True), devices)


def check(runner, devices, seed):
    """None, or what is wrong, with the statements that are wrong alone."""
    source, inputs = program(seed, PER_PROGRAM)
    problem = problem_of(runner, devices, source, inputs, tuple(f"O{n}" for n in range(PER_PROGRAM)), f"seed {seed}")
    if not problem or "does not fit" in problem:  # a literal that its type can't hold is the user's error
        return None
    said = [f"FAIL seed {seed}: {problem[:600]}"]
    head = source[:source.index(" -> ")]
    for number, line in enumerate(source.splitlines()[1:-1]):
        alone = f"{head} -> (O{number}) {{\n{line}\n}}\n"
        again = problem_of(runner, devices, alone, inputs, (f"O{number}",), f"seed {seed} O{number}")
        if again:
            said.append(f"  alone: {line.strip()}\n    {again[:300]}")
    return "\n".join(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    harness.add_options(parser, harness.EVERYWHERE)
    parser.add_argument("--seed", type=int, help="of the first program; 1 when left out, and with --count 0 the time")
    parser.add_argument("--count", type=int, default=240, help="expressions; 0: until stopped")
    options = parser.parse_args()
    first = options.seed if options.seed is not None else 1 if options.count else int(time.time())
    print(f"seed {first}", flush=True)
    failed = tried = 0
    devices = options.device or harness.EVERYWHERE
    with harness.session(options) as (runner, pool):
        seeds = itertools.count(first) if not options.count else iter(range(first, first + -(-options.count // PER_PROGRAM)))
        while group := list(itertools.islice(seeds, 8 * options.j)):
            for problem in pool.map(lambda seed: check(runner, devices, seed), group):
                tried += PER_PROGRAM
                if problem:
                    failed += 1
                    print(problem, flush=True)
    print(f"{tried} expressions, {failed} programs failed")
    return 1 if failed or not tried else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
