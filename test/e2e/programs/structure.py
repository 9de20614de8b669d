"""Moving elements: transposes, diagonals, pieces, repetition, padding; defaults, unwritten elements, empty tensors."""

import itertools

import numpy as np

from data import ELEMENT_TYPES, SIZES, Data
from harness import Bad, Case

d = Data(5)
CASES = []


def case(name, source, inputs, expect, **more):
    CASES.append(Case(name, source, inputs, expect, **{"exact": True, **more}))


# Transposes of every order of three axes, and of two axes at each size.
for m, n in itertools.product((0, 1, 3, 16, 17, 65), repeat=2):
    if (m + n) % 2 or m == n:
        case(
            f"transpose {m}x{n}",
            "function f(A[M, N]) -> (O) { O[n, m : N, M] = =(A[m, n]); }",
            dict(A=d.f32(m, n)),
            lambda A: dict(O=A.T),
            package=m == n == 17,
        )
names = "ijk"
orders = list(itertools.permutations(range(3)))
case(
    "transposes of three axes",
    "function f(A[I, J, K]) -> (%s) { %s }"
    % (
        ", ".join(f"O{n}" for n in range(6)),
        " ".join(
            f"O{n}[{', '.join(names[a] for a in order)} : {', '.join(names[a].upper() for a in order)}] = =(A[i, j, k]);"
            for n, order in enumerate(orders)
        ),
    ),
    dict(A=d.f32(5, 9, 17)),
    lambda A: {f"O{n}": A.transpose(order) for n, order in enumerate(orders)},
    package=True,
)
for element, dtype in ELEMENT_TYPES.items():
    case(
        f"copies of {element}",
        "function f(A[M, N]) -> (O, P, Q) { O = A; P[n, m : N, M] = =(A[m, n]); Q = reshape(A, N * M); }",
        dict(A=d.of(dtype, 3, 17)),
        lambda A: dict(O=A, P=A.T, Q=A.reshape(-1)),
        package=True,
    )

# Diagonals and triangles.
for n in SIZES[:7]:
    case(
        f"diagonal, trace, triangles of {n}",
        """
function f(A[N, N], V[N]) -> (D, T, M, L, U, Anti) {
  D[i : N] = =(A[i, i]);
  T[] = +(A[i, i]);
  M[i, i : N, N] = =(V[i]);
  L[i, j : N, N] = =(A[i, j]), j <= i;
  U[i, j : N, N] = =(A[i, j]), j - i > 0;
  Anti[i : N] = =(A[i, N - 1 - i]);
}""",
        dict(A=d.of("f4", n, n), V=d.f32(n)),
        lambda A, V: dict(
            D=np.diag(A),
            T=np.float32(np.trace(A)),
            M=np.diag(V),
            L=np.tril(A),
            U=np.triu(A, 1),
            Anti=np.diag(A[:, ::-1]),
        ),
        exact=False,
        package=n == 3,
    )
case(
    "bands",
    "function f(A[N, N]) -> (O, S) { O[i, j : N, N] = =(A[i, j]), -1 <= i - j <= 1; S[i : N] = +(A[i, j]), 0 <= j - i < 3; }",
    dict(A=d.of("f4", 17, 17)),
    lambda A: dict(O=np.triu(np.tril(A, 1), -1), S=np.triu(np.tril(A, 2)).sum(1)),
    exact=False,
)
case(
    "off-diagonals of a rectangle",
    "function f(A[M, N]) -> (O, P) { O[i : N - 2] = =(A[i, i + 2]); P[i : M - 1] = =(A[i + 1, i]); }",
    dict(A=d.f32(5, 7)),
    lambda A: dict(O=np.diag(A, 2), P=np.diag(A, -1)),
)

