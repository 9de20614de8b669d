"""Programs that move elements: transposes, concatenation, reversal, triangles, padding, lookups and first indices."""
import numpy as np

from data import ELEMENT_TYPES, SIZES, Data
from harness import Bad, Case

d = Data(5)
CASES = []


def copy(name, source, inputs, expect, **more):
    """Elements that are only moved arrive bit for bit."""
    CASES.append(Case(name, source, inputs, expect, exact=True, **more))


for m, n in [(1, 1), (0, 3), (3, 0), (2, 3), (16, 17), (64, 100), (7, 1), (1, 65)]:
    copy(f"transpose {m}x{n}", "function f(A[M, N]) -> (O) { O[n, m : N, M] = =(A[m, n]); }", dict(A=d.f32(m, n)), lambda A: dict(O=A.T))
names = "ijkl"
for order in [(0, 2, 1), (2, 0, 1), (2, 1, 0), (3, 1, 0, 2), (1, 0, 3, 2)]:
    variables = ", ".join(names[:len(order)])
    sizes, permuted = variables.upper(), ", ".join(names[o] for o in order)
    copy(f"permute {order}", f"function f(A[{sizes}]) -> (O) {{ O[{permuted} : {permuted.upper()}] = =(A[{variables}]); }}",
         dict(A=d.f32(*(3, 5, 2, 17)[:len(order)])), lambda A, order=order: dict(O=A.transpose(order)))
for element, dtype in ELEMENT_TYPES.items():
    A = d.of(dtype, 5, 18)
    copy(f"copy, transpose, reverse of {element}", f"""
function f(A: {element}[M, N]) -> (C, T, R) {{
  C[m, n : M, N] = =(A[m, n]);
  T[n, m : N, M] = =(A[m, n]);
  R[m, n : M, N] = =(A[m, N - 1 - n]);
}}""", dict(A=A), dict(C=A, T=A.T, R=A[:, ::-1]), package=True)

copy("concatenation by offsets", "function f(A[N], B[M]) -> (O) { X[i : N + M] = =(A[i]); Y[i + N : N + M] = =(B[i]); O = X + Y; }",
     dict(A=d.f32(3), B=d.f32(4)), lambda A, B: dict(O=np.concatenate([A, B])))
copy("concatenation by defaults", """
function f(A[N, K], B[M, K], C[L, K]) -> (O) {
  X[i, k : N + M + L, K] = =(A[i, k]);
  Y[i + N, k : N + M + L, K] = =(B[i, k]) default X;
  O[i + N + M, k : N + M + L, K] = =(C[i, k]) default Y;
}""", dict(A=d.f32(3, 5), B=d.f32(4, 5), C=d.f32(1, 5)), lambda A, B, C: dict(O=np.concatenate([A, B, C])), package=True)
copy("stack", "function f(A[N], B[N]) -> (O) { X[i, 0 : N, 2] = =(A[i]); O[i, 1 : N, 2] = =(B[i]) default X; }",
     dict(A=d.f32(7), B=d.f32(7)), lambda A, B: dict(O=np.stack([A, B], 1)))
copy("split", "function f(A[N]) -> (X, Y) { X[i : N / 2] = =(A[i]); Y[i : N - N / 2] = =(A[i + N / 2]); }", dict(A=d.f32(9)),
     lambda A: dict(X=A[:4], Y=A[4:]))
copy("interleave", "function f(A[N], B[N]) -> (O) { X[2*n : 2*N] = =(A[n]); O[2*n + 1 : 2*N] = =(B[n]) default X; }",
     dict(A=d.f32(7), B=d.f32(7)), lambda A, B: dict(O=np.stack([A, B], 1).reshape(-1)))
