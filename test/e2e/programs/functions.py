"""Functions, calls, sizes as values, sizes left out, names, comments, several outputs; what a program is made of."""

import numpy as np

from data import Data
from harness import INTERPRETER, Bad, Case

d = Data(7)
CASES = [
    Case(
        "a function with several results",
        """
function split(X[N], h) -> (L, R) { L[i : h] = =(X[i]); R[i : N - h] = =(X[i + h]); }
function f(X[N]) -> (O, L, R) { L, R = split(X, N / 2); O[] = +(L[i] * R[i]); }""",
        dict(X=d.f32(9)),
        lambda X: dict(L=X[:4], R=X[4:], O=np.float32((X[:4].astype("f8") * X[4:8]).sum())),
        package=True,
    ),
    Case(
        "functions that call functions, in any order",
        """
function g(X) -> (Y) { Y = h(X) + 1; }
function f(A) -> (O) { O = g(g(A)) * h(A); }
function h(X) -> (Y) { Y = X * X; }
""",
        dict(A=d.f32(7)),
        lambda A: dict(O=((A**2 + 1) ** 2 + 1) * A**2),
        function="f",
    ),
    Case(
        "the last function runs",
        "function f(A) -> (O) { O = A + 1; } function g(A) -> (O) { O = A + 2; }",
        dict(A=d.f32(3)),
        lambda A: dict(O=A + np.float32(2)),
        exact=True,
    ),
    Case(
        "a function named by option",
        "function f(A) -> (O) { O = A + 1; } function g(A) -> (O) { O = A + 2; }",
        dict(A=d.f32(3)),
        lambda A: dict(O=A + np.float32(1)),
        exact=True,
        function="f",
        package=True,
    ),
    Case(
        "one's own function shadows the built-in one",
        "function exp(X) -> (Y) { Y = X + 1; } function f(A) -> (O) { O = exp(A); }",
        dict(A=d.f32(3)),
        lambda A: dict(O=A + np.float32(1)),
        exact=True,
    ),
    Case(
        "a function on tensors of different shapes",
        """
function norm(X[M, N]) -> (Y) { S[m, 0 : M, 1] = +(X[m, n] * X[m, n]); Y = X / sqrt(S); }
function f(A[M, N], B[K, L]) -> (O, P) { O = norm(A); P = norm(B); }""",
        dict(A=d.f32(4, 5), B=d.f32(2, 17)),
        lambda A, B: dict(
            O=A / np.sqrt((A.astype("f8") ** 2).sum(1, keepdims=True)).astype("f4"),
            P=B / np.sqrt((B.astype("f8") ** 2).sum(1, keepdims=True)).astype("f4"),
        ),
    ),
    Case(
        "names of the callee are its own",
        """
function g(A[M], N) -> (O) { T = A * N; O[i : M] = =(T[M - 1 - i]); }
function f(A[N]) -> (O, T) { T = g(A, 2); O = g(T, N); }""",
        dict(A=d.f32(5)),
        lambda A: dict(T=A[::-1] * np.float32(2), O=A * np.float32(10)),
        rtol=1e-6,
    ),
    Case(
        "an anonymous function",
        "function (A[M, N]) -> (O) { O[n, m : N, M] = =(A[m, n]); }",
        dict(A=d.f32(3, 4)),
        lambda A: dict(O=A.T),
        exact=True,
        package=True,
    ),
    Case(
        "an input handed on",
        "function f(A[N], B) -> (A, O, B) { O = A; }",
        dict(A=d.f32(4), B=d.f32(2, 2)),
        lambda A, B: dict(A=A, O=A, B=B),
        exact=True,
        package=True,
    ),
    Case(
        "an output that another output uses",
        "function f(A[N]) -> (P, O) { O = A * 2; P = O + 1; }",
        dict(A=d.f32(4)),
        lambda A: dict(O=A * np.float32(2), P=A * np.float32(2) + np.float32(1)),
        rtol=1e-6,
    ),
    Case(
        "the same value twice",
        "function f(A[N]) -> (O, P) { O = A; P = O; }",
        dict(A=d.f32(4)),
        lambda A: dict(O=A, P=A),
        exact=True,
        package=True,
    ),
    Case(
        "no inputs",
        "function f() -> (O, P, Q) { O = 3; P = 2.5; Q = broadcast(1.5, 2, 3); }",
        {},
        dict(O=np.int32(3), P=np.float32(2.5), Q=np.full((2, 3), 1.5, "f4")),
        exact=True,
        package=True,
    ),
    Case(
        "inputs that nothing reads",
        "function f(A[N], B[M]) -> (O) { O = A; }",
        dict(A=d.f32(3), B=d.f32(4)),
        lambda A, B: dict(O=A),
        exact=True,
        package=True,
    ),
    Case(
        "comments, primes, signs before names",
        """
// The first line. /* not open
function f(#A[N] /* any
   length */, b') -> (O'', $P) {
  O'' = A + b'; // the end
  P = #O'' - $A;
}""",
        {"A": d.of("f4", 5), "b'": d.of("f4", 5)},
        lambda **inputs: {"O''": inputs["A"] + inputs["b'"], "P": inputs["b'"]},
        exact=True,
    ),
    Case(
        "numbers",
        "function f(A[N]) -> (O, P, Q, R) { O = A * 1e-5; P = A + 0x1f; Q = A * .5 + 1.; R = A + 2e3; }",
        dict(A=d.f32(5)),
        lambda A: dict(
            O=A * np.float32(1e-5), P=A + np.float32(31), Q=A * np.float32(0.5) + np.float32(1), R=A + np.float32(2000)
        ),
        exact=True,
    ),
    # Sizes.
    Case(
        "sizes as values",
        "function f(A[M, N]) -> (O, P, S) { O = A / N; P = A * (M + N) - M * N / 2; S = M * 10 + N; }",
        dict(A=d.f32(3, 5)),
        lambda A: dict(O=A / np.float32(5), P=A * np.float32(8) - np.float32(7), S=np.int32(35)),
        exact=True,
        package=True,
    ),
    Case(
        "statements of sizes",
        """
function f(I[N], K[R]) -> (O, P) {
  Half = (N + 1) / 2;
  Left = R / 2;
  Rest = mod(N, 4) + max(R, 2) - min(R, 2) + abs(-1) + floordiv(-7, 2) + neg(-3);
  O[n : Half] = +(I[2*n + r - Left] * K[r]);
  P[n : N + Rest - Rest] = =(I[n]);
}""",
        dict(I=d.f32(9), K=d.f32(3)),
        lambda I, K: dict(
            O=np.array(
                [sum(I[2 * n + r - 1] * K[r] for r in range(3) if 0 <= 2 * n + r - 1 < 9) for n in range(5)], "f4"
            ),
            P=I,
        ),
    ),
    Case(
        "division of sizes floors",
        "function f(A[N], B[M]) -> (O, P, Q, R) { O = (M - N) / 2; P = (N - M) / 2; Q = (N - M) % 4; R = (0 - 7) % -4; }",
        dict(A=d.f32(3), B=d.f32(6)),
        dict(O=np.int32(1), P=np.int32(-2), Q=np.int32(1), R=np.int32(-3)),
        exact=True,
    ),
    Case(
        "sizes left out",
        """
function f(A[M, K], B[K, N]) -> (C, S, D, E, G) {
  C[m, n] = +(A[m, k] * B[k, n]);
  S[:] = +(C[m, n]);
  D[2*m + 1] = +(A[m, k]);
  E[i + j] = >(A[i, j]);
  G[k] = <(A[m, k]), k < 3;
}""",
        dict(A=d.of("f4", 4, 5), B=d.of("f4", 5, 6)),
        lambda A, B: dict(
            C=A @ B,
            S=(A @ B).sum(),
            D=np.stack([0 * A.sum(1), A.sum(1)], 1).reshape(-1),
            E=np.array([max(A[i, t - i] for i in range(4) if 0 <= t - i < 5) for t in range(8)], "f4"),
            G=A[:, :3].min(0),
        ),
        package=True,
    ),
    Case(
        "a scalar as a size",
        "function f(A[N], k) -> (O) { O[i : k] = =(A[i + k]); } function g(A[N]) -> (O) { O = f(A, 3); }",
        dict(A=d.f32(9)),
        lambda A: dict(O=A[3:6]),
        exact=True,
    ),
    Case(
        "sizes that must be equal, and given ones",
        "function f(A[N, N], B[N, 3]) -> (O) { O[n, i : N, 3] = +(A[n, m] * B[m, i]); }",
        dict(A=d.f32(5, 5), B=d.f32(5, 3)),
        lambda A, B: dict(O=A @ B),
    ),
    # Whole tensors.
    Case(
        "shapes, indices, reshapes",
        """
function f(A[M, N], B[N]) -> (S, I, J, R, W, Q, L) {
  S = shape(A);
  I = index(A, 0); J = index(A, 1);
  R = reshape(A, N, M);
  W = broadcast(B, M, N);
  Q = simple_reduce(A, B);
  L = simple_reduce(A, W);
}""",
        dict(A=d.of("f4", 3, 5), B=d.f32(5)),
        lambda A, B: dict(
            S=np.array([3, 5], "i4"),
            I=np.indices((3, 5), "i4")[0],
            J=np.indices((3, 5), "i4")[1],
            R=A.reshape(5, 3),
            W=np.broadcast_to(B, (3, 5)),
            Q=A.sum(0),
            L=A,
        ),
        package=True,
    ),
    Case(
        "reshapes of every kind",
        """
function f(A[M, N], s) -> (P, Q, R, T, U) {
  P = reshape(A, M * N); Q = reshape(A, 1, M, 1, N); R = reshape(A * 2 + 1, N, M); T = reshape(s, 1, 1);
  V[i : 1] = =(P[i]);
  U = reshape(V);
}""",
        dict(A=d.f32(4, 6), s=2.5),
        lambda A, s: dict(
            P=A.reshape(-1),
            Q=A.reshape(1, 4, 1, 6),
            R=(A * np.float32(2) + np.float32(1)).reshape(6, 4),
            T=np.full((1, 1), 2.5, "f4"),
            U=A[0, 0],
        ),
        rtol=1e-6,
        package=True,
    ),
    Case(
        "broadcasts like a tensor",
        "function f(A[N], B[M, 1], C[M, N]) -> (O, P) { O = broadcast(A, C); P = broadcast(B, C) + A; }",
        dict(A=d.f32(5), B=d.f32(3, 1), C=d.f32(3, 5)),
        lambda A, B, C: dict(O=np.broadcast_to(A, (3, 5)), P=B + A),
        exact=True,
    ),
    Case(
        "simple_reduce is the inverse of a broadcast",
        "function f(A[I, J, K], B[J, 1], s[]) -> (O, P) { O = simple_reduce(A, B); P = simple_reduce(A, s); }",
        dict(A=d.f32(3, 4, 5), B=d.f32(4, 1), s=np.float32(1)),
        lambda A, B, s: dict(O=A.sum((0, 2), keepdims=True)[0], P=np.float32(A.sum(dtype="f8"))),
        atol=1e-5,
    ),
    Case(
        "groups",
        "function f(A, B) -> (O, P) { G = tuple(A, B, A + B); O = element(G, 2); H = tuple(element(G, 1), 3); P = element(H, 0) * element(H, 1); }",
        dict(A=d.f32(4), B=d.f32(4)),
        lambda A, B: dict(O=A + B, P=B * np.float32(3)),
        exact=True,
    ),
    Case(
        "gather and scatter",
        "function f(T[V, D], I: i32[N], E[N, D]) -> (G, S) { G = gather(T, I); S = scatter(E, I, T); }",
        dict(T=d.of("f4", 6, 3), I=np.array([5, 0, 0, 9, -2], "i4"), E=d.of("f4", 5, 3)),
        lambda T, I, E: (lambda at, S: (np.add.at(S, at, E), dict(G=T[at], S=S))[1])(
            np.clip(I, 0, 5), np.zeros((6, 3), "f4")
        ),
        devices=(INTERPRETER,),
    ),
    Case(
        "gather by a matrix of indices",
        "function f(T[V], I: i32[M, N]) -> (G) { G = gather(T, I); }",
        dict(T=d.f32(7), I=d.i32(3, 4, low=0, high=7)),
        lambda T, I: dict(G=T[I]),
        devices=(INTERPRETER,),
    ),
]

