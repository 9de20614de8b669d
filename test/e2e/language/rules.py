"""The rules of docs/language.md that need a run: the example of each rule, as it stands on the page, and its edges.

A case is named after its rule, `rule-NN-name: what`; check_rules.py holds the page to that.
"""

import re
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from data import Data  # noqa: E402
from harness import CPU, INTERPRETER, Bad, Case  # noqa: E402

PAGE = Path(__file__).resolve().parents[3] / "docs" / "language.md"
d = Data(9)
CASES = []


def rules(text=None):
    """(number, name of the test, kind of test, example or None) for each rule of the page."""
    text = PAGE.read_text() if text is None else text
    found = []
    for section in re.split(r"^### (?=R\d+\. )", text, flags=re.MULTILINE)[1:]:
        number = int(re.match(r"R(\d+)\.", section).group(1))
        test = re.search(r"^Test: `(rule-[a-z0-9-]+)` \((unit|e2e)\)", section, flags=re.MULTILINE)
        example = re.search(r"^```tile\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)
        found.append((number, test and test.group(1), test and test.group(2), example and example.group(1)))
    return found


EXAMPLES = {test: example for _, test, _, example in rules()}


def example(rule, inputs, expect, function=None, what="the page's example", **more):
    CASES.append(
        Case(
            f"{rule}: {what}",
            EXAMPLES[rule],
            inputs,
            expect,
            function=function,
            package=CPU in more.get("devices", (CPU,)),
            **more,
        )
    )


def case(rule, what, source, inputs, expect, **more):
    CASES.append(Case(f"{rule}: {what}", source, inputs, expect, **more))


def bad(rule, what, source, inputs, patterns, line=None):
    CASES.append(Bad(f"{rule}: {what}", source, inputs, patterns, line=line))


def f4(*values):
    return np.array(values, "f4")


example(
    "rule-05-parameters",
    dict(A=d.of("f4", 4, 4), B=d.of("f4", 4, 3), s=2.0),
    lambda A, B, s: dict(O=A @ B[:, 2] * np.float32(2)),
)
bad(
    "rule-05-parameters",
    "a size named twice",
    EXAMPLES["rule-05-parameters"],
    dict(A=d.f32(4, 5), B=d.f32(4, 3), s=2.0),
    ["'N'", r"\b4\b", r"\b5\b"],
)
bad(
    "rule-05-parameters",
    "a size that is given",
    EXAMPLES["rule-05-parameters"],
    dict(A=d.f32(4, 4), B=d.f32(4, 2), s=2.0),
    [r"\b3\b", r"\b2\b"],
)
bad(
    "rule-05-parameters",
    "another element type",
    EXAMPLES["rule-05-parameters"],
    dict(A=d.f64(4, 4), B=d.f32(4, 3), s=2.0),
    ["'A'", "f32", "f64"],
)
case(
    "rule-05-parameters",
    "any rank, and scalars",
    "function f(A, B[], C) -> (O) { O = A + B * C; }",
    dict(A=d.f32(2, 3, 4), B=2.0, C=d.f32(3, 1)),
    lambda A, B, C: dict(O=A + 2 * C),
)
example("rule-07-calls", dict(X=d.of("f4", 9)), lambda X: dict(O=np.float32(X[:4] @ X[4:8])), function="f")
bad("rule-07-calls", "recursion", "function f(A) -> (O) {\n  O = f(A);\n}\n", dict(A=d.f32(3)), ["recurs"], line=2)
for n in (0, 1, 7):
    example(
        "rule-09-sizes",
        dict(I=d.f32(n)),
        lambda I: dict(O=f4(*[I[j : j + 2].max() for j in range(0, len(I), 2)])),
        what=f"the page's example, {n}",
    )
bad(
    "rule-09-sizes",
    "a negative size",
    "function f(A[N]) -> (O) {\n  O[n : N - 4] = =(A[n]);\n}\n",
    dict(A=d.f32(3)),
    ["negative"],
    line=2,
)
case(
    "rule-09-sizes",
    "division floors",
    "function f(A[N]) -> (O, P, Q) { T = 0 - N; O = T / 2; P = T % 2; Q = T % -4; }",
    dict(A=d.f32(7)),
    dict(O=np.int32(-4), P=np.int32(1), Q=np.int32(-3)),
)
example("rule-12-exact-division", dict(A=d.f32(5)), lambda A: dict(O=np.stack([A, 0 * abs(A)], 1).reshape(-1)))
case(
    "rule-12-exact-division",
    "the whole side counts",
    "function f(A[N, N]) -> (O) { O[k : N] = +(A[i, j]), k == (i + j) / 2; }",
    dict(A=d.of("f4", 5, 5)),
    lambda A: dict(O=f4(*[sum(A[i, 2 * k - i] for i in range(5) if 0 <= 2 * k - i < 5) for k in range(5)])),
)
example("rule-13-flooring-by-name", dict(A=d.f32(5)), lambda A: dict(O=A.repeat(2)))
case(
    "rule-13-flooring-by-name",
    "below 0, and remainders",
    "function f(A[N]) -> (O, P) { O[i : N] = +(A[floordiv(i - 3, 2) + 2]); P[i : 3 * N] = =(A[mod(i - 1, N)]); }",
    dict(A=d.f32(5)),
    lambda A: dict(O=A[(np.arange(5) - 3) // 2 + 2], P=A[(np.arange(15) - 1) % 5]),
)
example("rule-14-valid-points", dict(I=f4(1, 2, 3), K=f4(10, 20, 30)), dict(O=f4(80, 140, 80)))
example(
    "rule-14-valid-points",
    dict(I=f4(1, 2, 3), K=f4(np.inf, 20, 0)),
    dict(O=f4(20, np.inf, np.inf)),
    what="infinity beside the edge",
)
example("rule-15-ranges", dict(A=d.of("f4", 20)), lambda A: dict(O=np.cumsum(A)))
bad(
    "rule-15-ranges",
    "no greatest value",
    "function f(A[N]) -> (O) {\n  O[n : N] = +(A[n]), j >= 0;\n}\n",
    dict(A=d.f32(3)),
    ["bound", "'j'"],
    line=2,
)
case(
    "rule-15-ranges",
    "over the integers, all conditions together",
    "function f(A[N]) -> (O) { O[y : N] = +(A[x]), 2*x == 3*y, 1 <= x <= 5; }",
    dict(A=d.of("f4", 9)),
    lambda A: dict(O=f4(0, 0, A[3], 0, 0, 0, 0, 0, 0)),
)
example("rule-16-constraints", dict(A=d.of("f4", 9, 9)), lambda A: dict(O=np.triu(np.tril(A, 2)).sum(1)))
case(
    "rule-16-constraints",
    "which forms imply 0 <= e",
    """
function f(A[N]) -> (Lone, Turned, LessEqual, Chained, Two) {
  Lone[n : N] = +(A[n + i]), i < 2;
  Turned[n : N] = +(A[n + i]), 2 > i;
  LessEqual[n : N] = +(A[n + i]), i <= 1;
  Chained[n : N] = +(A[n + i]), -1 <= i < 2;
  Two[n : N] = +(A[n + i]), n + i < n + 2;
}""",
    dict(A=d.of("f4", 6)),
    lambda A: dict(
        Lone=A + np.append(A[1:], 0).astype("f4"),
        Turned=f4(*[A[: n + 2].sum() for n in range(6)]),
        LessEqual=f4(*[A[: n + 2].sum() for n in range(6)]),
        Chained=f4(*[A[max(0, n - 1) : n + 2].sum() for n in range(6)]),
        Two=f4(*[A[: n + 2].sum() for n in range(6)]),
    ),
)
case(
    "rule-16-constraints",
    "every relation, and none between",
    """
function f(A[N, N]) -> (Other, Held, Twice, Chained) {
  Other[i : N] = +(A[i, j]), i != j;
  Held[i, j : N, N] = =(A[i, j]), j != 2;
  Twice[i : N] = >(A[i, j]), j != 0, 1 != j;
  Chained[i : N] = +(A[i, j]), 0 <= j != i < N;
}""",
    dict(A=d.of("f4", 9, 9)),
    lambda A: dict(
        Other=A.sum(1) - A.diagonal(),
        Held=np.where(np.arange(9) == 2, 0, A).astype("f4"),
        Twice=A[:, 2:].max(1),
        Chained=A.sum(1) - A.diagonal(),
    ),
)
example("rule-17-aggregations", dict(A=d.f32(5, 6), B=d.f32(6, 17)), lambda A, B: dict(O=(A[:, :, None] + B).min(1)))
example(
    "rule-18-conditions",
    dict(A=np.array([3, 7, 1, 3], "i4"), Keys=np.array([1, 3, 3, 9], "i4"), Values=f4(10, 20, 30, 40)),
    dict(O=f4(50, 0, 10, 50)),
)
case(
    "rule-18-conditions",
    "where nothing holds",
    "function f(A[N], B[M], C[M]) -> (O, P) { O[n : N] = >(A[n] == B[m] ? C[m]); P[n : N] = *(A[n] < B[m] ? C[m]); }",
    dict(A=np.array([0, 1, 9], "i4"), B=np.array([1, 1, 2], "i4"), C=f4(-3, -2, -4)),
    dict(O=f4(0, -2, 0), P=f4(-24, -4, 0)),
)
example(
    "rule-19-unwritten-elements",
    dict(A=d.f32(3), D=d.f32(6)),
    lambda A, D: dict(O=np.concatenate([D[:1], A, D[4:]])),
    exact=True,
)
case(
    "rule-19-unwritten-elements",
    "points decide, not values",
    "function f(A[N]) -> (O, P) { O[n : N + 2] = >(A[n - 1]); P[n : N + 2] = <(A[n - 1]); }",
    dict(A=f4(-3, -np.inf, np.inf)),
    dict(O=f4(0, -3, -np.inf, np.inf, 0), P=f4(0, -3, -np.inf, np.inf, 0)),
)
example("rule-20-assign-once", dict(A=d.f32(3, 17)), lambda A: dict(O=A.T), exact=True)
bad(
    "rule-20-assign-once",
    "twice",
    "function f(A[M, N]) -> (O) {\n  O[m : M] = =(A[m, n]);\n}\n",
    dict(A=d.f32(2, 3)),
    ["'O'", "once"],
    line=2,
)
case(
    "rule-20-assign-once",
    "once for these shapes",
    "function f(A[M, N]) -> (O) { O[m : M] = =(A[m, n]); }",
    dict(A=d.f32(2, 1)),
    lambda A: dict(O=A[:, 0]),
)
example("rule-21-empty-domains", dict(A=np.zeros((3, 0), "f4")), dict(O=np.zeros(3, "f4")))
example("rule-21-empty-domains", dict(A=np.zeros((0, 3), "f4")), dict(O=np.zeros(0, "f4")), what="no elements")
example(
    "rule-22-output-sizes", dict(A=d.of("f4", 4, 5), B=d.of("f4", 5, 3)), lambda A, B: dict(C=A @ B, S=(A @ B).sum())
)
case(
    "rule-22-output-sizes",
    "an empty domain",
    "function f(A[N]) -> (O) { O[2*n] = +(A[n]); }",
    dict(A=d.f32(0)),
    dict(O=np.zeros(0, "f4")),
)
case(
    "rule-22-output-sizes",
    "no index at all, and strides",
    "function f(A[N]) -> (O, P, Q) { O[:] = +(A[n]); P[2*n + 1] = =(A[n]); Q[n - 2] = =(A[n]); }",
    dict(A=d.of("f4", 4)),
    lambda A: dict(O=A.sum(), P=np.stack([0 * abs(A), A], 1).reshape(-1), Q=A[2:]),
)
example(
    "rule-24-operands",
    dict(X=d.f32(5, 7), Y=d.f32(6, 7), s=2.0),
    lambda X, Y, s: dict(O=(np.exp(-abs(X[:, None].astype("f8") - Y)) * 2 / 7).sum(2).astype("f4")),
)
case(
    "rule-24-operands",
    "scalars, sizes and conversions",
    "function f(A[N], s, t) -> (O) { O[n : N] = +(as_float(A[n], 32) * s + t[] * N); }",
    dict(A=d.i32(6), s=0.5, t=2),
    lambda A, s, t: dict(O=(A * 0.5 + 12).astype("f4")),
)
example("rule-25-no-defract", dict(A=d.f32(5)), lambda A: dict(O=A.repeat(3)))
example("rule-26-ties", dict(A=d.of("f4", 30, 17)), lambda A: dict(O=A.argmax(1).astype("i4")))
case(
    "rule-26-ties",
    "computed values find their own maximum",
    """
function f(A[M, K], B[K, N]) -> (Hits) {
  P[m, n : M, N] = +(A[m, k] * B[k, n]);
  E = exp(P) / 3 + P;
  X[m : M] = >(E[m, n]);
  Hits[m : M] = +(X[m] == E[m, n]);
}""",
    dict(A=d.f32(40, 50), B=d.f32(50, 33)),
    lambda A, B: dict(Hits=np.ones(40, "i4")),
)
example("rule-28-broadcasting", dict(A=d.f32(5, 7), B=d.f32(7), s=2.0), lambda A, B, s: dict(O=A + B * np.float32(2)))
bad(
    "rule-28-broadcasting",
    "sizes that differ",
    EXAMPLES["rule-28-broadcasting"].replace("B[N]", "B[K]"),
    dict(A=d.f32(5, 7), B=d.f32(6), s=2.0),
    ["broadcast", r"\b7\b", r"\b6\b"],
)
bad(
    "rule-28-broadcasting",
    "0 goes with 1 alone",
    "function f(A[N], B[M]) -> (O) {\n  O = A + B;\n}\n",
    dict(A=d.f32(0), B=d.f32(2)),
    ["broadcast", r"\b0\b", r"\b2\b"],
    line=2,
)
example("rule-29-element-types", dict(A=d.i32(6), B=d.f32(6)), lambda A, B: dict(O=A.astype("f4") + B))
example(
    "rule-30-weak-numbers",
    dict(A=d.of("f2", 6), I=d.i32(6)),
    lambda A, I: dict(O=A * np.float16(1 / 3) + np.float16(6), P=(I * 0.5).astype("f4")),
    exact=True,
)
bad(
    "rule-30-weak-numbers",
    "too large for its type",
    "function f(A: u8[N]) -> (O) {\n  O = A + 256;\n}\n",
    dict(A=d.of("u1", 3)),
    ["256"],
    line=2,
)
case(
    "rule-30-weak-numbers",
    "alone, and after a choice",
    "function f(A[N], B: bool[N]) -> (O, P, Q, R) { O = 7 / 2; P = 7 / 2.0; Q = A < 0 ? 0 : 1; R = B + 1; }",
    dict(A=d.f64(4), B=d.of("?", 4)),
    lambda A, B: dict(O=np.int32(3), P=np.float32(3.5), Q=np.where(A < 0, 0, 1).astype("i4"), R=B.astype("i4") + 1),
    exact=True,
)
example(
    "rule-31-arithmetic",
    dict(A=np.array([7, -7, 7, -7, 5, -5, -(2**31)], "i4"), B=np.array([2, 2, -2, -2, 0, 0, -1], "i4")),
    dict(Q=np.array([3, -4, -4, 3, 0, 0, -(2**31)], "i4"), R=np.array([1, 1, -1, -1, 0, 0, 0], "i4")),
)
case(
    "rule-31-arithmetic",
    "wrapping, floats, powers",
    "function f(A: i8[N], F[N], P: i32[N]) -> (S, R, E) { S = A + A; R = F % 2; E = pow(P, -1); }",
    dict(A=np.array([127, -128, 64], "i1"), F=f4(-0.5, 3.5, 2), P=np.array([1, -1, 3], "i4")),
    dict(S=np.array([-2, 0, -128], "i1"), R=f4(1.5, 1.5, 0), E=np.array([1, -1, 0], "i4")),
)
example(
    "rule-32-comparisons",
    dict(A=f4(1, np.nan, 0, 2), B=f4(2, 1, 0, np.nan)),
    dict(O=f4(1, 1, 0, np.nan), L=np.array([False, True, False, True])),
)
example("rule-33-bits", dict(A=np.arange(256, dtype="u1")), lambda A: dict(O=((A >> 4 | A << 4) & np.uint8(0x7F)) ^ ~A))
case(
    "rule-33-bits",
    "shifts that shift everything out",
    "function f(A[N], B[N]) -> (L, R) { L = A << B; R = A >> B; }",
    dict(A=np.array([5, -5, 5, -5, 1], "i4"), B=np.array([32, 32, -1, -1, 31], "i4")),
    dict(L=np.array([0, 0, 0, 0, -(2**31)], "i4"), R=np.array([0, -1, 0, -1, 0], "i4")),
)
bad(
    "rule-33-bits",
    "floats have none",
    "function f(A: f32[N]) -> (O) {\n  O = ~A;\n}\n",
    dict(A=d.f32(3)),
    ["integer"],
    line=2,
)
example(
    "rule-34-accumulation",
    dict(A=d.any("i1", 5, 300), B=d.any("i1", 300, 6)),
    lambda A, B: dict(C=A.astype("i4") @ B.astype("i4"), L=np.int32((A == 0).sum())),
)
case(
    "rule-34-accumulation",
    "f16 in f32, u8 in u32, bool counts",
    "function f(H: f16[N], U: u8[M], B: bool[M]) -> (S, T, C, X) { S[] = +(H[n]); T[] = +(U[m]); C[] = +(B[m]); X[] = >(U[m]); }",
    dict(H=np.array([1, 2**-11, 2**-11], "f2"), U=np.full(300, 255, "u1"), B=np.full(300, True)),
    dict(S=np.float16(1 + 2**-10), T=np.uint32(76500), C=np.int32(300), X=np.uint8(255)),
    exact=True,
)
case(
    "rule-34-accumulation",
    "products of f16 in f32",
    "function f(A: f16[N], B: f16[N]) -> (S) { S[] = +(A[n] * B[n]); }",
    dict(A=np.array([300, 300], "f2"), B=np.array([300, -299], "f2")),
    dict(S=np.float16(300)),
    exact=True,
)
example(
    "rule-35-float-functions",
    dict(A=np.array([0, 1, 2, 9], "i4"), H=d.f32(4).astype("f2")),
    lambda A, H: dict(O=np.sqrt(A.astype("f4")), P=np.tanh(H.astype("f8")).astype("f2")),
    ulp=1,
)
case(
    "rule-35-float-functions",
    "outside the domain; halves",
    "function f(A[N], R[M]) -> (S, L, C, O) { S = sqrt(A); L = log(A); C = acos(A); O = round(R); }",
    dict(A=f4(-1, 0, 2), R=f4(0.5, 1.5, 2.5, -0.5)),
    lambda A, R: dict(S=np.sqrt(A), L=np.log(A), C=np.arccos(A), O=f4(0, 2, 2, -0.0)),
    ulp=1,
)
example(
    "rule-36-conversions", dict(A=np.arange(256, dtype="u1")), lambda A: dict(O=(A * np.float32(0.99)).astype("i2"))
)
case(
    "rule-36-conversions",
    "at most to the end of the range",
    "function f(A: f32[N], I: i32[N]) -> (B, U, W, T) { B = as_int(A, 8); U = as_uint(A, 8); W = as_int(I, 8); T = as_bool(A); }",
    dict(A=f4(1e9, -1e9, np.nan, -0.9), I=np.array([128, 300, -129, 5], "i4")),
    dict(
        B=np.array([127, -128, 0, 0], "i1"),
        U=np.array([255, 0, 0, 0], "u1"),
        W=np.array([-128, 44, 127, 5], "i1"),
        T=np.array([True, True, True, True]),
    ),
)
example(
    "rule-37-rounding",
    dict(A=d.f32(10007, low=0, high=1)),
    lambda A: dict(O=np.float32(A.sum(dtype="f8") / 10007)),
    rtol=1e-5,
)
case(
    "rule-37-rounding",
    "the bound of a long sum",
    "function f(A[N]) -> (S) { S[] = +(A[n]); }",
    dict(A=np.full(300007, 0.1, "f4")),
    lambda A: dict(S=np.float32(A.sum(dtype="f8"))),
    rtol=1e-4,
)
example(
    "rule-38-shapes",
    dict(A=d.of("f4", 3, 5), B=d.of("f4", 5)),
    lambda A, B: dict(O=A.reshape(-1), P=np.arange(5, dtype="f4") + np.broadcast_to(B, (3, 5)), R=A.sum(0)),
    rtol=0,
    atol=0,
)
bad(
    "rule-38-shapes",
    "another number of elements",
    "function f(A[N]) -> (O) {\n  O = reshape(A, 2, 2);\n}\n",
    dict(A=d.f32(3)),
    [r"\b3\b", r"\b4\b"],
    line=2,
)
example("rule-39-groups", dict(A=d.f32(3), B=d.f32(2, 2)), lambda A, B: dict(O=B), exact=True)
example(
    "rule-40-gather-and-scatter",
    dict(Table=d.f32(5, 3), Ids=np.array([4, 0, 9, -3], "i4")),
    lambda Table, Ids: dict(O=Table[[4, 0, 4, 0]]),
    devices=(INTERPRETER,),
)
case(
    "rule-40-gather-and-scatter",
    "scatter adds",
    "function f(E[N, D], I: i32[N], V[M, D]) -> (O) { O = scatter(E, I, V); }",
    dict(E=d.of("f4", 4, 2), I=np.array([1, 1, 7, -1], "i4"), V=d.f32(3, 2)),
    lambda E, I, V: dict(O=np.stack([E[3], E[0] + E[1], E[2]])),
    devices=(INTERPRETER,),
)
example(
    "rule-41-softmax",
    dict(X=d.f32(4, 9, low=-300, high=300)),
    lambda X: (lambda e: dict(Y=(e / e.sum(1, keepdims=True)).astype("f4")))(
        np.exp(X.astype("f8") - X.max(1, keepdims=True))
    ),
    atol=1e-7,
)
example(
    "rule-42-random-numbers",
    dict(X=np.ones((20, 30), "f4"), S=d.any("u4", 3, 2048)),
    None,
    outputs=("Y", "T"),
    devices=(INTERPRETER,),
)
case(
    "rule-42-random-numbers",
    "the same state, the same numbers, in [0, 1)",
    """
function f(S: u32[3, 2048]) -> (Same, Low, High, Moved) {
  A = prng_value(prng_step(S, 50, 60)); B = prng_value(prng_step(S, 50, 60));
  D = A - B; T = prng_state(prng_step(S, 50, 60));
  Same[] = >(D[i, j]); L[] = <(A[i, j]); H[] = >(A[i, j]);
  Low = L >= 0; High = H < 1; Moved[] = +(T[i, j] != S[i, j]);
}""",
    dict(S=d.any("u4", 3, 2048)),
    dict(Same=np.float32(0), Low=np.bool_(True), High=np.bool_(True)),
    devices=(INTERPRETER,),
)
example("rule-43-specialisation", dict(A=d.f32(3), B=d.f32(3)), lambda A, B: dict(O=A + B))
bad(
    "rule-43-specialisation",
    "an error for shapes [3] and [4]",
    EXAMPLES["rule-43-specialisation"],
    dict(A=d.f32(3), B=d.f32(4)),
    ["'N'", r"\b3\b", r"\b4\b"],
)
example(
    "rule-44-plaidml",
    dict(X_I_0=d.f32(80, 20), X_I_4=d.f32(20, 128), X_I_9=d.f32(128)),
    lambda X_I_0, X_I_4, X_I_9: dict(X_T6=(X_I_0.astype("f8") @ X_I_4 + X_I_9).astype("f4").reshape(1, 80, 128)),
)
