"""Elementwise expressions: broadcasting, every built-in function on edge values, integers, bits, types, weak numbers."""

import itertools

import numpy as np

from data import ELEMENT_TYPES, INTEGERS, Data, from_bf16, to_bf16
from harness import Case

d = Data(6)
CASES = []
np.seterr(all="ignore")


def case(name, source, inputs, expect, **more):
    CASES.append(Case(name, source, inputs, expect, **more))


# Broadcasting: each pair of shapes, over one operation that is exact.
SHAPES = [
    (),
    (1,),
    (7,),
    (17,),
    (1, 17),
    (3, 1),
    (3, 17),
    (2, 3, 17),
    (2, 1, 1),
    (1, 1, 17),
    (2, 1, 17),
    (4, 2, 3, 17),
    (4, 1, 3, 1),
]
for number, a in enumerate(SHAPES):
    mates = []
    for b in SHAPES:
        try:
            np.broadcast_shapes(a, b)
            mates.append(b)
        except ValueError:
            pass
    names = [f"B{n}" for n in range(len(mates))]
    case(
        f"broadcasting {a}",
        f"function f(A, {', '.join(names)}) -> ({', '.join('O' + n for n in names)}) {{ {' '.join(f'O{n} = A - {n} * 2;' for n in names)} }}",
        {"A": d.of("f4", *a), **{n: d.of("f4", *b) for n, b in zip(names, mates)}},
        lambda A, **B: {"O" + n: A - b * np.float32(2) for n, b in B.items()},
        exact=True,
        package=number % 4 == 0,
    )
for a, b in [((0,), (1,)), ((0,), ()), ((3, 0), (1,)), ((0, 1), (1, 5)), ((0, 3), (3,)), ((2, 0, 1), (4,))]:
    case(
        f"broadcasting {a} with {b}",
        "function f(A, B) -> (O, C) { O = A + B; C = A < B; }",
        dict(A=d.f32(*a), B=d.f32(*b)),
        lambda A, B: dict(O=A + B, C=A < B),
        exact=True,
    )
for shape in [
    (0,),
    (1,),
    (2,),
    (7,),
    (8,),
    (9,),
    (15,),
    (16,),
    (17,),
    (31,),
    (33,),
    (1000,),
    (100003,),
    (63, 65),
    (3, 5, 7, 11),
]:
    case(
        f"a chain over {shape}",
        "function f(A, B) -> (O, P) { T = A * B + A; U = T * T - B; O = U / (1 + T * T); P = T < U ? T : U; }",
        dict(A=d.f32(*shape), B=d.f32(*shape)),
        lambda A, B: (lambda T: (lambda U: dict(O=U / (1 + T * T), P=np.minimum(T, U)))(T * T - B))(A * B + A),
        exact=True,
        package=shape == (17,),
    )
case(
    "a scalar alone",
    "function f(s, t: f32[]) -> (O, P) { O = s * 2 + t; P = s; }",
    dict(s=2.5, t=1.0),
    lambda s, t: dict(O=np.float32(6), P=np.float32(2.5)),
    exact=True,
)
case(
    "scalars on the command line",
    "function f(a, b, c, d) -> (A, B, C, D) { A = a + 1; B = b + 1; C = c; D = d; }",
    dict(a=-3, b=1e-3, c=7, d=-0.0),
    lambda a, b, c, d: dict(A=np.int32(-2), B=np.float32(1e-3) + np.float32(1), C=np.int32(7), D=np.float32(-0.0)),
    exact=True,
)

# Functions of floats, against f64, in units in the last place. The arguments of the wide range are their edges.
TINY = np.float32(1e-45)
EDGES = np.array(
    [
        0,
        -0.0,
        1,
        -1,
        0.5,
        -0.5,
        2,
        -2,
        1e-3,
        1e-8,
        -1e-8,
        1e-30,
        TINY,
        -TINY,
        1.17549435e-38,
        3.4e38,
        -3.4e38,
        np.inf,
        -np.inf,
        np.nan,
        88.7,
        88.8,
        -87.4,
        -103.9,
        -104.1,
        100,
        -100,
        1e4,
        1e7,
        3.1415927,
        1.5707964,
        0.99999994,
        1.0000001,
        2.5,
        3.5,
        -2.5,
        1e10,
        8388609,
        -8388607.5,
    ],
    "f4",
)
FUNCTIONS = {
    "abs": np.abs,
    "acos": np.arccos,
    "asin": np.arcsin,
    "atan": np.arctan,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "exp": np.exp,
    "floor": np.floor,
    "ident": lambda x: x,
    "log": np.log,
    "recip": lambda x: 1 / x,
    "relu": lambda x: np.where(x < 0, x.dtype.type(0), x),
    "round": np.round,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
    "neg": lambda x: -x,
}


