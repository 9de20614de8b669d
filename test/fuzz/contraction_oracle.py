"""What a contraction must compute, straight from its definition: enumerate a box, keep the valid points, aggregate.

The oracle of random_contractions.py. It shares nothing with Polytile: ranges come from intervals and Fourier-Motzkin
elimination over the rationals, and every point of the resulting box is tried. Values are integers, small enough that
each type holds every intermediate result, so what it says is exact.
"""

import dataclasses
import itertools
import math
from fractions import Fraction
from typing import Optional, Union

import numpy as np

BOX_LIMIT = 150_000  # points that are enumerated at most
ROW_LIMIT = 3_000  # inequalities that elimination may make
RELATIONS = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


class Rejected(Exception):
    """A contraction that the oracle leaves undecided, or that is too large for it."""


@dataclasses.dataclass
class Part:
    """(sum of factor * variable + constant) / divisor, or floordiv or mod of the sum by the divisor."""

    factors: dict
    constant: int = 0
    divisor: int = 1
    kind: str = "/"


@dataclasses.dataclass
class Index:
    """A sum of parts: a complete index, or a side of a constraint."""

    parts: list

    def variables(self):
        return {name for part in self.parts for name, factor in part.factors.items() if factor}

    def values(self, box):
        """Numerators over one common denominator, for each point of the box."""
        common = math.lcm(*(part.divisor for part in self.parts if part.kind == "/"), 1)
        total = 0
        for part in self.parts:
            value = sum((factor * box[name] for name, factor in part.factors.items()), np.int64(part.constant))
            if part.kind == "/":
                total = total + value * (common // part.divisor)
            elif part.kind == "floordiv":
                total = total + value // part.divisor * common
            else:
                total = total + value % part.divisor * common
        return total, common


@dataclasses.dataclass
class Constraint:
    """sides[0] relations[0] sides[1] ..."""

    sides: list
    relations: list

    def implies_not_negative(self):
        """The one form that says more than it spells: a lone e < c, with a variable in e and none in c."""
        return self.relations == ["<"] and bool(self.sides[0].variables()) and not self.sides[1].variables()


@dataclasses.dataclass
class Operand:
    """A read of a tensor, with something done to its value: {} in `form` stands for it."""

    tensor: int
    indices: list
    form: str = "{}"


@dataclasses.dataclass
class Contraction:
    """One statement and its inputs. sizes None: left out. default: an input's number. combination: *, +, -, == or
    "cond"; the last operand of a condition is what is aggregated."""

    tensors: list
    operands: list
    combination: str
    aggregation: str
    output: list
    sizes: Optional[tuple]
    constraints: list
    default: Optional[np.ndarray] = None
    producer: bool = False  # operand 0 reads twice its tensor, by a statement of its own
    consumer: bool = False  # the result is doubled and 1 added by a statement of its own

    def variables(self):
        indices = list(self.output) + [i for operand in self.operands for i in operand.indices]
        indices += [side for constraint in self.constraints for side in constraint.sides]
        return sorted(set().union(*(index.variables() for index in indices)))


@dataclasses.dataclass
class Error:
    """The contraction is refused, with a message that matches."""

    pattern: str


# Ranges.


def linear_rows(contraction):
    """The conditions as rows {variable: factor, ..., None: constant} >= 0 over the rationals. floordiv and mod bring
    variables of their own: q with 0 <= e - s*q <= s - 1."""
    rows, fresh = [], itertools.count()

    def linear(index):
        total = {None: Fraction(0)}
        for part in index.parts:
            whole = {name: Fraction(factor) for name, factor in part.factors.items()}
            whole[None] = Fraction(part.constant)
            if part.kind == "/":
                whole = {name: factor / part.divisor for name, factor in whole.items()}
            else:
                quotient = f"q{next(fresh)}"
                rest = {**whole, quotient: Fraction(-part.divisor)}
                rows.append(rest)
                rows.append(combine({None: Fraction(part.divisor - 1)}, 1, rest, -1))
                whole = {quotient: Fraction(1), None: Fraction(0)} if part.kind == "floordiv" else rest
            total = combine(total, 1, whole, 1)
        return total

    def inside(index, size):
        value = linear(index)
        rows.append(value)
        if size is not None:
            rows.append(combine({None: Fraction(size - 1)}, 1, value, -1))

    for axis, index in enumerate(contraction.output):
        inside(index, None if contraction.sizes is None else contraction.sizes[axis])
    for operand in contraction.operands:
        for axis, index in enumerate(operand.indices):
            inside(index, contraction.tensors[operand.tensor].shape[axis])
    for constraint in contraction.constraints:
        sides = [linear(side) for side in constraint.sides]
        # Strict relations are taken as loose ones here; the points decide.
        for left, relation, right in zip(sides, constraint.relations, sides[1:]):
            if relation in ("<", "<=", "=="):
                rows.append(combine(right, 1, left, -1))
            if relation in (">", ">=", "=="):
                rows.append(combine(left, 1, right, -1))
        if constraint.implies_not_negative():
            rows.append(sides[0])
    return rows


def combine(a, x, b, y):
    result = {name: x * a.get(name, 0) + y * b.get(name, 0) for name in {*a, *b}}
    return {name: value for name, value in result.items() if value or name is None}


def intervals(rows, variables):
    """Bounds by propagation: each row bounds each of its variables by the bounds of the others. Sound, not complete."""
    low, high = dict.fromkeys(variables), dict.fromkeys(variables)
    for _ in range(40):
        changed = False
        for row in rows:
            for name, factor in row.items():
                if name is None:
                    continue
                rest = row.get(None, Fraction(0))
                for other, weight in row.items():
                    if other is None or other == name:
                        continue
                    bound = high.get(other) if weight > 0 else low.get(other)
                    if bound is None:
                        rest = None
                        break
                    rest += weight * bound
                if rest is None:
                    continue
                limit = -rest / factor  # factor * variable >= -rest
                if factor > 0 and (low.get(name) is None or math.ceil(limit) > low[name]):
                    low[name], changed = Fraction(math.ceil(limit)), True
                if factor < 0 and (high.get(name) is None or math.floor(limit) < high[name]):
                    high[name], changed = Fraction(math.floor(limit)), True
                if low.get(name) is not None and high.get(name) is not None and low[name] > high[name]:
                    return {v: (0, -1) for v in variables}
        if not changed:
            break
    return {v: (low[v], high[v]) for v in variables}


def eliminated(rows, name):
    """The rows without one variable: each lower bound with each upper bound."""
    up, down, result = [], [], []
    for row in rows:
        factor = row.get(name, 0)
        (up if factor > 0 else down if factor < 0 else result).append(row)
    if len(up) * len(down) > ROW_LIMIT:
        raise Rejected("too many inequalities")
    for a, b in itertools.product(up, down):
        result.append(combine(a, -b[name], b, a[name]))
    tightest = {}
    for row in result:
        scale = max((abs(value) for key, value in row.items() if key is not None), default=Fraction(1))
        key = tuple(sorted((k, v / scale) for k, v in row.items() if k is not None))
        constant = row.get(None, Fraction(0)) / scale
        if key not in tightest or constant < tightest[key]:
            tightest[key] = constant
    return [{**dict(key), None: constant} for key, constant in tightest.items()]


def rational_bounds(rows, wanted):
    """The bounds of one variable over the rationals: (low, high), None where there is none. (0, -1) when empty."""
    others = {name for row in rows for name in row if name not in (None, wanted)}
    for name in sorted(others):
        rows = eliminated(rows, name)
    low = high = None
    for row in rows:
        factor, constant = row.get(wanted, Fraction(0)), row.get(None, Fraction(0))
        if not factor and constant < 0:
            return 0, -1
        if factor > 0 and (low is None or -constant / factor > low):
            low = -constant / factor
        if factor < 0 and (high is None or -constant / factor < high):
            high = -constant / factor
    if low is not None and high is not None and low > high:
        return 0, -1
    return (None if low is None else math.ceil(low)), (None if high is None else math.floor(high))


def box_of(contraction):
    """The range of each variable, a superset of the valid points'. (ranges, names of variables without a bound)"""
    variables = contraction.variables()
    rows = linear_rows(contraction)
    if any(row.get(None, 0) < 0 for row in rows if not any(name is not None for name in row)):
        return {v: (0, -1) for v in variables}, []
    ranges = intervals(rows, variables)
    for name in variables:
        if None in ranges[name]:
            ranges[name] = rational_bounds(rows, name)
    if any(None not in r and r[0] > r[1] for r in ranges.values()):
        return {v: (0, -1) for v in variables}, []
    return ranges, [name for name in variables if None in ranges[name]]


def points_in(contraction, ranges):
    """The valid points in a box: the value of each variable, and the output's indices."""
    names = list(ranges)
    lengths = [max(0, int(high) - int(low) + 1) for low, high in ranges.values()]
    if math.prod(lengths) > BOX_LIMIT:
        raise Rejected("too many points")
    grid = np.indices(lengths, dtype=np.int64).reshape(len(names), math.prod(lengths))
    if not names:
        grid = np.zeros((0, 1), np.int64)
    box = {name: grid[axis] + int(ranges[name][0]) for axis, name in enumerate(names)}
    count = grid.shape[1]
    valid = np.ones(count, bool)

    def whole(index):
        nonlocal valid
        value, common = index.values(box)
        value = np.broadcast_to(np.asarray(value, np.int64), (count,))
        valid = valid & (value % common == 0)
        return value // common

    def inside(index, size):
        nonlocal valid
        value = whole(index)
        valid = valid & (value >= 0)
        if size is not None:
            valid = valid & (value < size)
        return value

    places = [
        inside(index, None if contraction.sizes is None else contraction.sizes[axis])
        for axis, index in enumerate(contraction.output)
    ]
    reads = [
        [inside(index, contraction.tensors[operand.tensor].shape[axis]) for axis, index in enumerate(operand.indices)]
        for operand in contraction.operands
    ]
    for constraint in contraction.constraints:
        sides = [whole(side) for side in constraint.sides]
        for left, relation, right in zip(sides, constraint.relations, sides[1:]):
            valid = valid & RELATIONS[relation](left, right)
        if constraint.implies_not_negative():
            valid = valid & (sides[0] >= 0)
    return [place[valid] for place in places], [[axis[valid] for axis in read] for read in reads], int(valid.sum())


# Values and types.


def common_type(a, b):
    """The language's table, for the signed integers and floats that are used here."""
    if a.kind == b.kind:
        return a if a.itemsize >= b.itemsize else b
    if "b" in (a.kind, b.kind):
        return b if a.kind == "b" else a
    return a if a.kind == "f" else b


def weak(dtype):
    """The type of an integer literal with this one."""
    return np.dtype("i4") if dtype.kind == "b" else dtype


FORMS = {  # text: value, type
    "{}": (lambda x: x, lambda t: t),
    "-{}": (lambda x: -x, weak),
    "abs({})": (abs, lambda t: t),
    "{} * 2": (lambda x: x * 2, weak),
    "({} + 1)": (lambda x: x + 1, weak),
    "max({}, 1)": (lambda x: np.maximum(x, 1), weak),
    "cond({0} > 0, {0}, 1)": (lambda x: np.where(x > 0, x, 1), weak),
}


def body_of(contraction, reads):
    """The body's value at each point, its type, and whether the point takes part."""
    values, types = [], []
    for operand, read in zip(contraction.operands, reads):
        tensor = contraction.tensors[operand.tensor]
        value = tensor.astype(np.int64)[tuple(read)] if read else tensor.astype(np.int64)[()]
        if contraction.producer and operand.tensor == 0:
            value = value * 2
        compute, result = FORMS[operand.form]
        values.append(compute(value))
        types.append(result(tensor.dtype))
    takes_part = True
    combination = contraction.combination
    if combination == "cond":
        return values[2], types[2], values[0] == values[1]
    total, dtype = values[0], types[0]
    for value, other in zip(values[1:], types[1:]):
        dtype = common_type(dtype, other)
        total = {"*": np.multiply, "+": np.add, "-": np.subtract, "==": np.equal}[combination](total, value)
    if combination == "==":
        total, dtype = np.asarray(total, np.int64), np.dtype("?")
    return total, dtype, takes_part


def result_type(aggregation, dtype):
    if aggregation in "+*" and (dtype.kind == "b" or (dtype.kind == "i" and dtype.itemsize < 4)):
        return np.dtype("i4")
    return dtype


def aggregate(contraction, places, body, shape):
    """The result in 64-bit integers, before defaults, and the number of points at each element."""
    flat = np.ravel_multi_index(places, shape) if shape and body.size else np.zeros(body.size, np.int64)
    count = np.zeros(math.prod(shape), np.int64)
    np.add.at(count, flat, 1)
    largest = np.iinfo(np.int64).max
    start, merge = {
        "+": (0, np.add),
        "*": (1, np.multiply),
        ">": (-largest, np.maximum),
        "<": (largest, np.minimum),
        "=": (0, np.add),
    }[contraction.aggregation]
    result = np.full(math.prod(shape), start, np.int64)
    magnitude = np.full(math.prod(shape), abs(start) if contraction.aggregation in "+*=" else 0, np.float64)
    merge.at(result, flat, body)
    if contraction.aggregation in "+*":
        merge.at(magnitude, flat, np.abs(body).astype("f8"))
    return result, count, magnitude.max(initial=0)


def evaluate(contraction) -> Union[np.ndarray, Error]:
    """The contraction's result, or the error that it must give. Rejected when that is left open."""
    ranges, unbounded = box_of(contraction)
    if unbounded:
        nearby = {
            name: tuple(x if x is not None else (-6, 6)[i] for i, x in enumerate(r)) for name, r in ranges.items()
        }
        if points_in(contraction, nearby)[2] == 0:
            raise Rejected("perhaps empty, perhaps without bound")
        return Error("bound")
    places, reads, count = points_in(contraction, ranges)
    shape = contraction.sizes
    if shape is None:
        shape = tuple(int(place.max(initial=-1)) + 1 for place in places)
    if math.prod(shape) > BOX_LIMIT:
        raise Rejected("too large")
    body, dtype, takes_part = body_of(contraction, reads)
    body = np.broadcast_to(body, (count,))
    if dtype == np.int8 and np.abs(body).max(initial=0) > 100:
        raise Rejected("not exact")
    if contraction.aggregation == "=":
        _, writes, _ = aggregate(contraction, places, body, shape)
        if writes.max(initial=0) > 1:
            return Error("once|more than one|several")
    takes_part = np.broadcast_to(np.asarray(takes_part, bool), (count,))
    result, writes, magnitude = aggregate(contraction, [place[takes_part] for place in places], body[takes_part], shape)
    dtype = result_type(contraction.aggregation, dtype)
    limit = {"f4": 2.0**23, "f8": 2.0**52}.get(dtype.str[1:], 2.0**62)
    if magnitude > limit:
        raise Rejected("not exact")
    unwritten = 0 if contraction.default is None else contraction.default.reshape(-1).astype(np.int64)
    result = np.where(writes > 0, result, unwritten)
    if contraction.consumer:
        result, dtype = result * 2 + 1, weak(dtype)
    return result.reshape(shape).astype(dtype)