copy("every third element", "function f(A[N]) -> (O) { O[n : (N + 2) / 3] = =(A[3*n]); }", dict(A=d.f32(17)), lambda A: dict(O=A[::3]))
copy("slice with a negative step", "function f(A[N]) -> (O) { O[n : 5] = =(A[12 - 2*n]); }", dict(A=d.f32(17)), lambda A: dict(O=A[12:2:-2]))
for s in SIZES:
    copy(f"reversal of {s}", "function f(A[N]) -> (O) { O[n : N] = =(A[N - 1 - n]); }", dict(A=d.f32(s)), lambda A: dict(O=A[::-1]))
    copy(f"padding of {s}", "function f(A[N]) -> (O) { O[n : N + 5] = =(A[n - 2]); }", dict(A=d.f32(s)), lambda A: dict(O=np.pad(A, (2, 3))))
    copy(f"shift of {s}", "function f(A[N]) -> (O) { O[n : N] = =(A[n + 1]); }", dict(A=d.f32(s)),
         lambda A: dict(O=np.append(A[1:], np.zeros(min(1, len(A)), "f4"))))
copy("upsampling by repetition", "function f(A[N, M]) -> (O) { O[2*n + i, 3*m + j : 2*N, 3*M] = =(A[n, m]), i < 2, j < 3; }", dict(A=d.f32(5, 6)),
     lambda A: dict(O=A.repeat(2, 0).repeat(3, 1)), package=True)
copy("upsampling by zeros", "function f(A[N]) -> (O) { O[n : 3*N - 2] = =(A[n / 3]); }", dict(A=d.f32(6)),
     lambda A: dict(O=np.stack([A, np.zeros_like(A), np.zeros_like(A)], 1).reshape(-1)[:-2]))
copy("space to depth", "function f(A[H, W]) -> (O) { O[y, x, i, j : H / 2, W / 2, 2, 2] = =(A[2*y + i, 2*x + j]), i < 2, j < 2; }", dict(A=d.f32(6, 8)),
     lambda A: dict(O=A.reshape(3, 2, 4, 2).transpose(0, 2, 1, 3)))
copy("depth to space", "function f(A[H, W, R, S]) -> (O) { O[R*y + i, S*x + j : R*H, S*W] = =(A[y, x, i, j]); }", dict(A=d.f32(3, 4, 2, 5)),
     lambda A: dict(O=A.transpose(0, 2, 1, 3).reshape(6, 20)))
copy("flatten by index arithmetic", "function f(A[M, N]) -> (O) { O[N*i + j : M*N] = =(A[i, j]); }", dict(A=d.f32(6, 7)), lambda A: dict(O=A.reshape(-1)))
copy("unflatten by index arithmetic", "function f(A[L]) -> (O) { O[i, j : L / 7, 7] = =(A[7*i + j]), j < 7; }", dict(A=d.f32(42)), lambda A: dict(O=A.reshape(6, 7)))
copy("reshape", "function f(A[M, N]) -> (O, P) { O = reshape(A, N, M); P = reshape(A, M * N); }", dict(A=d.f32(6, 7)),
     lambda A: dict(O=A.reshape(7, 6), P=A.reshape(-1)))
copy("tiling", "function f(A[N]) -> (O) { O[N*r + n : 3*N] = =(A[n]), r < 3; }", dict(A=d.f32(5)), lambda A: dict(O=np.tile(A, 3)))

for n in (0, 1, 2, 7, 17):
    copy(f"diagonal of {n}", "function f(A[N, N]) -> (D) { D[i : N] = =(A[i, i]); }", dict(A=d.f32(n, n)), lambda A: dict(D=np.diag(A)))
    copy(f"a matrix from its diagonal of {n}", "function f(V[N]) -> (O) { O[i, i : N, N] = =(V[i]); }", dict(V=d.f32(n)), lambda V: dict(O=np.diag(V) if len(V) else np.zeros((0, 0), "f4")))
    copy(f"triangles of {n}", """
function f(A[N, N]) -> (U, L, S) {
  U[i, j : N, N] = =(A[i, j]), 0 <= j - i;
  L[i, j : N, N] = =(A[i, j]), i >= j;
  S[i, j : N, N] = =(A[i, j]), i > j;
}""", dict(A=d.f32(n, n)), lambda A: dict(U=np.triu(A), L=np.tril(A), S=np.tril(A, -1)))
copy("diagonals of another matrix", "function f(A[M, N]) -> (P, Q, R) { P[i : N] = =(A[i + 1, i]); Q[i : M] = =(A[i, N - 1 - i]); R[i : M] = =(A[i, 2*i]); }",
     dict(A=d.f32(5, 6)), lambda A: dict(P=np.pad(np.diag(A, -1), (0, 2)), Q=np.diag(A[:, ::-1]), R=np.pad(A[[0, 1, 2], [0, 2, 4]], (0, 2))))