def program(names):
    return f"function f(X) -> ({', '.join('O_' + n for n in names)}) {{ {' '.join(f'O_{n} = {n}(X);' for n in names)} }}"


ALL = program(FUNCTIONS)
# GPUs compute tanh of f32 within 3 units in the last place, so that GELU is as fast as memory; the others within 1.5.
CLOSE = program([name for name in FUNCTIONS if name != "tanh"])


def functions(X):
    wider = X.astype("f8") if X.dtype.itemsize < 8 else X
    return {"O_" + name: function(wider).astype(X.dtype) for name, function in FUNCTIONS.items()}


def close_functions(X):
    return {name: value for name, value in functions(X).items() if name != "O_tanh"}


for name, values in [
    ("edges", EDGES),
    ("small", d.f32(1000, low=-1, high=1)),
    ("middle", d.f32(1000, low=-20, high=20)),
    ("large", d.f32(500, low=-1e5, high=1e5)),
    ("every power of ten", np.array([s * 10.0**e for e in range(-44, 39) for s in (1, -1, 3)], "f4")),
]:
    case(f"functions of f32, {name}", CLOSE, dict(X=values), close_functions, ulp=1, package=name == "edges")
    case(f"tanh of f32, {name}", program(["tanh"]), dict(X=values), lambda X: dict(O_tanh=functions(X)["O_tanh"]), ulp=3)
half = np.concatenate(
    [
        np.arange(0x400, 0x7C00, 7, dtype="u2").view("f2"),
        -np.arange(0x400, 0x7C00, 11, dtype="u2").view("f2"),
        np.array([0, -0.0, 1e-7, np.inf, -np.inf, np.nan, 65504], "f2"),
    ]
)
case("functions of f16", ALL, dict(X=half), functions, ulp=1)
case(
    "functions of f64",
    ALL,
    dict(X=np.concatenate([EDGES.astype("f8"), d.f64(500, low=-10, high=10), d.f64(100, low=-1e3, high=1e3)])),
    functions,
    ulp=8,
    atol=1e-300,
)
case(
    "functions of integers give f32",
    "function f(I, B) -> (S, E, C, R, F, T) { S = sqrt(I); E = exp(I); C = ceil(I); R = recip(I); F = floor(B); T = tanh(B); }",
    dict(I=np.array([0, 1, 4, 9, 1000, -1], "i4"), B=np.array([True, False])),
    lambda I, B: dict(
        S=np.sqrt(I.astype("f4")),
        E=np.exp(I.astype("f8")).astype("f4"),
        C=I.astype("f4"),
        R=(1 / I.astype("f4")),
        F=B.astype("f4"),
        T=np.tanh(B.astype("f4")),
    ),
    ulp=1,
)
# sigmoid is 1 / (1 + exp(-x)), each step rounded.
for dtype, bound in (("f4", 1e-37), ("f2", 0), ("f8", 1e-300)):
    case(
        f"sigmoid, {dtype}",
        "function f(X) -> (O) { O = sigmoid(X); }",
        dict(X=np.concatenate([EDGES.astype(dtype), d.f32(500, low=-16, high=16).astype(dtype)])),
        lambda X: dict(O=(1 / (1 + np.exp(-X.astype("f8")))).astype(X.dtype)),
        ulp=4,
        atol=bound,
    )
