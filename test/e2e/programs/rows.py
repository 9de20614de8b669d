"""What GPU schedules share out to teams of threads: rows, columns and permuted copies, of sizes around theirs."""

import numpy as np

from data import Data
from harness import Case

d = Data(41)
CASES = []


def wide(array):
    return array.astype("f8")


def softmax(X):
    e = np.exp(wide(X) - wide(X).max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


SOFTMAX = """
function softmax(X[M, N]) -> (Y) {
  Largest[m, 0 : M, 1] = >(X[m, n]);
  E = exp(X - Largest);
  Sum[m, 0 : M, 1] = +(E[m, n]);
  Y = E / Sum;
}"""
LAYER_NORM = """
function layer_norm(X[M, N], Scale[N], Shift[N]) -> (Y, Mean) {
  S[m, 0 : M, 1] = +(X[m, n]);
  Mean = S / N;
  D = X - Mean;
  Q = D * D;
  V[m, 0 : M, 1] = +(Q[m, n]);
  Y = D / sqrt(V / N + 0.00001) * Scale + Shift;
}"""
ROW = "function row(X[M, N]) -> (Y) { Y[m : M] = %s(X[m, n]); }"
COLUMN = "function column(X[M, N]) -> (Y) { Y[n : N] = %s(X[m, n]); }"


def layer_norm(X, Scale, Shift):
    mean = wide(X).mean(-1, keepdims=True)
    centred = wide(X) - mean
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 0.00001)
    return dict(Y=(scaled * Scale + Shift).astype("f4"), Mean=mean.astype("f4"))


# Chains: rows of one vector, of less, of a prime, of more than one workgroup holds in registers.
for m, n in [(1, 1), (3, 2), (17, 31), (5, 128), (33, 64), (2, 1001), (3, 4100), (1, 70001)]:
    CASES.append(
        Case(
            f"softmax of {m} rows of {n}",
            SOFTMAX,
            dict(X=d.f32(m, n, low=-3, high=3)),
            lambda X: dict(Y=softmax(X).astype("f4")),
            package=n == 31,
        )
    )
    CASES.append(
        Case(
            f"layer norm of {m} rows of {n}",
            LAYER_NORM,
            dict(X=d.f32(m, n), Scale=d.f32(n), Shift=d.f32(n)),
            layer_norm if n > 1 else None,
            rtol=1e-4,
            atol=1e-4,
        )
    )
for kind in ("f2", "f8"):
    CASES.append(
        Case(
            f"softmax of {kind}",
            SOFTMAX,
            dict(X=d.f32(7, 40).astype(kind)),
            lambda X, kind=kind: dict(Y=softmax(X).astype(kind)),
            atol=2e-3 if kind == "f2" else None,
        )
    )
broken = d.f32(4, 66)
broken[1, 40], broken[2, 3] = np.nan, np.inf
with np.errstate(invalid="ignore"):
    CASES.append(Case("softmax of NaN and infinity", SOFTMAX, dict(X=broken), dict(Y=softmax(broken).astype("f4"))))
