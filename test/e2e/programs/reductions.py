"""Reductions: pools, every aggregation with every combination, running sums, the argmax idiom, lookups by comparison."""

import numpy as np

from data import ELEMENT_TYPES, SIZES, Data, wide
from harness import Case

d = Data(3)
CASES = []

# Pools.
POOL = "function pool(I[N]) -> (X, L, S) { %s }" % " ".join(
    f"{name}[n : (N + 1) / 2] = {aggregation}(I[2*n + i]), i < 2;"
    for name, aggregation in (("X", ">"), ("L", "<"), ("S", "+"))
)
for n in SIZES:
    CASES.append(
        Case(
            f"pools of {n}, negative values",
            POOL,
            dict(I=d.f32(n, low=-2, high=-1)),
            lambda I: dict(
                X=np.array([I[j : j + 2].max() for j in range(0, len(I), 2)], "f4"),
                L=np.array([I[j : j + 2].min() for j in range(0, len(I), 2)], "f4"),
                S=np.array([I[j : j + 2].sum() for j in range(0, len(I), 2)], "f4"),
            ),
            package=n == 7,
        )
    )
POOL2D = """
function pool(I[N, H, W, C]) -> (X, A) {
  X[n, y, x, c : N, (H - %(r)d) / %(s)d + 1, (W - %(r)d) / %(s)d + 1, C] = >(I[n, %(s)d*y + r, %(s)d*x + q, c]), r < %(r)d, q < %(r)d;
  T[n, y, x, c : N, (H - %(r)d) / %(s)d + 1, (W - %(r)d) / %(s)d + 1, C] = +(I[n, %(s)d*y + r, %(s)d*x + q, c]), r < %(r)d, q < %(r)d;
  A = T / (%(r)d * %(r)d);
}
"""


def windows2d(I, r, s):
    return np.lib.stride_tricks.sliding_window_view(I.astype("f8"), (r, r), (1, 2))[:, ::s, ::s]


for (h, w, c), r, s in [
    ((8, 8, 4), 2, 2),
    ((9, 7, 3), 3, 2),
    ((7, 7, 17), 3, 1),
    ((10, 11, 1), 3, 3),
    ((5, 9, 2), 1, 2),
]:
    CASES.append(
        Case(
            f"pool2d of {h}x{w}x{c}, window {r}, stride {s}",
            POOL2D % dict(r=r, s=s),
            dict(I=d.f32(2, h, w, c)),
            lambda I, r=r, s=s: dict(
                X=windows2d(I, r, s).max((-2, -1)).astype("f4"), A=windows2d(I, r, s).mean((-2, -1)).astype("f4")
            ),
            package=r == 2,
        )
    )
CASES.append(
    Case(
        "max pool with padding, negative values",
        """
function pool(I[H, W]) -> (X) { X[y, x : (H + 1) / 2, (W + 1) / 2] = >(I[2*y + i - 1, 2*x + j - 1]), i < 3, j < 3; }""",
        dict(I=d.f32(7, 8, low=-5, high=-4)),
        lambda I: dict(
            X=np.array(
                [
                    [I[max(0, 2 * y - 1) : 2 * y + 2, max(0, 2 * x - 1) : 2 * x + 2].max() for x in range(4)]
                    for y in range(4)
                ],
                "f4",
            )
        ),
    )
)

# Each aggregation over each combination, on whole numbers, so that all is exact.
AGGREGATIONS = {"+": np.add, "*": np.multiply, ">": np.maximum, "<": np.minimum}
COMBINATIONS = {
    "none": ("A[m, k]", lambda A, B, C: A[:, :, None] + 0 * B),
    "product": ("A[m, k] * B[k, n]", lambda A, B, C: A[:, :, None] * B),
    "sum": ("A[m, k] + B[k, n]", lambda A, B, C: A[:, :, None] + B),
    "difference": ("A[m, k] - B[k, n]", lambda A, B, C: A[:, :, None] - B),
    "equality": ("A[m, k] == B[k, n]", lambda A, B, C: A[:, :, None] == B),
    "order": ("A[m, k] < B[k, n]", lambda A, B, C: A[:, :, None] < B),
    "three factors": ("A[m, k] * B[k, n] * C[k]", lambda A, B, C: A[:, :, None] * B * C[:, None]),
    "choice": (
        "(A[m, k] < B[k, n] ? C[k] : A[m, k])",
        lambda A, B, C: np.where(A[:, :, None] < B, C[:, None], A[:, :, None]),
    ),
}


