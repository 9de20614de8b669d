#!/usr/bin/env python3
"""Fits the polynomials of the GPU's functions of f32 (compiler/target/gpu/math), so that nobody has to trust them.

    fit-polynomial.py [NAME...]

Remez's exchange algorithm (E. Remez, 1934) in 50 decimal digits. For each function: the coefficients, that of the
greatest power first, rounded to f32, and the greatest relative error of the whole function on its interval that the
rounded polynomial leaves, as a power of two. Without names: all of them.
"""
import struct
import sys
from decimal import Decimal as D, getcontext

getcontext().prec = 50


def series(term, ratio):
    """The sum of term, term * ratio(1), ... until the terms vanish."""
    total, k = D(0), 1
    while abs(term) > D(10) ** -48:
        total += term
        term *= ratio(k)
        k += 1
    return total


def atan(x):
    return sum((D(-1) ** k * x ** (2 * k + 1) / (2 * k + 1) for k in range(150)), D(0))


def asin(x):
    return series(x, lambda k: None) if x == 0 else sum(asin_terms(x), D(0))


def asin_terms(x):
    term = x
    for k in range(1, 200):
        yield term
        term *= x * x * (2 * k - 1) ** 2 / (2 * k * (2 * k + 1))


def sin(x):
    return series(x, lambda k: -x * x / (2 * k * (2 * k + 1)))


def cos(x):
    return series(D(1), lambda k: -x * x / (2 * k * (2 * k - 1)))


def sinh(x):
    return (x.exp() - (-x).exp()) / 2


def artanh(x):
    return ((1 + x) / (1 - x)).ln() / 2


def odd(function):
    """P of f(x) = x + x z P(z) with z = x^2: what is fitted, and what an error of P weighs in f relatively."""
    return (lambda z: (function(z.sqrt()) / z.sqrt() - 1) / z, lambda z: z.sqrt() * z / function(z.sqrt()))


# name: (the fitted function and its weight, interval of the polynomial's argument, degree)
QUARTER = D("0.7853981633974483096")  # pi/4
FITS = {
    # exp(r) = 1 + r + r^2 P(r)
    "exp": ((lambda r: (r.exp() - 1 - r) / (r * r), lambda r: r * r / r.exp()), (D("-0.3467"), D("0.3467")), 4),
    # log(1 + f) = f - f^2/2 + f^3 P(f)
    "log": ((lambda f: ((1 + f).ln() - f + f * f / 2) / f ** 3, lambda f: f ** 3 / (1 + f).ln()),
            (D("-0.2929"), D("0.4143")), 8),
    "sin": (odd(sin), (D("1e-6"), QUARTER ** 2), 3),
    # cos(r) = 1 - z/2 + z^2 P(z)
    "cos": ((lambda z: (cos(z.sqrt()) - 1 + z / 2) / (z * z), lambda z: z * z / cos(z.sqrt())),
            (D("1e-6"), QUARTER ** 2), 3),
    "atan": (odd(atan), (D("1e-6"), D("0.2501")), 5),
    "asin": (odd(asin), (D("1e-6"), D("0.25")), 5),
    "sinh": (odd(sinh), (D("1e-6"), D(1)), 3),
    # 2 artanh(s) = 2s + 2/3 s^3 + s^5 P(s^2)
    "artanh": ((lambda z: (2 * artanh(z.sqrt()) / z.sqrt() - 2 - 2 * z / 3) / (z * z),
                lambda z: z.sqrt() * z * z / (2 * artanh(z.sqrt()))), (D("1e-4"), D("0.0296")), 3),
}


def solve(matrix, right):
    """Gauss elimination with pivoting."""
    n = len(right)
    rows = [row + [value] for row, value in zip(matrix, right)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, n):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    result = [D(0)] * n
    for i in reversed(range(n)):
        rest = sum((rows[i][j] * result[j] for j in range(i + 1, n)), D(0))
        result[i] = (rows[i][n] - rest) / rows[i][i]
    return result


def evaluate(coefficients, x):
    """The value of the polynomial; the constant term comes first."""
    total = D(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def extrema(errors, count):
    """The places of `count` alternating extremes of a list of errors, or None."""
    places = []
    for i, e in enumerate(errors):
        if places and (errors[places[-1]] > 0) == (e > 0):
            if abs(e) > abs(errors[places[-1]]):
                places[-1] = i
        else:
            places.append(i)
    while len(places) > count:
        places.pop(0 if abs(errors[places[0]]) < abs(errors[places[-1]]) else -1)
    return places if len(places) == count else None


def remez(function, weight, low, high, degree, points=400):
    """The coefficients, constant term first, of the polynomial with the least greatest weighted error."""
    count = degree + 2
    grid = [low + (high - low) * (1 - cos(D("3.14159265358979323846") * i / (points - 1))) / 2 for i in range(points)]
    values, weights = [function(x) for x in grid], [weight(x) for x in grid]
    places = [round(i * (points - 1) / (count - 1)) for i in range(count)]
    for _ in range(12):
        matrix = [[grid[p] ** k for k in range(degree + 1)] + [D(-1) ** i / weights[p]] for i, p in enumerate(places)]
        *coefficients, _ = solve(matrix, [values[p] for p in places])
        errors = [(v - evaluate(coefficients, x)) * w for x, v, w in zip(grid, values, weights)]
        places = extrema(errors, count)
        if places is None:
            break
    return coefficients, grid, values, weights


def to_single(x):
    return D(struct.unpack("f", struct.pack("f", float(x)))[0])


def main(names):
    for name in names or FITS:
        (function, weight), (low, high), degree = FITS[name]
        coefficients, grid, values, weights = remez(function, weight, low, high, degree)
        rounded = [to_single(c) for c in coefficients]
        worst = max(abs((v - evaluate(rounded, x)) * w) for x, v, w in zip(grid, values, weights))
        print(f"{name}: error 2^{float(worst.ln() / D(2).ln()):.1f}")
        print("  {" + ", ".join(float(c).hex() for c in reversed(rounded)) + "}")
        print("  {" + ", ".join(f"{float(c):.10g}" for c in reversed(rounded)) + "}")


if __name__ == "__main__":
    main(sys.argv[1:])
