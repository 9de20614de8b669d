"""Matrix products and their relatives, on sizes at and around the edges of tiles, and in every element type."""

import numpy as np

from data import ELEMENT_TYPES, SIZES, Data, wide
from harness import Case

d = Data(1)
MATMUL = """
// Matrix product: the ranges of m, n and k follow from the shapes.
function matmul(A[M, K], B[K, N]) -> (C) {
  C[m, n : M, N] = +(A[m, k] * B[k, n]);
}
"""


def product(A, B):
    return (A.astype("f8") @ B.astype("f8")).astype("f4")


def sizes():
    """Each size in each place, beside sizes of another kind."""
    shapes = {(s, 5, 3) for s in SIZES} | {(4, s, 6) for s in SIZES} | {(3, 7, s) for s in SIZES}
    shapes |= (
        {(s, s, s) for s in SIZES}
        | {(1, s, 1) for s in SIZES}
        | {
            (15, 31, 33),
            (65, 63, 129),
            (128, 1, 128),
            (2, 1025, 2),
            (255, 257, 9),
            (1, 300, 301),
            (301, 300, 1),
            (0, 0, 0),
        }
    )
    return sorted(shapes)


CASES = [
    Case(
        f"matmul {m}x{k}x{n}",
        MATMUL,
        dict(A=d.f32(m, k), B=d.f32(k, n)),
        lambda A, B: dict(C=product(A, B)),
        package=(m + n + k) % 3 == 0,
    )
    for m, k, n in sizes()
]

LAYOUTS = [
    ("transposed left", "A[K, M], B[K, N]", "C[m, n : M, N]", "A[k, m] * B[k, n]", "km,kn->mn", (19, 33), (19, 18)),
    ("transposed right", "A[M, K], B[N, K]", "C[m, n : M, N]", "A[m, k] * B[n, k]", "mk,nk->mn", (17, 35), (34, 35)),
    ("both transposed", "A[K, M], B[N, K]", "C[m, n : M, N]", "A[k, m] * B[n, k]", "km,nk->mn", (9, 40), (21, 9)),
    ("transposed result", "A[M, K], B[K, N]", "C[n, m : N, M]", "A[m, k] * B[k, n]", "mk,kn->nm", (16, 17), (17, 15)),
    (
        "batch",
        "A[B0, M, K], B[B0, K, N]",
        "C[b, m, n : B0, M, N]",
        "A[b, m, k] * B[b, k, n]",
        "bmk,bkn->bmn",
        (3, 5, 7),
        (3, 7, 20),
    ),
    (
        "batch last",
        "A[M, K, B0], B[K, N, B0]",
        "C[m, n, b : M, N, B0]",
        "A[m, k, b] * B[k, n, b]",
        "mkb,knb->mnb",
        (5, 7, 17),
        (7, 6, 17),
    ),
    (
        "one matrix for a batch",
        "A[B0, M, K], B[K, N]",
        "C[b, m, n : B0, M, N]",
        "A[b, m, k] * B[k, n]",
        "bmk,kn->bmn",
        (4, 6, 9),
        (9, 33),
    ),
    (
        "two reductions",
        "A[M, K, L], B[L, N, K]",
        "C[m, n : M, N]",
        "A[m, k, l] * B[l, n, k]",
        "mkl,lnk->mn",
        (6, 5, 4),
        (4, 16, 5),
    ),
    (
        "four-dimensional result",
        "A[M, P, K], B[K, N, Q]",
        "C[m, p, n, q : M, P, N, Q]",
        "A[m, p, k] * B[k, n, q]",
        "mpk,knq->mpnq",
        (3, 4, 5),
        (5, 2, 17),
    ),
    ("dot", "A[N], B[N]", "C[]", "A[i] * B[i]", "i,i->", (1000,), (1000,)),
    ("matrix and vector", "A[M, N], B[N]", "C[m : M]", "A[m, n] * B[n]", "mn,n->m", (65, 130), (130,)),
    ("vector and matrix", "A[M], B[M, N]", "C[n : N]", "A[m] * B[m, n]", "m,mn->n", (65,), (65, 31)),
    ("outer product", "A[M], B[N]", "C[m, n : M, N]", "A[m] * B[n]", "m,n->mn", (33,), (18,)),
    ("elementwise product", "A[M, N], B[M, N]", "C[m, n : M, N]", "A[m, n] * B[m, n]", "mn,mn->mn", (9, 10), (9, 10)),
    ("trace of a product", "A[M, N], B[N, M]", "C[]", "A[m, n] * B[n, m]", "mn,nm->", (12, 7), (7, 12)),
    ("diagonal of a product", "A[M, N], B[N, M]", "C[m : M]", "A[m, n] * B[n, m]", "mn,nm->m", (12, 7), (7, 12)),
]
for name, parameters, output, body, subscripts, a, b in LAYOUTS:
    CASES.append(
        Case(
            name,
            f"function f({parameters}) -> (C) {{ {output} = +({body}); }}",
            dict(A=d.f32(*a), B=d.f32(*b)),
            lambda A, B, s=subscripts: dict(C=np.einsum(s, A.astype("f8"), B.astype("f8")).astype("f4")),
            package=True,
        )
    )