def aggregated(values, operation):
    return operation.reduce(values, axis=1).astype(wide(values) if operation in (np.add, np.multiply) else values.dtype)


for name, (body, values) in COMBINATIONS.items():
    outputs = [f"O{number}" for number in range(4)]
    for dtype, sizes in (("f4", (5, 4, 6)), ("i4", (3, 7, 17)), ("f8", (2, 3, 9)), ("f4", (17, 5, 33))):
        statements = " ".join(
            f"{o}[m, n : M, N] = {a}({body})" + (", 0 <= n < N" if name == "none" else "") + ";"
            for o, a in zip(outputs, AGGREGATIONS)
        )
        CASES.append(
            Case(
                f"aggregations of {name}, {dtype} {sizes[2]}",
                f"function f(A[M, K], B[K, N], C[K]) -> ({', '.join(outputs)}) {{ {statements} }}",
                dict(
                    A=d.of(dtype, *sizes[:2], low=-2, high=3),
                    B=d.of(dtype, *sizes[1:], low=-2, high=3),
                    C=d.of(dtype, sizes[1], low=-2, high=3),
                ),
                lambda A, B, C, values=values: {
                    o: aggregated(values(A, B, C), operation) for o, operation in zip(outputs, AGGREGATIONS.values())
                },
                atol=0,
                rtol=0,
                package=dtype == "f4",
            )
        )


def conditional(A, B, C, aggregation):
    O = np.zeros(len(A), C.dtype if aggregation in "<>=" else wide(C))
    for n in range(len(A)):
        chosen = C[B == A[n]]
        if len(chosen):
            O[n] = AGGREGATIONS[aggregation].reduce(chosen.astype(O.dtype)) if aggregation != "=" else chosen[0]
    return O


for n, m, span in [(6, 5, 4), (20, 17, 30), (3, 0, 2), (0, 3, 2), (33, 64, 3)]:
    CASES.append(
        Case(
            f"conditions, {n} of {m}",
            "function f(A[N], B[M], C[M]) -> (O0, O1, O2, O3) { %s }"
            % " ".join(f"O{number}[n : N] = {a}(A[n] == B[m] ? C[m]);" for number, a in enumerate(AGGREGATIONS)),
            dict(A=d.i32(n, low=0, high=span), B=d.i32(m, low=0, high=span), C=d.of("f4", m, low=-2, high=0)),
            lambda A, B, C: {f"O{number}": conditional(A, B, C, a) for number, a in enumerate(AGGREGATIONS)},
            rtol=0,
            atol=0,
            package=n == 6,
        )
    )
CASES.append(
    Case(
        "a condition that is no comparison",
        "function f(A[M, N], B[N]) -> (O) { O[m : M] = >(B[n] ? A[m, n]); }",
        dict(A=d.f32(4, 5, low=-3, high=-1), B=np.array([0, 1, 0, 2, 0], "i4")),
        lambda A, B: dict(O=A[:, [1, 3]].max(1)),
    )
)

# Whole tensors to scalars, and by each axis.
for shape in [(1,), (7,), (1000,), (3, 5), (17, 64), (2, 3, 4), (65, 33, 3), (2, 2, 2, 2, 2), ()]:
    names = ", ".join("ijklm"[: len(shape)])
    sizes = ", ".join(f"N{axis}" for axis in range(len(shape)))
    CASES.append(
        Case(
            f"global reductions of {shape}",
            f"function f(A[{sizes}]) -> (S, P, X, L) {{ S[] = +(A[{names}]); P[] = *(A[{names}]); X[] = >(A[{names}]); L[] = <(A[{names}]); }}",
            dict(A=d.f32(*shape, low=0.99, high=1.01)),
            lambda A: dict(S=np.float32(A.sum(dtype="f8")), P=np.float32(A.prod(dtype="f8")), X=A.max(), L=A.min()),
            rtol=1e-4,
        )
    )