for dtype in ("f4", "f8"):
    base = np.array([0, -0.0, 1, -1, 2, 0.5, -2, 3, 10, 1e-5, np.inf, -np.inf, np.nan, 1.0000001, 0.9999999], dtype)
    power = np.array([0, 1, -1, 2, -2, 0.5, -0.5, 3, 10, -3, np.inf, -np.inf, np.nan, 31.5, 1e3], dtype)
    case(
        f"pow on edges, {dtype}",
        "function f(A[N], B[M]) -> (O) { X[n, 0 : N, 1] = =(A[n]); O = pow(X, B); }",
        dict(A=base, B=power),
        lambda A, B: dict(O=np.power(A[:, None].astype("f8"), B.astype("f8")).astype(A.dtype)),
        ulp=1 if dtype == "f4" else 16,
    )
    case(
        f"pow, {dtype}",
        "function f(A, B) -> (O) { O = pow(A, B); }",
        dict(
            A=np.abs(d.of(dtype, 300)) + d.f64(300, low=0.01, high=1).astype(dtype),
            B=d.f64(300, low=-9, high=9).astype(dtype),
        ),
        lambda A, B: dict(O=np.power(A.astype("f8"), B.astype("f8")).astype(A.dtype)),
        ulp=1 if dtype == "f4" else 16,
    )
ODD = np.array([0, -0.0, 1, -1, 2.5, -2.5, np.inf, -np.inf, np.nan, 1e-45, 7], "f4")
PAIRS = "function f(A[N], B[N]) -> (%s) { %s }"
pairs = [np.array(x, "f4") for x in zip(*itertools.product(ODD, ODD))]


OPERATIONS = {
    "Add": ("A + B", np.add),
    "Sub": ("A - B", np.subtract),
    "Mul": ("A * B", np.multiply),
    "Div": ("A / B", np.divide),
    "Lt": ("A < B", np.less),
    "Le": ("A <= B", np.less_equal),
    "Gt": ("A > B", np.greater),
    "Ge": ("A >= B", np.greater_equal),
    "Eq": ("A == B", np.equal),
    "Ne": ("A != B", np.not_equal),
    "And": ("A && B", np.logical_and),
    "Or": ("A || B", np.logical_or),
    "Not": ("!A", lambda A, B: A == 0),
    "Pick": ("(A ? A : B)", lambda A, B: np.where(A != 0, A, B)),
}
case(
    "operators on odd values",
    PAIRS % (", ".join(OPERATIONS), " ".join(f"{n} = {text};" for n, (text, _) in OPERATIONS.items())),
    dict(A=pairs[0], B=pairs[1]),
    lambda A, B: {n: function(A, B) for n, (_, function) in OPERATIONS.items()},
    exact=True,
    package=True,
)
case(
    "max and min on odd values",
    "function f(A[N], B[N]) -> (X, L) { X = max(A, B); L = min(A, B); }",
    dict(A=pairs[0], B=pairs[1]),
    lambda A, B: dict(X=np.maximum(A, B), L=np.minimum(A, B)),
    rtol=0,
    atol=0,
)
finite = np.isfinite(pairs[0]) & np.isfinite(pairs[1]) & (abs(pairs[0]) != TINY) & (abs(pairs[1]) != TINY)
case(
    "remainders of floats",
    "function f(A[N], B[N]) -> (R, M, F) { R = A % B; M = mod(A, B); F = floordiv(A, B); }",
    dict(A=pairs[0][finite & (pairs[1] != 0)], B=pairs[1][finite & (pairs[1] != 0)]),
    lambda A, B: dict(R=np.mod(A, B), M=np.mod(A, B), F=np.floor(A / B)),
    rtol=0,
    atol=0,
)

# Denormals are kept, and each operation rounds to its own type.
case(
    "denormals",
    "function f(A[N]) -> (H, T, S) { H = A * 0.5; T = A + A; S[n : N] = +(A[n]); }",
    dict(A=np.array([1e-45, 3e-45, -1e-45, 1.17549435e-38, 1e-40], "f4")),
    lambda A: dict(H=A * np.float32(0.5), T=A + A, S=A),
    exact=True,
)
case(
    "each operation rounds to f16",
    "function f(A: f16[N], B: f16[N]) -> (O, P) { O = A * B + A; P = (A + B) - A; }",
    dict(A=d.of("f2", 50) / np.float16(3), B=d.of("f2", 50) / np.float16(7)),
    lambda A, B: dict(O=A * B + A, P=(A + B) - A),
    exact=True,
)
x, y = d.f32(60, low=-9, high=9), d.f32(60, low=-9, high=9)
case(
    "bf16",
    "function f(A: bf16[N], B: bf16[N]) -> (O, M, C) { O = A + B; M = A * B; C = as_float(A, 32); }",
    dict(A=to_bf16(x), B=to_bf16(y)),
    lambda A, B: dict(O=to_bf16(from_bf16(A) + from_bf16(B)), M=to_bf16(from_bf16(A) * from_bf16(B)), C=from_bf16(A)),
    exact=True,
    package=True,
)
case(
    "bf16 products accumulate in f32",
    "function f(A: bf16[M, K], B: bf16[K, N]) -> (C) { C[m, n : M, N] = +(A[m, k] * B[k, n]); }",
    dict(A=to_bf16(d.f32(9, 100)), B=to_bf16(d.f32(100, 17))),
    lambda A, B: dict(C=to_bf16(from_bf16(A) @ from_bf16(B))),
)
case(
    "f16 sums in f32",
    "function f(A: f16[N]) -> (S) { S[] = +(A[n]); }",
    dict(A=np.array([1, 2**-11, 2**-11], "f2")),
    lambda A: dict(S=np.float16(1 + 2**-10)),
    exact=True,
)