for element, dtype in ELEMENT_TYPES.items():
    A, B = d.of(dtype, 17, 19), d.of(dtype, 19, 16)
    result = (A.astype("i8") @ B.astype("i8")).astype(wide(A))
    CASES.append(
        Case(
            f"matmul of {element}",
            MATMUL.replace("A[M", f"A: {element}[M").replace("B[K", f"B: {element}[K"),
            dict(A=A, B=B),
            dict(C=result),
            exact=True,
            package=True,
        )
    )

CASES += [
    Case(
        "three factors",
        "function f(A[M, K], B[K, L], C[L, N]) -> (O) { O[m, n : M, N] = +(A[m, k] * B[k, l] * C[l, n]); }",
        dict(A=d.f32(7, 5), B=d.f32(5, 6), C=d.f32(6, 17)),
        lambda A, B, C: dict(O=(A.astype("f8") @ B @ C).astype("f4")),
    ),
    Case(
        "a chain of products",
        "function f(A[M, K], B[K, L], C[L, N]) -> (O) { T[m, l] = +(A[m, k] * B[k, l]); O[m, n] = +(T[m, l] * C[l, n]); }",
        dict(A=d.f32(33, 20), B=d.f32(20, 34), C=d.f32(34, 35)),
        lambda A, B, C: dict(O=(A.astype("f8") @ B @ C).astype("f4")),
    ),
    Case(
        "a matrix times itself",
        "function f(A[N, N]) -> (O) { O[i, j : N, N] = +(A[i, k] * A[k, j]); }",
        dict(A=d.f32(33, 33)),
        lambda A: dict(O=product(A, A)),
    ),
    Case(
        "Gram matrix",
        "function f(A[N, D]) -> (O) { O[i, j : N, N] = +(A[i, k] * A[j, k]); }",
        dict(A=d.f32(18, 50)),
        lambda A: dict(O=product(A, A.T)),
    ),
    Case(
        "epilogue and prologue",
        """
function f(X[M, K], W[K, N], B[N]) -> (Y) {
  S = 2 * X - 1;
  P[m, n : M, N] = +(S[m, k] * W[k, n]);
  Y = max(P + B, 0.1 * (P + B));
}""",
        dict(X=d.f32(18, 40), W=d.f32(40, 35), B=d.f32(35)),
        lambda X, W, B: dict(Y=leaky((2 * X.astype("f8") - 1) @ W + B)),
    ),
    Case(
        "the product is used twice and given out",
        """
function f(A[M, K], B[K, N]) -> (C, D, E) {
  C[m, n : M, N] = +(A[m, k] * B[k, n]);
  D = exp(C);
  E[m : M] = >(C[m, n]);
}""",
        dict(A=d.f32(9, 4), B=d.f32(4, 21)),
        lambda A, B: dict(C=product(A, B), D=np.exp(A.astype("f8") @ B).astype("f4"), E=product(A, B).max(1)),
    ),
    Case(
        "long sums keep their precision",
        "function f(A[N]) -> (S) { S[] = +(A[n]); }",
        dict(A=np.full(300007, 0.1, "f4")),
        lambda A: dict(S=np.float32(A.astype("f8").sum())),
        rtol=1e-5,
        atol=0,
    ),
    Case(
        "expressions as operands",
        "function f(A[M, K], B[K, N]) -> (C) { C[m, n : M, N] = +(exp(A[m, k]) * (B[k, n] - 1) / 2); }",
        dict(A=d.f32(6, 7), B=d.f32(7, 18)),
        lambda A, B: dict(C=(np.exp(A.astype("f8")) @ (B.astype("f8") - 1) / 2).astype("f4")),
    ),
    Case(
        "a scalar inside a contraction",
        "function f(A[M, K], B[K, N], s) -> (C) { C[m, n : M, N] = +(A[m, k] * s * B[k, n]); }",
        dict(A=d.f32(6, 7), B=d.f32(7, 18), s=2.5),
        lambda A, B, s: dict(C=product(A, 2.5 * B)),
        package=True,
    ),
    Case(
        "mixed element types",
        "function f(A[M, K], B[K, N]) -> (C) { C[m, n : M, N] = +(A[m, k] * B[k, n]); }",
        dict(A=d.of("u1", 6, 7), B=d.f32(7, 18)),
        lambda A, B: dict(C=product(A, B)),
        package=True,
    ),
]


def leaky(x):
    return np.maximum(x, 0.1 * x).astype("f4")