for shape in [(5, 7), (64, 17), (1, 100), (100, 1), (16, 16), (0, 4), (4, 0)]:
    CASES.append(
        Case(
            f"sums by axis of {shape}",
            "function f(A[M, N]) -> (R, C, T) { R[m : M] = +(A[m, n]); C[n : N] = +(A[m, n]); T[m, 0 : M, 1] = +(A[m, n]); }",
            dict(A=d.f32(*shape)),
            lambda A: dict(R=A.sum(1), C=A.sum(0), T=A.sum(1, keepdims=True)),
        )
    )
CASES.append(
    Case(
        "a long sum",
        "function f(A[N]) -> (S) { S[] = +(A[n]); }",
        dict(A=d.f32(200000, low=0, high=1)),
        lambda A: dict(S=np.float32(A.sum(dtype="f8"))),
        rtol=1e-4,
    )
)
CASES.append(
    Case(
        "three axes at once",
        "function f(A[N, H, W, C]) -> (O) { O[c : C] = +(A[n, h, w, c]); }",
        dict(A=d.f32(3, 5, 7, 18)),
        lambda A: dict(O=A.sum((0, 1, 2), dtype="f8").astype("f4")),
    )
)
for element, dtype in ELEMENT_TYPES.items():
    A = d.of(dtype, 6, 9, low=None if dtype == "?" else 1)
    CASES.append(
        Case(
            f"reductions of {element}",
            "function f(A[M, N]) -> (S, P, X, L, E) { S[m : M] = +(A[m, n]); P[m : M] = *(A[m, n]), n < 3; X[m : M] = >(A[m, n]); L[m : M] = <(A[m, n]); E[n, m : N, M] = =(A[m, n]); }",
            dict(A=A),
            lambda A: dict(
                S=A.sum(1, dtype="f8").astype(wide(A)),
                P=A[:, :3].prod(1, dtype="f8").astype(wide(A)),
                X=A.max(1),
                L=A.min(1),
                E=A.T,
            ),
            rtol=0,
            atol=0,
            package=True,
        )
    )

# Running sums and maxima.
for n in (0, 1, 2, 17, 100):
    CASES.append(
        Case(
            f"running sums of {n}",
            """
function f(A[N]) -> (S, X, B) {
  S[n : N] = +(A[k]), n - k < N;       // 0 <= n - k
  X[n : N] = >(A[k]), k <= n;
  B[n : N] = +(A[k]), k > n;
}""",
            dict(A=d.f32(n)),
            lambda A: dict(S=np.cumsum(A), X=np.maximum.accumulate(A), B=(A[::-1].cumsum()[::-1] - A)),
            atol=1e-5,
        )
    )
CASES.append(
    Case(
        "running product by rows",
        "function f(A[M, N]) -> (O) { O[m, n : M, N] = *(A[m, k]), n - k < N; }",
        dict(A=d.f32(4, 9, low=0.5, high=1.5)),
        lambda A: dict(O=np.cumprod(A, 1)),
        rtol=1e-5,
    )
)
CASES.append(
    Case(
        "moving sums",
        "function f(A[N]) -> (O, P) { O[n : N] = +(A[n - k]), k < 4; P[n : N] = +(A[k]), -1 <= n - k <= 1; }",
        dict(A=d.f32(20)),
        lambda A: dict(O=np.convolve(A, np.ones(4, "f4"))[:20], P=np.convolve(A, np.ones(3, "f4"), "same")),
    )
)

# Ties: the first index.
ARG = """
function arg(A[M, N]) -> (Greatest, Least, Both) {
  X[m : M] = >(A[m, n]);
  L[m : M] = <(A[m, n]);
  I = index(A, 1);
  Greatest[m : M] = <(X[m] == A[m, n] ? I[m, n]);
  Least[m : M] = <(L[m] == A[m, n] ? I[m, n]);
  Both[m : M] = +(X[m] == A[m, n]);
}
"""
for shape, low, high in [((4, 6), -2, 3), ((9, 1), -1, 1), ((5, 100), 0, 4), ((3, 17), 0, 1), ((64, 7), -9, 9)]:
    CASES.append(
        Case(
            f"first greatest and least of {shape} in {low}..{high}",
            ARG,
            dict(A=d.of("f4", *shape, low=low, high=high)),
            lambda A: dict(
                Greatest=A.argmax(1).astype("i4"),
                Least=A.argmin(1).astype("i4"),
                Both=(A == A.max(1, keepdims=True)).sum(1).astype("i4"),
            ),
            package=True,
        )
    )