copy("symmetric part kept on one side", "function f(A[N, N]) -> (O) { T[i, j : N, N] = =(A[j, i]), i < j; O[i, j : N, N] = =(A[i, j]), j <= i default T; }"
     .replace("i < j;", "0 < j - i;"), dict(A=d.f32(6, 6)), lambda A: dict(O=np.tril(A) + np.tril(A, -1).T))
CASES += [
    Case("trace", "function f(A[N, N]) -> (T) { T[] = +(A[i, i]); }", dict(A=d.f32(20, 20)), lambda A: dict(T=A.trace())),
    Case("Toeplitz sums: along diagonals", "function f(A[M, N]) -> (O) { O[i + j : M + N - 1] = +(A[i, j]); }", dict(A=d.f32(5, 7)),
         lambda A: dict(O=np.array([np.trace(A[:, ::-1], 6 - k) for k in range(11)], "f4"))),
]
for n in SIZES:
    CASES += [
        Case(f"cumulative sum of {n}", "function f(A[N]) -> (O) { O[n : N] = +(A[k]), n - k < N; }", dict(A=d.f32(n)),
             lambda A: dict(O=np.cumsum(A, dtype="f8").astype("f4"))),
        Case(f"reverse cumulative maximum of {n}", "function f(A[N]) -> (O) { O[n : N] = >(A[k]), k >= n; }", dict(A=d.f32(n, low=-9, high=-1)),
             lambda A: dict(O=np.maximum.accumulate(A[::-1])[::-1])),
    ]
CASES += [
    Case("exclusive cumulative sum of rows", "function f(A[M, N]) -> (O) { O[m, n : M, N] = +(A[m, k]), k < n; }".replace("k < n", "0 < n - k"),
         dict(A=d.f32(3, 20)), lambda A: dict(O=np.cumsum(A, 1) - A), atol=1e-5),
    Case("cumulative product and integer sum", "function f(A[N], B[N]) -> (P, S) { P[n : N] = *(A[k]), k <= n; S[n : N] = +(B[k]), k <= n; }",
         dict(A=d.f32(20, low=0.5, high=1.5), B=d.i32(20)), lambda A, B: dict(P=np.cumprod(A), S=np.cumsum(B, dtype="i4"))),
    Case("band", "function f(A[N, N]) -> (O) { O[i : N] = +(A[i, j]), -1 <= j - i <= 1; }", dict(A=d.f32(9, 9)),
         lambda A: dict(O=(A * (np.abs(np.subtract.outer(range(9), range(9))) <= 1)).sum(1).astype("f4"))),
    Case("count inside a triangle", "function f(A[N, N]) -> (O) { One = A * 0 + 1; O[] = +(One[i, j]), i + j < N; }", dict(A=d.f32(9, 9)),
         lambda A: dict(O=np.float32(45))),
    Case("product of triangular matrices", "function f(A[N, N], B[N, N]) -> (O) { O[i, j : N, N] = +(A[i, k] * B[k, j]), k <= i, j <= k; }",
         dict(A=d.f32(18, 18), B=d.f32(18, 18)), lambda A, B: dict(O=(np.tril(A).astype("f8") @ np.tril(B)).astype("f4"))),
]