# Integers.
for dtype in INTEGERS:
    info = np.iinfo(dtype)
    special = [0, 1, 2, 3, 7, info.max, info.min, info.max - 1, info.min + 1] + ([-1, -2, -7] if info.min < 0 else [])
    A, B = (np.array(x, dtype) for x in zip(*itertools.product(special, special)))
    A, B = np.concatenate([A, d.any(dtype, 60)]), np.concatenate([B, d.any(dtype, 60)])
    bits = 8 * info.dtype.itemsize

    def wrapped(values, dtype=dtype):
        mask = (1 << 8 * np.dtype(dtype).itemsize) - 1
        return np.array([int(v) & mask for v in values], np.dtype(f"u{np.dtype(dtype).itemsize}")).view(dtype)

    def integers(A, B, wrapped=wrapped, bits=bits):
        a, b = A.astype(object), B.astype(object)
        shift = [bits if not 0 <= s < bits else s for s in b]
        return dict(
            Add=wrapped(a + b),
            Sub=wrapped(a - b),
            Mul=wrapped(a * b),
            Neg=wrapped(-a),
            Abs=wrapped([abs(x) for x in a]),
            Div=wrapped([x // y if y else 0 for x, y in zip(a, b)]),
            Mod=wrapped([x % y if y else 0 for x, y in zip(a, b)]),
            And=A & B,
            Or=A | B,
            Xor=A ^ B,
            Not=~A,
            Left=wrapped([x << s for x, s in zip(a, shift)]),
            Right=wrapped([x >> s for x, s in zip(a, shift)]),
            Max=np.maximum(A, B),
            Min=np.minimum(A, B),
            Lt=A < B,
            Ge=A >= B,
            Eq=A == B,
            Pow=wrapped([x ** (y % 7) for x, y in zip(a.tolist(), b.tolist())]),
        )

    case(
        f"integers of {dtype}",
        "function f(A[N], B[N]) -> (Add, Sub, Mul, Neg, Abs, Div, Mod, And, Or, Xor, Not, Left, Right, Max, Min, Lt, Ge, Eq, Pow) {"
        " Add = A + B; Sub = A - B; Mul = A * B; Neg = -A; Abs = abs(A); Div = A / B; Mod = A % B; And = A & B; Or = A | B; Xor = A ^ B; Not = ~A;"
        " Left = A << B; Right = A >> B; Max = max(A, B); Min = min(A, B); Lt = A < B; Ge = A >= B; Eq = A == B; Pow = pow(A, B % 7); }",
        dict(A=A, B=B),
        integers,
        package=dtype in ("i1", "u4"),
    )

for dtype in INTEGERS:
    wide = np.dtype(dtype if np.dtype(dtype).itemsize >= 4 else dtype[0] + "4")

    def sums(A, B, wide=wide):
        def fit(value):
            return np.array(value % (1 << 8 * wide.itemsize), f"u{wide.itemsize}").view(wide)

        return dict(
            S=fit(sum(x * y for x, y in zip(A.tolist(), B.tolist()))), P=fit(int(np.prod(A[:9].astype(object))))
        )

    case(
        f"sums and products wrap, {dtype}",
        "function f(A[N], B[N]) -> (S, P) { S[] = +(A[n] * B[n]); P[] = *(A[n]), n < 9; }",
        dict(A=d.any(dtype, 40) | 1, B=d.any(dtype, 40)),
        sums,
    )
case(
    "pow of integers to negative powers",
    "function f(A[N], B[N]) -> (O) { O = pow(A, B); }",
    dict(A=np.array([1, -1, -1, 2, 0, -3, 5], "i4"), B=np.array([-5, -3, -4, -1, 0, 3, 0], "i4")),
    lambda A, B: dict(O=np.array([1, -1, 1, 0, 1, -27, 1], "i4")),
)
case(
    "arithmetic of bools",
    "function f(A[N], B[N]) -> (Or, And, Xor, Div, Neg, Lt, Not, Flip, Shift) { Or = A + B; And = A * B; Xor = A - B; Div = A / B; Neg = -A; Lt = A < B; Not = !A; Flip = ~A; Shift = A << B; }",
    dict(A=np.array([0, 0, 1, 1], "?"), B=np.array([0, 1, 0, 1], "?")),
    lambda A, B: dict(
        Or=A | B,
        And=A & B,
        Xor=A ^ B,
        Div=np.array([0, 0, 0, 1], "i4"),
        Neg=-A.astype("i4"),
        Lt=~A & B,
        Not=~A,
        Flip=~A,
        Shift=np.array([0, 0, 1, 2], "i4"),
    ),
    package=True,
)

# Conversions.
SOURCES = {
    "f4": np.array(
        [
            0,
            0.5,
            -0.5,
            1.9,
            -1.9,
            127.5,
            128,
            255.9,
            256,
            -129,
            32768,
            65536,
            2147483500,
            2147483648,
            4294967296,
            9.3e18,
            -9.3e18,
            1.9e19,
            np.inf,
            -np.inf,
            np.nan,
        ],
        "f4",
    ),
    "f8": np.array(
        [0, 2.7, -2.7, 2147483647.9, -2147483648.9, 4294967295.9, 1e300, -1e300, np.nan, 9007199254740993, 9.2e18], "f8"
    ),
    "f2": np.array([0, 1.5, -1.5, 65504, -65504, np.inf, -np.inf, np.nan, 300], "f2"),
    "i4": np.array([0, 1, -1, 127, 128, 255, 256, -129, 2**31 - 1, -(2**31)], "i4"),
    "i8": np.array([0, -1, 2**40 + 5, -(2**63), 2**63 - 1, 16777217], "i8"),
    "u8": np.array([0, 1, 2**64 - 1, 2**63, 16777217], "u8"),
    "u1": np.array([0, 1, 127, 128, 255], "u1"),
    "i1": np.array([0, -1, 127, -128], "i1"),
    "?": np.array([True, False]),
}
TARGETS = {
    **{f"as_int(A, {b})": f"i{b // 8}" for b in (8, 16, 32, 64)},
    **{f"as_uint(A, {b})": f"u{b // 8}" for b in (8, 16, 32, 64)},
    **{f"as_float(A, {b})": f"f{b // 8}" for b in (16, 32, 64)},
    "as_bool(A)": "?",
    "as_int(A)": "i4",
    "as_uint(A)": "u4",
    "as_float(A)": "f4",
}


def converted(A, dtype):
    dtype = np.dtype(dtype)
    if A.dtype.kind == "f" and dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.array(
            [
                0 if np.isnan(x) else info.max if x > info.max else info.min if x < info.min else int(x)
                for x in A.astype("f8")
            ],
            object,
        ).astype(dtype)
    return A != 0 if dtype.kind == "b" else A.astype(dtype)


for dtype, values in SOURCES.items():
    case(
        f"conversions of {np.dtype(dtype).name}",
        f"function f(A[N]) -> ({', '.join(f'O{n}' for n in range(len(TARGETS)))}) {{ {' '.join(f'O{n} = {text};' for n, text in enumerate(TARGETS))} }}",
        dict(A=values),
        lambda A: {f"O{n}": converted(A, target) for n, target in enumerate(TARGETS.values())},
        exact=True,
        package=dtype == "f4",
    )

# The table of types, for each pair, bf16 too.
TYPES = {**{name: np.dtype(code) for name, code in ELEMENT_TYPES.items()}, "bf16": np.dtype("V2")}


def common(a, b):
    """The name of the common type, by the words of the specification."""
    if a == b:
        return a
    if "bool" in (a, b):
        return b if a == "bool" else a
    floats = [t for t in (a, b) if "f" in t]
    if len(floats) == 1:
        return floats[0]
    width = {t: int(t.lstrip("iubf")) for t in (a, b)}
    if len(floats) == 2:
        return "f32" if {a, b} == {"f16", "bf16"} else max(a, b, key=width.get)
    if a[0] == b[0]:
        return max(a, b, key=width.get)
    signed, other = (a, b) if a[0] == "i" else (b, a)
    return f"i{min(64, max(width[signed], 2 * width[other]))}"


def one_and_zero(name):
    return to_bf16(np.array([1, 0], "f4")) if name == "bf16" else np.array([1, 0], TYPES[name])


for a in TYPES:
    case(
        f"the type of {a} with each other",
        f"function f({', '.join(f'A_{t}: {t}[N]' for t in TYPES)}) -> ({', '.join(f'O_{t}, C_{t}' for t in TYPES)}) {{ "
        + " ".join(f"O_{t} = A_{a} * A_{t}; C_{t} = A_{a} > 0 ? A_{t} : A_{a};" for t in TYPES)
        + " }",
        {f"A_{t}": one_and_zero(t) for t in TYPES},
        {f"{o}_{t}": one_and_zero(common(a, t)) for t in TYPES for o in "OC"},
        package=a == "i8",
    )

# Weak numbers.
case(
    "weak numbers",
    """
function f(H: f16[N], I: i32[N], B: bool[N], U: u8[N], D: f64[N]) -> (O, P, Q, R, S, T, V, W, X, Y, Z) {
  c = 1 / 3.0;
  O = H * c + N; P = I * 0.5; Q = B + 2; R = U * 2; S = B * 0.5; T = D * c; V = 7; W = 7.5; X = H < 0 ? 0 : 1; Y = 7 / 2; Z = U + N;
}""",
    dict(H=d.of("f2", 6), I=d.i32(6), B=d.of("?", 6), U=d.of("u1", 6), D=d.f64(6)),
    lambda H, I, B, U, D: dict(
        O=H * np.float16(1 / 3) + np.float16(6),
        P=I.astype("f4") * np.float32(0.5),
        Q=B.astype("i4") + 2,
        R=U * np.uint8(2),
        S=B.astype("f4") * np.float32(0.5),
        T=D * (1 / 3),
        V=np.int32(7),
        W=np.float32(7.5),
        X=np.where(H < 0, 0, 1).astype("i4"),
        Y=np.int32(3),
        Z=U + np.uint8(6),
    ),
    exact=True,
    package=True,
)
case(
    "precedence",
    "function f(A: i32[N], B: i32[N]) -> (O, P, Q, R, S) { O = A < 0 || B & 1 == 1 ? -A * 2 + B << 1 : ~B; P = A - B - 1; Q = 100 / 7 % 4 * A; R = !A == B; S = A | B ^ A & 3; }",
    dict(A=d.i32(40), B=d.i32(40)),
    lambda A, B: dict(
        O=np.where((A < 0) | ((B & 1) != 0), (-A * 2 + B) << 1, ~B),
        P=A - B - 1,
        Q=(100 // 7 % 4) * A,
        R=(A == 0) == B,
        S=A | (B ^ (A & 3)),
    ),
)
case(
    "products with numbers",
    "function f(x, A[N]) -> (O, P) { O = A + 2x; P = 8 / 2x * A; }",
    dict(x=4.0, A=d.of("f4", 5)),
    lambda x, A: dict(O=A + 8, P=A),
)
case(
    "functions named like operators",
    """
function f(A[N], B[N], I: i32[N], J: i32[N]) -> (O, P, Q, R) {
  O = add(mul(A, B), sub(A, div(neg(B), 2)));
  P = cond(cmp_lt(A, B), cmp_ge(A, B), cmp_eq(A, A));
  Q = bit_or(bit_and(I, J), bit_xor(I, bit_not(J)));
  R = bit_right(bit_left(I, 2), 1) + cond(cmp_ne(I, J), 1, 0) + cond(cmp_gt(I, J), 2, 0) + cond(cmp_le(I, J), 4, 0);
}""",
    dict(A=d.f32(20), B=d.f32(20), I=d.i32(20), J=d.i32(20)),
    lambda A, B, I, J: dict(
        O=A * B + (A - (-B) / 2),
        P=np.where(A < B, A >= B, True),
        Q=(I & J) | (I ^ ~J),
        R=(((I << 2) >> 1) + (I != J) * 1 + (I > J) * 2 + (I <= J) * 4).astype("i4"),
    ),
    rtol=0,
    atol=0,
    package=True,
)