# One value a row that meets the columns of a square, and a kernel that the chain must not swallow.
CASES.append(
    Case(
        "maxima of rows, subtracted from columns",
        "function f(X[N, N]) -> (Y) { L[m : N] = >(X[m, n]); Y = X - L; }",
        dict(X=d.f32(20, 20)),
        lambda X: dict(Y=X - X.max(1)),
    )
)
CASES.append(
    Case(
        "two uses of the maxima, one of them across rows",
        """
function f(X[M, N]) -> (Y) {
  L[m, 0 : M, 1] = >(X[m, n]);
  T[0, 0 : 1, 1] = >(L[m, n]);
  Y = (X - L) * T;
}""",
        dict(X=d.f32(9, 24)),
        lambda X: dict(Y=(X - X.max(1, keepdims=True)) * X.max()),
    )
)
CASES.append(
    Case(
        "inner dimensions together",
        """
function f(X[A, B, C, D]) -> (Y, Z) {
  Q = X * X;
  Y[a, b, 0, 0 : A, B, 1, 1] = +(Q[a, b, c, d]);
  Z = Q / Y;
}""",
        dict(X=d.f32(3, 2, 7, 5)),
        lambda X: dict(
            Y=(wide(X) ** 2).sum((2, 3), keepdims=True).astype("f4"),
            Z=(wide(X) ** 2 / (wide(X) ** 2).sum((2, 3), keepdims=True)).astype("f4"),
        ),
    )
)
CASES.append(
    Case(
        "the place of the maximum by comparison",
        """
function f(X[M, N]) -> (Y) {
  L[m, 0 : M, 1] = >(X[m, n]);
  Y = X == L ? 1.0 : 0.0;
}""",
        dict(X=d.f32(19, 100)),
        lambda X: dict(Y=(X == X.max(1, keepdims=True)).astype("f4")),
        exact=True,
    )
)

# Every aggregation of rows and columns, on whole numbers, so that all is exact.
AGGREGATIONS = {"+": np.add, "*": np.multiply, ">": np.maximum, "<": np.minimum}
for m, n in [(1, 5), (40, 3), (129, 66), (300, 8)]:
    for spelling, function in AGGREGATIONS.items():
        for axis, source in ((1, ROW), (0, COLUMN)):
            CASES.append(
                Case(
                    f"{spelling} of {'rows' if axis else 'columns'} of {m}x{n}",
                    source % spelling,
                    dict(X=d.f32(m, n, low=-2, high=2).round() if spelling != "*" else np.sign(d.f32(m, n))),
                    lambda X, function=function, axis=axis: dict(Y=function.reduce(X, axis)),
                    package=False,
                )
            )
for kind in ("i1", "i8", "u4", "f8"):
    CASES.append(
        Case(
            f"largest of columns of {kind}",
            COLUMN % ">",
            dict(X=d.of(kind, 77, 12)),
            lambda X: dict(Y=X.max(0)),
        )
    )
CASES.append(
    Case(
        "means of channels",
        "function f(X[N, H, W, C]) -> (Y) { S[c : C] = +(X[n, h, w, c]); Y = S / (N * H * W); }",
        dict(X=d.f32(2, 9, 11, 12)),
        lambda X: dict(Y=wide(X).mean((0, 1, 2)).astype("f4")),
    )
)

# Permuted copies.
TRANSPOSE = "function t(X[M, N]) -> (Y) { Y[n, m : N, M] = =(X[m, n]); }"
for m, n in [(16, 16), (17, 33), (64, 64), (65, 63), (100, 36), (1, 40), (200, 5)]:
    CASES.append(Case(f"transposition of {m}x{n}", TRANSPOSE, dict(X=d.f32(m, n)), lambda X: dict(Y=X.T), exact=True))
for kind in ("i1", "f2", "i8"):
    CASES.append(
        Case(f"transposition of {kind}", TRANSPOSE, dict(X=d.of(kind, 36, 70)), lambda X: dict(Y=X.T), exact=True)
    )
CASES.append(
    Case(
        "channels first, with what comes before and behind",
        """
function f(X[N, H, W, C], B[C, 1, 1]) -> (Y) {
  P = X * 2.0;
  T[n, c, h, w : N, C, H, W] = =(P[n, h, w, c]);
  Y = T + B;
}""",
        dict(X=d.f32(2, 5, 7, 18), B=d.f32(18, 1, 1)),
        lambda X, B: dict(Y=X.transpose(0, 3, 1, 2) * np.float32(2) + B),
    )
)
CASES.append(
    Case(
        "all dimensions in the other order",
        "function f(X[A, B, C, D]) -> (Y) { Y[d, c, b, a : D, C, B, A] = =(X[a, b, c, d]); }",
        dict(X=d.f32(17, 3, 2, 20)),
        lambda X: dict(Y=X.transpose(3, 2, 1, 0)),
        exact=True,
    )
)