CASES.append(
    Case(
        "argmax of computed values finds its own maximum",
        """
function f(A[M, N], W[N, K]) -> (O, Hits) {
  P[m, k : M, K] = +(A[m, n] * W[n, k]);
  E = exp(P) * 1.7 + sin(P);
  X[m : M] = >(E[m, k]);
  I = index(E, 1);
  O[m : M] = <(X[m] == E[m, k] ? I[m, k]);
  Hits[m : M] = +(X[m] == E[m, k]);
}""",
        dict(A=d.f32(33, 20), W=d.f32(20, 19)),
        lambda A, W: (lambda P: dict(O=(np.exp(P) * 1.7 + np.sin(P)).argmax(1).astype("i4"), Hits=np.ones(33, "i4")))(
            A.astype("f8") @ W
        ),
    )
)
CASES.append(
    Case(
        "nearest neighbours",
        """
function nearest(X[M, D], Y[N, D]) -> (O) {
  XX[m, 0 : M, 1] = +(X[m, d] * X[m, d]);
  YY[0, n : 1, N] = +(Y[n, d] * Y[n, d]);
  XY[m, n : M, N] = +(X[m, d] * Y[n, d]);
  Distance = XX - 2 * XY + YY;
  L[m : M] = <(Distance[m, n]);
  I = index(Distance, 1);
  O[m : M] = <(L[m] == Distance[m, n] ? I[m, n]);
}""",
        dict(X=d.of("f4", 40, 30, low=0, high=6), Y=d.of("f4", 55, 30, low=0, high=6)),
        lambda X, Y: dict(O=((X[:, None] - Y) ** 2).sum(-1).argmin(1).astype("i4")),
        package=True,
    )
)

# Lookups by comparison.
CASES.append(
    Case(
        "one-hot, and a gather by ==",
        """
function f(I[N], T[V, D]) -> (H, G) {
  Rows = index(T, 0);
  H[n, v : N, V] = +(I[n] == Rows[v, 0]);
  G[n, d : N, D] = +(I[n] == Rows[v, d] ? T[v, d]);
}""",
        dict(I=np.array([3, 0, 7, 7, -1, 4, 5], "i4"), T=d.f32(8, 5)),
        lambda I, T: dict(
            H=(I[:, None] == np.arange(8)).astype("i4"), G=np.where((I >= 0)[:, None], T[I], 0).astype("f4")
        ),
    )
)
CASES.append(
    Case(
        "histogram",
        "function f(A[N], B[K]) -> (H) { R = index(B, 0); H[k : K] = +(A[n] == R[k]); }",
        dict(A=d.i32(300, low=0, high=10), B=np.zeros(12, "f4")),
        lambda A, B: dict(H=np.bincount(A, minlength=12).astype("i4")),
    )
)
CASES.append(
    Case(
        "sorting by ranks",
        """
function sort(A[N]) -> (S) {
  I = index(A, 0);
  R[i : N] = +(A[j] < A[i] || A[j] == A[i] && I[j] < I[i]);
  S[k : N] = +(I[k] == R[i] ? A[i]);
}""",
        dict(A=d.of("f4", 40, low=-9, high=9)),
        lambda A: dict(S=np.sort(A)),
    )
)