# Pieces: slices, steps, reversal, concatenation, rolling.
for n in (1, 2, 7, 16, 17, 100):
    case(
        f"pieces of {n}",
        """
function f(A[N]) -> (Reverse, Even, Odd, Head, Tail, Roll) {
  Reverse[i : N] = =(A[N - 1 - i]);
  Even[i : (N + 1) / 2] = =(A[2*i]);
  Odd[i : N / 2] = =(A[2*i + 1]);
  Head[i : min(N, 3)] = =(A[i]);
  Tail[i : N - N / 3] = =(A[i + N / 3]);
  Roll[i : N] = =(A[mod(i + 1, N)]);
}""",
        dict(A=d.f32(n)),
        lambda A: dict(
            Reverse=A[::-1], Even=A[::2], Odd=A[1::2], Head=A[:3], Tail=A[len(A) // 3 :], Roll=np.roll(A, -1)
        ),
        package=n == 7,
    )
for a, b in [(3, 4), (0, 5), (5, 0), (16, 17), (1, 1)]:
    case(
        f"concatenation of {a} and {b}",
        """
function f(A[N], B[M]) -> (O, P) {
  X[i : N + M] = =(A[i]);
  O[i + N : N + M] = =(B[i]) default X;
  Y[i + N : N + M] = =(B[i]);
  P = X + Y;
}""",
        dict(A=d.f32(a), B=d.f32(b)),
        lambda A, B: dict(O=np.concatenate([A, B]), P=np.concatenate([A, B])),
        package=a == 3,
    )
case(
    "concatenation of matrices on each axis",
    """
function f(A[M, N], B[M, K], C[L, N]) -> (O, P) {
  X[m, n : M, N + K] = =(A[m, n]);
  O[m, n + N : M, N + K] = =(B[m, n]) default X;
  Y[m, n : M + L, N] = =(A[m, n]);
  P[m + M, n : M + L, N] = =(C[m, n]) default Y;
}""",
    dict(A=d.f32(5, 7), B=d.f32(5, 3), C=d.f32(2, 7)),
    lambda A, B, C: dict(O=np.concatenate([A, B], 1), P=np.concatenate([A, C])),
)
case(
    "interleaving",
    "function f(A[N], B[N]) -> (O) { X[2*i : 2*N] = =(A[i]); O[2*i + 1 : 2*N] = =(B[i]) default X; }",
    dict(A=d.f32(17), B=d.f32(17)),
    lambda A, B: dict(O=np.stack([A, B], 1).reshape(-1)),
)

# Repetition.
for factor in (1, 2, 3, 5):
    case(
        f"repetition by {factor}",
        """
function f(A[N]) -> (Zeros, Each, Same, Whole) {
  Zeros[i : %(f)d * N] = +(A[i / %(f)d]);
  Each[%(f)d*n + i : %(f)d * N] = =(A[n]), i < %(f)d no_defract;
  Same[i : %(f)d * N] = =(A[floordiv(i, %(f)d)]);
  Whole[i : %(f)d * N] = =(A[mod(i, N)]);
}""" % dict(f=factor),
        dict(A=d.f32(7)),
        lambda A, f=factor: dict(
            Zeros=np.stack([A] + [0 * abs(A)] * (f - 1), 1).reshape(-1),
            Each=np.repeat(A, f),
            Same=np.repeat(A, f),
            Whole=np.tile(A, f),
        ),
        package=factor == 3,
    )
case(
    "upsampling an image",
    "function f(I[N, H, W, C]) -> (O) { O[n, 2*y + i, 2*x + j, c : N, 2*H, 2*W, C] = =(I[n, y, x, c]), i < 2, j < 2; }",
    dict(I=d.f32(2, 3, 5, 4)),
    lambda I: dict(O=I.repeat(2, 1).repeat(2, 2)),
    package=True,
)
case(
    "space to depth and back",
    """
function f(I[H, W, C]) -> (S, B) {
  S[y, x, 2*C*i + C*j + c : H / 2, W / 2, 4*C] = =(I[2*y + i, 2*x + j, c]), i < 2, j < 2;
  B[2*y + i, 2*x + j, c : H, W, C] = =(S[y, x, 2*C*i + C*j + c]), i < 2, j < 2, c < C;
}""",
    dict(I=d.f32(4, 6, 3)),
    lambda I: dict(S=I.reshape(2, 2, 3, 2, 3).transpose(0, 2, 1, 3, 4).reshape(2, 3, 12), B=I),
)

# Padding.
case(
    "padding by zeros",
    "function f(A[M, N]) -> (O) { O[m + 1, n + 2 : M + 2, N + 3] = =(A[m, n]); }",
    dict(A=d.f32(4, 5)),
    lambda A: dict(O=np.pad(A, ((1, 1), (2, 1)))),
)
case(
    "padding by a value",
    """
function pad(A[M, N], v) -> (O) { Base = broadcast(v, M + 2, N + 2); O[m + 1, n + 1 : M + 2, N + 2] = =(A[m, n]) default Base; }""",
    dict(A=d.f32(4, 17), v=-1.5),
    lambda A, v: dict(O=np.pad(A, 1, constant_values=v)),
    package=True,
)
case(
    "reading outside adds nothing",
    "function f(A[N]) -> (O) { O[i : N + 4] = =(A[i - 2]); }",
    dict(A=d.f32(7)),
    lambda A: dict(O=np.pad(A, 2)),
)
case(
    "padding by reflection",
    """
function f(A[N]) -> (O) {
  L[i : N + 4] = =(A[2 - i]), i < 2;
  R[i : N + 4] = =(A[2*N - i]), i >= N + 2;
  M[i + 2 : N + 4] = =(A[i]);
  O = L + R + M;
}""",
    dict(A=d.f32(6)),
    lambda A: dict(O=np.pad(A, 2, mode="reflect")),
)

# Defaults and unwritten elements.
for aggregation in "+*><=":
    for dtype in ("f4", "i4"):
        A, D = d.of(dtype, 4, low=-5, high=-1), d.of(dtype, 10, low=6, high=9)
        Z, E, S = np.zeros(10, dtype), D.copy(), D.copy()
        Z[1:8:2], E[1:8:2], S[3:7] = A, A, A
        case(
            f"unwritten elements with '{aggregation}', {dtype}",
            f"""
function f(A[N], D[M]) -> (Z, E, S) {{
  Z[2*n + 1 : M] = {aggregation}(A[n]);
  E[2*n + 1 : M] = {aggregation}(A[n]) default D;
  S[n : M] = {aggregation}(A[n - 3]) default D;
}}""",
            dict(A=A, D=D),
            dict(Z=Z, E=E, S=S),
            package=dtype == "f4",
        )
case(
    "a default under a matrix product",
    "function f(A[M, K], B[K, N], D[P, Q]) -> (C) { C[2*m, n + 1 : P, Q] = +(A[m, k] * B[k, n]) default D; }",
    dict(A=d.of("f4", 4, 5), B=d.of("f4", 5, 6), D=d.of("f4", 9, 8)),
    lambda A, B, D: (lambda C: (C.__setitem__((slice(0, 8, 2), slice(1, 7)), A @ B), dict(C=C))[1])(D.copy()),
    exact=False,
    package=True,
)
case(
    "a default where conditions fail",
    "function f(A[N], B[M], C[M], D[N]) -> (O) { O[n : N] = >(A[n] == B[m] ? C[m]) default D; }",
    dict(
        A=np.arange(5, dtype="i4"), B=np.array([1, 3, 3], "i4"), C=np.array([-7, -9, -8], "f4"), D=np.full(5, 2.5, "f4")
    ),
    lambda A, B, C, D: dict(O=np.array([2.5, -7, 2.5, -8, 2.5], "f4")),
)
case(
    "a default that is an output and an input",
    "function f(A[N], D[N]) -> (O, D) { O[n + 1 : N] = =(A[n]) default D; }",
    dict(A=d.f32(5), D=d.f32(5)),
    lambda A, D: dict(O=np.concatenate([D[:1], A[:4]]), D=D),
)
case(
    "a default beside nothing at all",
    "function f(A[N], D[M]) -> (O) { O[n + 100 : M] = +(A[n]) default D; }",
    dict(A=d.f32(5), D=d.f32(5)),
    lambda A, D: dict(O=D),
)

# Empty tensors.
for m, n in [(0, 0), (0, 3), (3, 0), (1, 0)]:
    case(
        f"empty domains of {m}x{n}",
        """
function f(A[M, N]) -> (S, P, X, L, E, G, W) {
  S[m : M] = +(A[m, n]); P[m : M] = *(A[m, n]); X[m : M] = >(A[m, n]); L[m : M] = <(A[m, n]);
  E[n, m : N, M] = =(A[m, n]);
  G[] = >(A[m, n]);
  W = A * 2 + 1;
}""",
        dict(A=np.zeros((m, n), "f4")),
        lambda A: dict(
            S=np.zeros(len(A), "f4"),
            P=np.zeros(len(A), "f4"),
            X=np.zeros(len(A), "f4"),
            L=np.zeros(len(A), "f4"),
            E=A.T,
            G=np.float32(0),
            W=A,
        ),
        package=m == 3,
    )
case(
    "constraints that nothing meets",
    "function f(A[N]) -> (O, P) { O[n : N] = +(A[n]), n > 100; P[n : N] = >(A[n + i]), 3 <= i < 2; }",
    dict(A=d.f32(6)),
    lambda A: dict(O=0 * abs(A), P=0 * abs(A)),
)
case(
    "every point in a hole of the integers",
    "function f(A[N]) -> (O) { O[n : N] = +(A[n + i]), 4*i == 2; }",
    dict(A=d.f32(6)),
    lambda A: dict(O=0 * abs(A)),
)

# Fractions and odd lattices.
case(
    "halves that are whole together",
    "function f(A[N, N]) -> (O) { O[k : N] = +(A[i, j]), k == (i + j) / 2; }",
    dict(A=d.of("f4", 7, 7)),
    lambda A: dict(O=np.array([sum(A[i, 2 * k - i] for i in range(7) if 0 <= 2 * k - i < 7) for k in range(7)], "f4")),
)
case(
    "a sum of halves",
    "function f(A[N, N]) -> (O) { O[i/2 + j/2 : N] = +(A[i, j]); }",
    dict(A=d.of("f4", 6, 6)),
    lambda A: dict(O=np.array([sum(A[i, 2 * k - i] for i in range(6) if 0 <= 2 * k - i < 6) for k in range(6)], "f4")),
)
case(
    "2x = 3y",
    "function f(A[N]) -> (O) { O[y : N] = +(A[x]), 2*x == 3*y; }",
    dict(A=d.of("f4", 8)),
    lambda A: dict(O=np.array([A[3 * y // 2] if y % 2 == 0 and 3 * y // 2 < 8 else 0 for y in range(8)], "f4")),
)
case(
    "a diamond",
    "function f(A[N], B[N]) -> (S) { S[] = +(A[i + j] * B[i - j]); }",
    dict(A=d.of("f4", 9), B=d.of("f4", 9)),
    lambda A, B: dict(S=np.float32(sum(A[x] * B[y] for x in range(9) for y in range(9) if (x + y) % 2 == 0))),
)
case(
    "sizes as factors",
    "function f(A[N], B[M]) -> (O, P) { O[i + M*j : N * M] = =(A[j] * B[i]); P[i : N] = +(A[i] * B[j]), M*i + j < 12, j < M; }",
    dict(A=d.of("f4", 5), B=d.of("f4", 4)),
    lambda A, B: dict(
        O=np.outer(A, B).reshape(-1),
        P=np.array([sum(A[i] * B[j] for j in range(4) if 4 * i + j < 12) for i in range(5)], "f4"),
    ),
    exact=False,
)

CASES += [
    Bad(
        "an assignment to one element twice",
        "function f(A[M, N]) -> (O) {\n  O[m : M] = =(A[m, n]);\n}\n",
        dict(A=d.f32(2, 3)),
        ["'O'", "once|more than one|several"],
        line=2,
    ),
    Bad(
        "an unbounded index variable",
        "function f(A[N]) -> (O) {\n  O[n : N] = +(A[n]), j >= 0;\n}\n",
        dict(A=d.f32(3)),
        ["bound", "'j'"],
        line=2,
    ),
    Bad(
        "a default of another shape",
        "function f(A[N], D[M]) -> (O) {\n  O[n : N] = +(A[n]) default D;\n}\n",
        dict(A=d.f32(3), D=d.f32(4)),
        [r"\b3\b", r"\b4\b"],
        line=2,
    ),
    Bad(
        "a negative size",
        "function f(A[N]) -> (O) {\n  O[n : N - 5] = +(A[n]);\n}\n",
        dict(A=d.f32(3)),
        ["negative|-2"],
        line=2,
    ),
    Bad(
        "a reshape to another number of elements",
        "function f(A[N]) -> (O) {\n  O = reshape(A, 2, 2);\n}\n",
        dict(A=d.f32(3)),
        [r"\b3\b", r"\b4\b"],
        line=2,
    ),
    Bad(
        "sizes that disagree",
        "function f(A[M, K], B[K, N]) -> (O) {\n  O[m, n : M, N] = +(A[m, k] * B[k, n]);\n}\n",
        dict(A=d.f32(2, 3), B=d.f32(4, 2)),
        ["'K'", r"\b3\b", r"\b4\b"],
    ),
    Bad(
        "shapes that do not broadcast",
        "function f(A[M], B[N]) -> (O) {\n  O = A + B;\n}\n",
        dict(A=d.f32(3), B=d.f32(4)),
        ["broadcast", r"\b3\b", r"\b4\b"],
        line=2,
    ),
    Bad(
        "a wrong rank of the input",
        "function f(A[M, N]) -> (O) { O = A; }",
        dict(A=d.f32(3)),
        ["'A'", "rank|dimension"],
    ),
    Bad("a missing input", "function f(A[M], B[M]) -> (O) { O = A + B; }", dict(A=d.f32(3)), ["'B'"]),
    Bad("an input that is no parameter", "function f(A[M]) -> (O) { O = A; }", dict(A=d.f32(3), B=d.f32(3)), ["'B'"]),
    Bad(
        "a wrong type of the input", "function f(A: f32[M]) -> (O) { O = A; }", dict(A=d.i32(3)), ["'A'", "i32", "f32"]
    ),
    Bad(
        "a dimension that must be three",
        "function f(A[M, 3]) -> (O) { O = A; }",
        dict(A=d.f32(2, 4)),
        ["'A'", r"\b3\b", r"\b4\b"],
    ),
]