LONG = "function f(A[N]) -> (X300) { X0 = A; %s }" % " ".join(
    f"X{n} = X{n - 1} {'+*-'[n % 3]} {n % 5 + 1};" for n in range(1, 301)
)


def long(A):
    X = A.astype("i8")
    for n in range(1, 301):
        X = {"+": X + (n % 5 + 1), "*": X * (n % 5 + 1), "-": X - (n % 5 + 1)}["+*-"[n % 3]]
    return dict(X300=X.astype("i4"))


CASES.append(Case("a chain of 300 statements", LONG, dict(A=d.i32(50)), long))
deep = "A"
for k in range(200):
    deep = f"({deep} + {k})"
CASES.append(
    Case(
        "an expression of 200 levels",
        f"function f(A: i32[N]) -> (O) {{ O = {deep}; }}",
        dict(A=d.i32(9)),
        lambda A: dict(O=A + np.int32(199 * 100)),
    )
)
CASES.append(
    Case(
        "60 inputs and 60 outputs",
        "function f(%s) -> (%s) { %s }"
        % (
            ", ".join(f"A{n}" for n in range(60)),
            ", ".join(f"O{n}" for n in range(60)),
            " ".join(f"O{n} = A{n} + A{(n + 1) % 60};" for n in range(60)),
        ),
        {f"A{n}": d.f32(3) for n in range(60)},
        lambda **A: {f"O{n}": A[f"A{n}"] + A[f"A{(n + 1) % 60}"] for n in range(60)},
        exact=True,
        package=True,
    )
)
CASES += [
    Bad(
        "a missing semicolon",
        "function f(A[N]) -> (O) {\n  O[n : N] = =(A[n])\n}\n",
        dict(A=d.f32(3)),
        ["error", r"';'"],
    ),
    Bad(
        "an unknown function",
        "function f(A[N]) -> (O) {\n  O = sigmod(A);\n}\n",
        dict(A=d.f32(3)),
        ["'sigmod'", "'sigmoid'"],
        line=2,
    ),
    Bad(
        "an unknown tensor", "function f(A[N]) -> (O) {\n  O[n : N] = =(B[n]);\n}\n", dict(A=d.f32(3)), ["'B'"], line=2
    ),
    Bad(
        "a misspelt size",
        "function f(A[Rows, Cols]) -> (O) {\n  O[n : Cols] = +(A[m, n + Row]);\n}\n",
        dict(A=d.f32(3, 4)),
        ["'Row'", "'Rows'"],
        line=2,
    ),
    Bad(
        "bits of floats", "function f(A: f32[N]) -> (O) {\n  O = A & 1;\n}\n", dict(A=d.f32(3)), ["integer|f32"], line=2
    ),
    Bad(
        "an integer that its type can't hold",
        "function f(A: i8[N]) -> (O) {\n  O = A + 300;\n}\n",
        dict(A=d.of("i1", 3)),
        ["300"],
        line=2,
    ),
    Bad(
        "a tensor where a size is wanted",
        "function g(A[N], k) -> (O) {\n  O[i : k] = =(A[i]);\n}\nfunction f(A[N], B[M]) -> (O) { O = g(A, B); }",
        dict(A=d.f32(3), B=d.f32(2)),
        ["size"],
    ),
    Bad(
        "division of sizes by zero",
        "function f(A[N], B[M]) -> (O) {\n  O[i : N / M] = =(A[i]);\n}\n",
        dict(A=d.f32(3), B=d.f32(0)),
        ["zero"],
        line=2,
    ),
    Bad(
        "an axis that is not there",
        "function f(A[N]) -> (O) {\n  O = index(A, 1);\n}\n",
        dict(A=d.f32(3)),
        ["axis|1"],
        line=2,
    ),
    Bad(
        "two errors in one run",
        "function f(A[N]) -> (O) {\n  O = B + A;\n  P = sigmod(A);\n}\n",
        dict(A=d.f32(3)),
        ["'B'", "'sigmod'"],
    ),
]
