#!/usr/bin/env python3
"""Random contractions through the `polytile` command, compared bit for bit with the oracle of contraction_oracle.py.

    random_contractions.py --polytile P [--seed S] [--count N] [--device D]... [--self-check]

One to four index variables; strides, fractions, negative factors, constants, floordiv and mod; constraints of every
relation and chains; every aggregation and combination; defaults; sizes from 0, given or left out; f32, f64, i32 and i8.
Several contractions share a program and a process; those that must be refused have one of their own. With --count 0
it goes on until stopped. A failure prints its seed, a program cut down as far as it still fails, and its inputs.
"""

import argparse
import copy
import dataclasses
import itertools
import random
import sys
import time
import zlib
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import contraction_oracle as oracle  # noqa: E402
import harness  # noqa: E402
from contraction_oracle import Constraint, Contraction, Error, Index, Operand, Part, Rejected  # noqa: E402

PER_PROGRAM = 10
NAMES = ("i", "j", "k", "x")
# How many of each hundred contractions may be wrong ones: each costs a process.
REFUSED_PER_HUNDRED = 5


# Making contractions.


class Generator:
    """Draws contractions; the same seed gives the same ones."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.data = np.random.default_rng(seed)
        # Devices without f64 refuse programs with it as a whole: three of four have none.
        self.has_f64 = seed % 4 == 0

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def part(self, variables):
        pick = self.random.sample(variables, min(len(variables), self.random.choice((1, 1, 1, 2, 2, 3))))
        factors = {name: self.random.choice((1, 1, 1, 1, 2, 3, -1, -2)) for name in pick}
        constant = self.random.choice((0, 0, 0, 1, 2, -1, -2, 4))
        if self.chance(12):
            return Part(factors, constant, self.random.choice((2, 2, 3, 4)))
        if self.chance(6):
            return Part(factors, constant, self.random.choice((2, 3)), self.random.choice(("floordiv", "mod")))
        return Part(factors, constant)

    def index(self, variables):
        if self.chance(4) or not variables:
            return Index([Part({}, self.random.randrange(3))])
        if self.chance(45):
            return Index([Part({self.random.choice(variables): 1})])
        return Index([self.part(variables) for _ in range(2 if self.chance(8) else 1)])

    def size(self):
        return self.random.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 9))

    def constraint(self, variables):
        constant = Index([Part({}, self.random.randrange(-2, 8))])
        relation = self.random.choice(list(oracle.RELATIONS))
        shape = self.random.randrange(5)
        if shape == 0:
            return Constraint(
                [Index([Part({}, self.random.randrange(-2, 2))]), self.index(variables), constant],
                self.random.choice((["<=", "<"], ["<", "<="], ["<", "<"], ["<=", "<="])),
            )
        if shape == 1:
            return Constraint([constant, self.index(variables)], [relation])
        if shape == 2:
            return Constraint([self.index(variables), self.index(variables)], [relation])
        return Constraint([self.index(variables), constant], [self.random.choice(("<", relation))])

    def tensor(self, rank, dtype):
        shape = [self.size() for _ in range(rank)]
        return self.data.integers(-3, 4, shape).astype(dtype)

    def draw(self):
        """A contraction, perhaps one that the oracle rejects."""
        variables = list(NAMES[: self.random.choice((1, 2, 2, 3, 3, 3, 4))])
        combination = self.random.choice(("none", "none", "*", "*", "*", "+", "-", "==", "cond"))
        count = {"none": 1, "cond": 3}.get(combination) or self.random.choice(
            (2, 2, 2, 3) if combination in "*+" else (2,)
        )
        dtype = self.random.choice(("f4", "f4", "f4", "i4", "f8", "i1"))
        dtypes = [self.random.choice(("f4", "i4", "f8", "i1")) if self.chance(10) else dtype for _ in range(count)]
        dtypes = ["f4" if d == "f8" and not self.has_f64 else d for d in dtypes]
        tensors = [self.tensor(self.random.choice((0, 1, 1, 2, 2, 2, 3)), d) for d in dtypes]
        forms = list(oracle.FORMS)
        operands = [
            Operand(
                number,
                [self.index(variables) for _ in tensor.shape],
                self.random.choice(forms) if self.chance(12) else "{}",
            )
            for number, tensor in enumerate(tensors)
        ]
        aggregation = self.random.choice("++++*><=")
        rank = self.random.choice((0, 1, 1, 2, 2, 3))
        output = [self.index(variables) for _ in range(rank)]
        sizes = tuple(self.size() for _ in range(rank))
        constraints = [self.constraint(variables) for _ in range(self.random.choice((0, 0, 1, 1, 2)))]
        contraction = Contraction(
            tensors,
            operands,
            combination,
            aggregation,
            output,
            sizes,
            constraints,
            producer=self.chance(15),
            consumer=self.chance(15),
        )
        constraints = [c for c in constraints if any(side.variables() for side in c.sides)]
        contraction = dataclasses.replace(contraction, constraints=constraints)
        self.bind(contraction)
        if rank and self.chance(25):
            contraction.sizes = None
        return contraction

    def bind(self, contraction):
        """Limits the variables that nothing limits, mostly."""
        _, unbounded = oracle.box_of(contraction)
        if self.chance(3):
            return
        for name in unbounded:
            low = self.random.randrange(-1, 2)
            variable = Index([Part({name: 1})])
            if self.chance(50):
                contraction.constraints.append(
                    Constraint([variable, Index([Part({}, self.random.randrange(1, 5))])], ["<"])
                )
            else:
                contraction.constraints.append(
                    Constraint(
                        [Index([Part({}, low)]), variable, Index([Part({}, low + self.random.randrange(5))])],
                        ["<=", "<="],
                    )
                )

    def next(self, refused):
        """A contraction and what it gives: a result, or an Error where a refused one is wanted."""
        while True:
            contraction = self.draw()
            try:
                result = oracle.evaluate(contraction)
                if isinstance(result, Error) or refused:
                    if isinstance(result, Error) and refused:
                        return contraction, result
                    continue
                if result.size == 0 and not self.chance(10):
                    continue
                ranges, _ = oracle.box_of(contraction)
                if oracle.points_in(contraction, ranges)[2] == 0 and not self.chance(15):
                    continue
                if self.chance(20):
                    plain = dataclasses.replace(contraction, consumer=False)
                    dtype = oracle.evaluate(plain).dtype
                    contraction.default = self.data.integers(-9, 10, result.shape).astype(dtype)
                    result = oracle.evaluate(contraction)
                return contraction, result
            except Rejected:
                continue


# Printing them.


def linear_text(factors, constant):
    text = ""
    for number, (name, factor) in enumerate(factors.items()):
        if not factor:
            continue
        size = abs(factor)
        # Both spellings of a product: 2*i, and 2i, which binds tighter than anything.
        term = name if size == 1 else f"{size}{name}" if number % 2 else f"{size}*{name}"
        text += (" - " if factor < 0 else " + ") + term if text else ("-" if factor < 0 else "") + term
    if constant or not text:
        text += (" - " if constant < 0 else " + ") + str(abs(constant)) if text else str(constant)
    return text


def part_text(part, alone):
    text = linear_text(part.factors, part.constant)
    if part.kind != "/":
        return f"{part.kind}({text}, {part.divisor})"
    if part.divisor != 1:
        return f"({text}) / {part.divisor}" if not text.isalnum() else f"{text} / {part.divisor}"
    return text if alone else f"({text})"


def index_text(index):
    return " + ".join(part_text(part, len(index.parts) == 1) for part in index.parts)


def constraint_text(constraint):
    text = index_text(constraint.sides[0])
    for relation, side in zip(constraint.relations, constraint.sides[1:]):
        text += f" {relation} {index_text(side)}"
    return text


def statements(contraction, tag):
    """The parameters, statements and inputs of a contraction whose names end in `tag`; its result is O{tag}."""
    parameters, inputs, lines = [], {}, []
    for number, tensor in enumerate(contraction.tensors):
        name = f"A{tag}_{number}"
        dims = ", ".join(f"S{tag}_{number}_{axis}" for axis in range(tensor.ndim))
        parameters.append(f"{name}[{dims}]")
        inputs[name] = tensor
    if contraction.producer:
        lines.append(f"T{tag} = A{tag}_0 * 2;")
    reads = []
    for operand in contraction.operands:
        name = f"T{tag}" if contraction.producer and operand.tensor == 0 else f"A{tag}_{operand.tensor}"
        read = f"{name}[{', '.join(map(index_text, operand.indices))}]"
        reads.append(operand.form.format(read))
    body = (
        f"{reads[0]} == {reads[1]} ? {reads[2]}"
        if contraction.combination == "cond"
        else f" {contraction.combination} ".join(reads)
    )
    result = f"C{tag}" if contraction.consumer else f"O{tag}"
    access = ", ".join(map(index_text, contraction.output))
    if contraction.sizes:
        access += " : " + ", ".join(map(str, contraction.sizes))
    line = f"{result}[{access}] = {contraction.aggregation}({body})"
    line += "".join(f", {constraint_text(constraint)}" for constraint in contraction.constraints)
    if contraction.default is not None:
        name = f"D{tag}"
        parameters.append(f"{name}[{', '.join(f'{name}_{axis}' for axis in range(contraction.default.ndim))}]")
        inputs[name] = contraction.default
        line += f" default {name}"
    lines.append(line + ";")
    if contraction.consumer:
        lines.append(f"O{tag} = C{tag} * 2 + 1;")
    return parameters, lines, inputs


def program(contractions):
    parameters, lines, inputs = [], [], {}
    for tag, contraction in enumerate(contractions):
        more = statements(contraction, tag)
        parameters += more[0]
        lines += more[1]
        inputs |= more[2]
    outputs = ", ".join(f"O{tag}" for tag in range(len(contractions)))
    body = "".join(f"  {line}\n" for line in lines)
    return f"function f({', '.join(parameters)}) -> ({outputs}) {{\n{body}}}\n", inputs


# Running them.


class Checker:
    """Runs contractions on devices; `problem` says what is wrong, or None."""

    def __init__(self, runner, devices):
        self.runner, self.devices = runner, devices

    def problem(self, contractions, results):
        source, inputs = program(contractions)
        # Programs run side by side, and each keeps its files in a folder of its name.
        name = f"{zlib.crc32(source.encode()):08x}"
        if isinstance(results[0], Error):
            case = harness.Bad(
                f"refused {name}", source, inputs, [results[0].pattern], devices=tuple(self.devices), output="O0"
            )
        else:
            case = harness.Case(
                f"contractions {name}",
                source,
                inputs,
                {f"O{n}": result for n, result in enumerate(results)},
                rtol=0,
                atol=0,
            )
        return harness.run(self.runner, case, [*self.devices])

    def still_wrong(self, contraction):
        try:
            return self.problem([contraction], [oracle.evaluate(contraction)])
        except Rejected:
            return None

    def shrunk(self, contraction):
        """Takes away what can go while it stays wrong."""
        for _ in range(20):
            for smaller in simpler(contraction):
                if self.still_wrong(smaller):
                    contraction = smaller
                    break
            else:
                return contraction
        return contraction

    def report(self, contractions, results, seed):
        """Finds those of a failed program that fail alone, and prints them."""
        problem = self.problem(contractions, results)
        alone = (
            [c for c, r in zip(contractions, results) if self.problem([c], [r])]
            if len(contractions) > 1
            else contractions
        )
        if not alone:
            print(f"FAIL seed {seed}, only together: {problem}\n{program(contractions)[0]}", flush=True)
        for contraction in alone:
            small = self.shrunk(contraction)
            source, inputs = program([small])
            print(f"FAIL seed {seed}: {self.still_wrong(small)}\n{source}", flush=True)
            for name, value in inputs.items():
                print(f"  {name}: {value.dtype} {list(value.shape)} {value.tolist()}", flush=True)


def simpler(contraction):
    """Contractions with one thing less."""
    for field, value in (("producer", False), ("consumer", False), ("default", None)):
        if getattr(contraction, field) is not value:
            yield dataclasses.replace(contraction, **{field: value})
    for number in range(len(contraction.constraints)):
        yield dataclasses.replace(
            contraction, constraints=[c for n, c in enumerate(contraction.constraints) if n != number]
        )
    if contraction.combination in ("*", "+", "-"):
        for number in range(len(contraction.operands)):
            kept = copy.deepcopy([o for n, o in enumerate(contraction.operands) if n != number])
            if kept:
                yield dataclasses.replace(
                    contraction, operands=kept, combination=contraction.combination if len(kept) > 1 else "none"
                )
    for number, operand in enumerate(contraction.operands):
        if operand.form != "{}":
            changed = copy.deepcopy(contraction)
            changed.operands[number].form = "{}"
            yield changed
    for axis in range(len(contraction.sizes or ())):
        if contraction.sizes[axis] > 1 and contraction.default is None:
            sizes = contraction.sizes[:axis] + (contraction.sizes[axis] - 1,) + contraction.sizes[axis + 1 :]
            yield dataclasses.replace(contraction, sizes=sizes)
    for number, tensor in enumerate(contraction.tensors):
        for axis in range(tensor.ndim):
            if tensor.shape[axis] > 1:
                tensors = list(contraction.tensors)
                tensors[number] = np.take(tensor, range(tensor.shape[axis] - 1), axis)
                yield dataclasses.replace(contraction, tensors=tensors)


def batches(seed, count):
    """Programs: lists of contractions with their results. A refused one is alone."""
    for number in itertools.count():
        if count and number * PER_PROGRAM >= count:
            return
        generator = Generator(seed * 1_000_003 + number)
        size = min(PER_PROGRAM, count - number * PER_PROGRAM) if count else PER_PROGRAM
        pairs = [generator.next(refused=generator.chance(REFUSED_PER_HUNDRED)) for _ in range(size)]
        good = [pair for pair in pairs if not isinstance(pair[1], Error)]
        if good:
            yield number, [c for c, _ in good], [r for _, r in good]
        for contraction, result in pairs:
            if isinstance(result, Error):
                yield number, [contraction], [result]


def check_alone(options):
    """Draws and evaluates without running anything: what the generator covers."""
    kinds, refused, total = {}, 0, 0
    for _, contractions, results in batches(options.seed, options.count):
        for contraction, result in zip(contractions, results):
            total += 1
            refused += isinstance(result, Error)
            key = contraction.aggregation + " " + contraction.combination
            kinds[key] = kinds.get(key, 0) + 1
        if options.verbose:
            print(program(contractions)[0])
    print(f"{total} contractions, {refused} of them refused; {len(kinds)} kinds: {kinds}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    harness.add_options(parser, harness.EVERYWHERE)
    parser.add_argument("--seed", type=int, help="1 when left out, and with --count 0 the time")
    parser.add_argument("--count", type=int, default=300, help="contractions; 0: until stopped")
    parser.add_argument("--self-check", action="store_true", help="draw and evaluate only")
    parser.add_argument("--verbose", action="store_true", help="print the programs")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = 1 if options.count else int(time.time())
    if options.self_check:
        return check_alone(options)
    print(f"seed {options.seed}", flush=True)
    tried = failed = 0
    with harness.session(options) as (runner, pool):
        checker = Checker(runner, options.device or harness.EVERYWHERE)
        todo = batches(options.seed, options.count)
        while group := list(itertools.islice(todo, 8 * options.j)):
            for (number, contractions, results), problem in zip(
                group, pool.map(lambda b: checker.problem(b[1], b[2]), group)
            ):
                tried += len(contractions)
                if problem:
                    failed += 1
                    checker.report(contractions, results, f"{options.seed} (program {number})")
            if not options.count:
                print(f"{tried} contractions, {failed} programs failed", flush=True)
    print(f"{tried} contractions, {failed} programs failed")
    return 1 if failed or not tried else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