# NaN and infinity.
ODD = np.array(
    [[1, np.nan, 3], [4, 5, 6], [np.inf, 1, -np.inf], [-np.inf, -np.inf, -np.inf], [np.nan] * 3, [np.inf, np.nan, 0]],
    "f4",
)
CASES.append(
    Case(
        "odd values in reductions",
        "function f(A[M, N]) -> (S, P, X, L) { S[m : M] = +(A[m, n]); P[m : M] = *(A[m, n]); X[m : M] = >(A[m, n]); L[m : M] = <(A[m, n]); }",
        dict(A=ODD),
        lambda A: dict(S=A.sum(1), P=A.prod(1), X=A.max(1), L=A.min(1)),
        package=True,
    )
)
for axis in (0, 1):
    A = d.f32(40, 40)
    A[7, 11], A[30, 3] = np.nan, np.inf
    index = "m" if axis else "n"
    CASES.append(
        Case(
            f"odd values in wide reductions over axis {axis}",
            f"function f(A[M, N]) -> (X, L) {{ X[{index} : {index.upper()}] = >(A[m, n]); L[{index} : {index.upper()}] = <(A[m, n]); }}",
            dict(A=A),
            lambda A, axis=axis: dict(X=A.max(axis), L=A.min(axis)),
        )
    )
CASES.append(
    Case(
        "odd values in a product",
        "function f(A[M, K], B[K, N]) -> (C) { C[m, n : M, N] = +(A[m, k] * B[k, n]); }",
        dict(
            A=np.array([[np.inf, 0], [1, np.nan], [0, 0], [-np.inf, np.inf]], "f4"),
            B=np.array([[0, 1, 1e30], [1, 1, -1e30]], "f4"),
        ),
        lambda A, B: dict(C=(A[:, :, None] * B).sum(1)),
    )
)

# Long reductions to few elements, which wide devices compute in two steps.
for m, n in [(3, 70000), (70000, 5), (1, 100003), (250, 1000)]:
    CASES.append(
        Case(
            f"long reductions of {m}x{n}",
            """
function f(A[M, N], Y[N]) -> (S, R, C, V, B, L) {
  S[] = +(A[i, j]);
  R[i : M] = +(A[i, j]);
  C[j : N] = +(A[i, j]);
  Z = A - Y;
  V[j : N] = +(Z[i, j] * Z[i, j]);
  B[] = >(A[i, j]);
  L[j : N] = <(A[i, j]);
}""",
            dict(A=d.f32(m, n), Y=d.f32(n)),
            lambda A, Y: (
                lambda A, Y: dict(
                    S=np.array(A.sum(), "f4"),
                    R=A.sum(1).astype("f4"),
                    C=A.sum(0).astype("f4"),
                    V=((A - Y) ** 2).sum(0).astype("f4"),
                    B=np.array(A.max(), "f4"),
                    L=A.min(0).astype("f4"),
                )
            )(A.astype("f8"), Y.astype("f8")),
            atol=2e-3,
        )
    )
CASES.append(
    Case(
        "a long mean of each channel, and a dot product of halves",
        """
function f(A[N, C, H, W], X[K], Y[K]) -> (M, D) {
  S[0, c, 0, 0 : 1, C, 1, 1] = +(A[n, c, y, x]);
  M = S / (N * H * W);
  D[] = +(X[k] * Y[k]);
}""",
        dict(A=d.f32(4, 6, 61, 97), X=d.of("f2", 65536), Y=d.of("f2", 65536)),
        lambda A, X, Y: dict(
            M=A.astype("f8").mean((0, 2, 3), keepdims=True).astype("f4"),
            D=np.array((X.astype("f8") * Y.astype("f8")).sum(), "f2"),
        ),
        atol=1e-4,
    )
)
for m, n in [(2, 150000), (40, 3001)]:
    CASES.append(
        Case(
            f"long reductions of {m}x{n} with conditions and constraints",
            """
function f(A[M, N]) -> (I, T, W) {
  B[i : M] = >(A[i, j]);
  J = index(A, 1);
  I[i : M] = <(A[i, j] == B[i] ? J[i, j]);
  T[i : M] = +(A[i, j]), 0 <= j - 17 * i < N;
  W[i : 2 * M] = <(A[i, j]), j < N;
}""",
            dict(A=d.f32(m, n)),
            lambda A: dict(
                I=A.argmax(1).astype("i4"),
                T=np.array([row[17 * i :].sum() for i, row in enumerate(A.astype("f8"))], "f4"),
                W=np.concatenate([A.min(1), np.zeros(len(A), "f4")]),
            ),
            atol=2e-3,
        )
    )