ONE_HOT = "function f(I[N], C[K]) -> (O) { O[n, k : N, K] = =(I[n] == C[k]); }"
copy("one-hot by ==", ONE_HOT, dict(I=np.array([2, 0, 5, -1, 2], "i4"), C=np.arange(4, dtype="i4")), lambda I, C: dict(O=I[:, None] == C))
copy("one-hot of numbers", "function f(I[N], C[K]) -> (O) { H[n, k : N, K] = =(I[n] == C[k]); O = as_float(H, 32); }",
     dict(I=np.array([2, 0, 5, 255, 2], "u1"), C=np.arange(4, dtype="u1")), lambda I, C: dict(O=(I[:, None] == C).astype("f4")))
copy("gather by ==", "function f(T[V, D], I[N], C[V]) -> (O) { O[n, d : N, D] = +(I[n] == C[v] ? T[v, d]); }",
     dict(T=d.f32(9, 4), I=np.array([8, 0, 0, 3, 99], "i4"), C=np.arange(9, dtype="i4")),
     lambda T, I, C: dict(O=np.vstack([T[I[:4]], np.zeros((1, 4), "f4")])), package=True)
CASES.append(Case("scatter by ==", "function f(U[N, D], I[N], C[V]) -> (O) { O[v, d : V, D] = +(I[n] == C[v] ? U[n, d]); }",
                  dict(U=d.f32(6, 4), I=np.array([1, 3, 1, 1, 9, 0], "i4"), C=np.arange(5, dtype="i4")), lambda U, I, C: dict(O=scatter(U, I, len(C)))))
copy("histogram by ==", "function f(X[N], B[K]) -> (H) { H[k : K] = +(X[n] == B[k]); }",
     dict(X=np.array([1, 1, 4, 2, 1, 7, 4], "i4"), B=np.arange(6, dtype="i4")), lambda X, B: dict(H=np.bincount(X, minlength=8)[:6].astype("i4")), package=True)

ARG = """
function arg(A[M, N]) -> (Max, Min) {
  I = index(A, 1);
  Xmax[m : M] = >(A[m, n]);
  Xmin[m : M] = <(A[m, n]);
  Fmax[m : M] = <(Xmax[m] == A[m, n] ? I[m, n]);
  Fmin[m : M] = <(Xmin[m] == A[m, n] ? I[m, n]);
  Max = as_int(Fmax, 32);
  Min = as_int(Fmin, 32);
}
"""
TIES = np.array([[1, 5, 5, 2], [7, 7, 7, 7], [-3, -2, -9, -1], [0.0, -0.0, 0, 0], [-np.inf, -np.inf, 1, np.inf]], "f4")
for name, A in [("ties", TIES), ("one column", d.f32(4, 1)), ("repeated integers", d.of("i4", 7, 100)), ("bytes", d.of("u1", 5, 33)),
                ("doubles", d.of("f8", 3, 17)), ("halves", d.of("f2", 3, 64)), ("random", d.f32(16, 257))]:
    copy(f"first index of the maximum and the minimum: {name}", ARG, dict(A=A),
         lambda A: dict(Max=A.argmax(1).astype("i4"), Min=A.argmin(1).astype("i4")), package=name in ("ties", "bytes"))
copy("first index after elementwise work", ARG.replace("function arg(A[M, N]) -> (Max, Min) {", "function arg(B[M, N], W[N]) -> (Max, Min) {\n  A = exp(B) * W + tanh(B);"),
     dict(B=d.f32(9, 50), W=d.f32(50)), None, outputs=("Max", "Min"))
copy("first index over a matrix product", """
function nearest(Q[M, D], X[N, D]) -> (I) {
  P[m, n : M, N] = +(Q[m, d] * X[n, d]);
  Best[m : M] = >(P[m, n]);
  J = index(P, 1);
  I[m : M] = <(Best[m] == P[m, n] ? J[m, n]);
}""", dict(Q=d.of("f4", 9, 5), X=d.of("f4", 50, 5)), lambda Q, X: dict(I=(Q @ X.T).argmax(1).astype("i4")), package=True)
copy("an index of each axis", "function f(A[L, M, N]) -> (I, J, K) { I = index(A, 0); J = index(A, 1); K = index(A, 2); }", dict(A=d.f32(2, 3, 5)),
     lambda A: dict(zip("IJK", np.indices(A.shape, "i4"))))
copy("ranking of numbers", "function f(A[N]) -> (R) { R[i : N] = +(A[i] > A[j]); }", dict(A=d.f32(20)), lambda A: dict(R=A.argsort().argsort().astype("i4")))


def scatter(U, I, size):
    O = np.zeros((size, U.shape[1]), "f8")
    for row, i in zip(U, I):
        if i < size:
            O[i] += row
    return O.astype("f4")


CASES += [
    Bad("two elements to one place", "function f(A[M, N]) -> (O) {\n  O[m : M] = =(A[m, n]);\n}\n", dict(A=d.f32(2, 3)), ["'O'", "once|more than one|several"], line=2),
    Bad("diagonals written over each other", "function f(A[M, N]) -> (O) {\n  O[m + n : M + N] = =(A[m, n]);\n}\n", dict(A=d.f32(2, 3)),
        ["'O'", "once|more than one|several"], line=2),
    Bad("windows that overlap where they are written", "function f(A[N]) -> (O) {\n  O[2*n + i : 2*N + 1] = =(A[n]), i < 3;\n}\n", dict(A=d.f32(4)),
        ["'O'", "once|more than one|several"], line=2),
    Bad("reshape to another number of elements", "function f(A[M, N]) -> (O) {\n  O = reshape(A, M, M);\n}\n", dict(A=d.f32(2, 3)), [r"\b6\b", r"\b4\b"], line=2),
    Bad("index along an axis that is not there", "function f(A[M, N]) -> (O) {\n  O = index(A, 2);\n}\n", dict(A=d.f32(2, 3)), ["axis", r"\b2\b"], line=2),
    Bad("a default of another shape", "function f(A[N], D[M]) -> (O) {\n  O[n : N] = =(A[n]) default D;\n}\n", dict(A=d.f32(3), D=d.f32(4)), ["default"], line=2),
]
copy("one row only is written once, whatever the program's look", "function f(A[M, N]) -> (O) { O[m : M] = =(A[m, n]); }", dict(A=d.f32(4, 1)), lambda A: dict(O=A[:, 0]))

N = 20
CASES += [
    Case("all pairs but those of a thing with itself", """
function forces(X[N, D]) -> (F) {
  R[i, j, d : N, N, D] = =(X[i, d] - X[j, d]);
  Q[i, j : N, N] = +(R[i, j, d] * R[i, j, d]);
  F[i, d : N, D] = +(R[i, j, d] / (Q[i, j] * sqrt(Q[i, j]))), i != j;
}""", dict(X=d.f32(N, 3)), lambda X: dict(F=forces(X.astype("f8"))), rtol=1e-4, atol=1e-3),
    Case("products that leave out two places", "function f(A[N, N], B[N, N]) -> (O) { O[i, j : N, N] = +(A[i, k] * B[k, j]), k != i, k != j; }",
         dict(A=d.f32(N, N), B=d.f32(N, N)), lambda A, B: dict(O=left_out(A.astype("f8"), B.astype("f8")))),
    Case("halves that are not the row", "function f(A[N, N]) -> (O) { O[i : N] = +(A[i, j]), j / 2 != i; }", dict(A=d.of("i4", 9, 9)),
         lambda A: dict(O=np.array([sum(A[i, j] for j in range(0, 9, 2) if j // 2 != i) for i in range(9)], "i4"))),
    Bad("different from something is no bound", "function f(A[N]) -> (O) {\n  O[i : N] = +(A[i]), j != i;\n}\n", dict(A=d.f32(5)), ["bound", "'j'"], line=2),
]


def forces(X):
    R = X[:, None] - X
    with np.errstate(all="ignore"):
        return np.nansum(R / ((R ** 2).sum(-1) ** 1.5)[..., None], 1).astype("f4")


def left_out(A, B):
    keep = 1 - np.eye(len(A))
    return np.einsum("ik,kj,ik,kj->ij", A, B, keep, keep).astype("f4")
