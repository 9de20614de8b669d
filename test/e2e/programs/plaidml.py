"""Programs in the manner of PlaidML v0: hand-written operations, and networks recorded as one function."""

import numpy as np

from data import Data
from harness import INTERPRETER, Case

d = Data(8)
softmax = lambda x: (lambda e: e / e.sum(-1, keepdims=True))(
    np.exp(x.astype("f8") - x.max(-1, keepdims=True))
)  # noqa: E731


def convolved(I, K, low, out, stride=1):
    O = np.zeros((I.shape[0], *out, K.shape[3]))
    for y, x, r, s in np.ndindex(*out, *K.shape[:2]):
        a, b = stride * y + r - low[0], stride * x + s - low[1]
        if 0 <= a < I.shape[1] and 0 <= b < I.shape[2]:
            O[:, y, x] += I[:, a, b].astype("f8") @ K[r, s]
    return O.astype("f4")


CASES = [
    # Hand-written operations.
    Case(
        "v0: matmul",
        "function (A[M, L], B[L, N]) -> (C) { C[i, j: M, N] = +(A[i, k] * B[k, j]); }",
        dict(A=d.f32(5, 6), B=d.f32(6, 7)),
        lambda A, B: dict(C=A @ B),
        package=True,
    ),
    Case(
        "v0: sizes left out and [:]",
        "function (I[N]) -> (O, S) { O[i] = +(I[i]); S[:] = +(I[i]); }",
        dict(I=d.f32(9)),
        lambda I: dict(O=I, S=I.sum()),
    ),
    Case(
        "v0: max pool with a constraint",
        "function (I[N]) -> (O) { O[i: N / 2] = >(I[2 * i + j]), j < 2; }",
        dict(I=d.f32(9, low=-9, high=-8)),
        lambda I: dict(O=I[:8].reshape(4, 2).max(1)),
        package=True,
    ),
    Case(
        "v0: max pool that rounds up",
        "function (I[N]) -> (O) { O[i: (N + 1) / 2] = >(I[2 * i + j]), j < 2; }",
        dict(I=d.f32(9, low=-9, high=-8)),
        lambda I: dict(O=np.append(I[:8].reshape(4, 2).max(1), I[8])),
    ),
    Case(
        "v0: cumulative sum",
        "function (I[N]) -> (O) { O[i: N] = +(I[k]), i - k < N; }",
        dict(I=d.f32(9)),
        lambda I: dict(O=np.cumsum(I)),
    ),
    Case(
        "v0: mean with a size as a number",
        "function (I[X, Y]) -> (O) { Sum[y: Y] = +(I[x, y]); O = Sum / X; }",
        dict(I=d.f32(4, 6)),
        lambda I: dict(O=I.mean(0)),
    ),
    Case(
        "v0: a global maximum and minimum",
        "function (I[X, Y]) -> (O, M) { O[] = >(I[x, y]); M[] = <(I[x, y]); }",
        dict(I=d.f32(4, 6)),
        lambda I: dict(O=I.max(), M=I.min()),
    ),
    Case(
        "v0: the strided, padded, dilated convolution",
        """
function (I[N, Lx, Ly, CI], K[LKx, LKy, CI, CO]) -> (O) {
  O[n, x, y, co: N, (Lx + 1) / 2, (Ly + 1) / 2, CO] = +(I[n, 2 * x + 2 * kx - 1, 2 * y + 3 * ky - 1, ci] * K[kx, ky, ci, co]);
}""",
        dict(I=d.f32(2, 7, 8, 3), K=d.f32(2, 3, 3, 4)),
        lambda I, K: (lambda D: dict(O=convolved(I, D, (1, 1), (4, 4), 2)))(
            (lambda D: (D.__setitem__((slice(None, None, 2), slice(None, None, 3)), K), D)[1])(
                np.zeros((3, 7, 3, 4), "f4")
            )
        ),
    ),
    Case(
        "v0: no_defract repeats",
        "function (I[N0, N1]) -> (O) { O[i, 3 * j + k: N0, 3 * N1] = =(I[i, j]), k < 3 no_defract; }",
        dict(I=d.f32(2, 4)),
        lambda I: dict(O=I.repeat(3, 1)),
        package=True,
    ),
    Case(
        "v0: a default that is shifted",
        "function (I[N], V[M]) -> (O) { O[i + 1: M] = =(I[i]) default V; }",
        dict(I=d.f32(3), V=d.f32(6)),
        lambda I, V: dict(O=np.concatenate([V[:1], I, V[4:]])),
    ),
    Case(
        "v0: arg max by ==",
        """
function (I[N, C]) -> (O) {
  Max[n: N] = >(I[n, c]);
  MaxI[n: N] = >(Max[n] == I[n, c] ? Index[n, c]) ;
  O = MaxI;
}""".replace("Max[n: N] = >(I[n, c]);", "Max[n: N] = >(I[n, c]);\n  Index = index(I, 1);"),
        dict(I=np.array([[1, 5, 5], [7, 7, 2], [0, -1, 0]], "f4")),
        dict(O=np.array([2, 1, 2], "i4")),
    ),
    Case(
        "v0: ==( for = =(",
        "function (A[M, N]) -> (O) { O[n, m : N, M] ==(A[m, n]); }".replace("==(", "= =("),
        dict(A=d.f32(3, 4)),
        lambda A: dict(O=A.T),
    ),
    Case(
        "v0: ==( without a space",
        "function (A[M, N]) -> (O) { O[n, m : N, M] ==(A[m, n]); }",
        dict(A=d.f32(3, 4)),
        lambda A: dict(O=A.T),
    ),
    Case(
        "v0: products with numbers, signs before names",
        "function (#A[N], $B[N]) -> (O) { O[i : N] = +(#A[2i - i] * $B[i]); }",
        dict(A=d.f32(5), B=d.f32(5)),
        lambda A, B: dict(O=A * B),
    ),
    Case(
        "v0: polynomial activation",
        "function (X) -> (Y) { Y = (X < -2.5 ? 0 : (X > 2.5 ? 1 : 0.2 * X + 0.5)); }",
        dict(X=d.f32(20, low=-4, high=4)),
        lambda X: dict(Y=np.clip(0.2 * X + 0.5, 0, 1)),
    ),
    Case(
        "v0: layer norm without epsilon's place",
        """
function (I[X, Y], Epsilon) -> (O) {
  Sum[x, 0: X, 1] = +(I[x, y]);
  Mu = Sum / Y;
  Diff = I - Mu;
  SqDiff = Diff * Diff;
  SumSqDiff[x, 0: X, 1] = +(SqDiff[x, y]);
  Stdev = sqrt(SumSqDiff / Y);
  O = Diff / max(Stdev, Epsilon);
}""",
        dict(I=d.f32(5, 17), Epsilon=1e-3),
        lambda I, Epsilon: dict(
            O=((I - I.mean(1, keepdims=True)) / np.maximum(I.std(1, keepdims=True, dtype="f8"), Epsilon)).astype("f4")
        ),
        atol=1e-5,
        package=True,
    ),
    # Recorded networks.
    Case(
        "v0: recorded dense layers",
        """
function (
  X_I_0[X_I_0_0, X_I_0_1],
  X_I_4[X_I_4_0, X_I_4_1],
  X_I_9[X_I_9_0],
  X_I_11[X_I_11_0, X_I_11_1]
) -> (
  X_T6,
  X_T16
) {
  [[pid(Dense)]] X_T3[n0, n1 : 8, 12] = +(X_I_0[n0, z] * X_I_4[z, n1]);
  [[pid(Add)]] X_T4 = add(X_T3, X_I_9);
  X_T5 = 0.0;
  X_T8 = cmp_lt(X_T4, X_T5);
  X_T9 = cond(X_T8, X_T5, X_T4);
  X_T7 = 1;
  X_T6 = reshape(X_T9, X_T7, 8, X_I_9_0);
  X_T10[n0, n1 : 8, 5] = +(X_T9[n0, z] * X_I_11[z, n1]);
  X_T12 = 8;
  X_T13 = 5;
  [[pid(Softmax)]] X_T16 = builtin_softmax(X_T10, X_T12, X_T13);
}""",
        dict(X_I_0=d.f32(8, 6), X_I_4=d.f32(6, 12), X_I_9=d.f32(12), X_I_11=d.f32(12, 5)),
        lambda X_I_0, X_I_4, X_I_9, X_I_11: (
            lambda H: dict(X_T6=H.reshape(1, 8, 12).astype("f4"), X_T16=softmax(H @ X_I_11).astype("f4"))
        )(np.maximum(X_I_0.astype("f8") @ X_I_4 + X_I_9, 0)),
        package=True,
    ),
    Case(
        "v0: recorded convolution, pool and gradient",
        """
function (X_I_0[X_I_0_0, X_I_0_1, X_I_0_2, X_I_0_3], X_I_1[X_I_1_0, X_I_1_1, X_I_1_2, X_I_1_3], X_I_2[X_I_2_0]) -> (X_T2, X_T5, X_T9) {
  [[pid(Convolution)]] X_T0[n, x0, x1, co : 1, 6, 8, 4] = +(X_I_0[n, -1 + k0 + x0, -1 + k1 + x1, ci] * X_I_1[k0, k1, ci, co]);
  X_T1 = add(X_T0, X_I_2);
  [[pid(Relu)]] X_T2 = cond(cmp_lt(X_T1, 0), 0, X_T1);
  [[pid(Pool)]] X_T3[n, x0, x1, c : 1, 3, 4, 4] = +(X_T2[n, 2*x0 + k0, 2*x1 + k1, c]), k0 < 2, k1 < 2;
  X_T4 = 4;
  X_T5 = div(X_T3, X_T4);
  X_T6 = cond(cmp_lt(X_T1, 0), 0, 1);
  X_T7 = mul(X_T6, X_T2);
  X_T8[k0, k1, ci, co : 3, 3, 2, 4] = +(X_I_0[n, -1 + k0 + x0, -1 + k1 + x1, ci] * X_T7[n, x0, x1, co]);
  X_T9 = X_T8;
}""",
        dict(X_I_0=d.f32(1, 6, 8, 2), X_I_1=d.f32(3, 3, 2, 4), X_I_2=d.f32(4)),
        lambda X_I_0, X_I_1, X_I_2: (
            lambda T: dict(
                X_T2=T,
                X_T5=T.reshape(1, 3, 2, 4, 2, 4).mean((2, 4)),
                X_T9=np.stack(
                    [
                        np.stack(
                            [
                                np.einsum(
                                    "yxi,yxo->io",
                                    np.pad(X_I_0[0], ((1, 1), (1, 1), (0, 0)))[a : a + 6, b : b + 8].astype("f8"),
                                    T[0],
                                )
                                for b in range(3)
                            ]
                        )
                        for a in range(3)
                    ]
                ).astype("f4"),
            )
        )(np.maximum(convolved(X_I_0, X_I_1, (1, 1), (6, 8)) + X_I_2, 0)),
        package=True,
    ),
    Case(
        "v0: functions by name",
        """
function (X_I_0[X_I_0_0, X_I_0_1], X_I_1[X_I_1_0]) -> (X_T5, X_T9, X_T12, X_T15, X_T16) {
  X_T0 = sub(X_I_0, X_I_1);
  X_T1 = mul(X_T0, X_T0);
  X_T2 = neg(X_T1);
  X_T3 = exp(X_T2);
  X_T4 = 1;
  X_T5 = div(X_T4, X_T3);
  X_T6 = cmp_gt(X_T0, 0);
  X_T7 = cmp_le(X_T0, 0.5);
  X_T8 = cond(X_T6, X_T7, X_T6);
  X_T9 = as_float(X_T8, 32);
  X_T10 = tuple(X_T0, X_T9);
  X_T11 = element(X_T10, 0);
  X_T12 = simple_reduce(X_T11, X_I_1);
  X_T13 = shape(X_I_0);
  X_T14 = ident(X_T13);
  X_T15 = X_T14;
  X_T16 = pow(max(abs(X_T0), 0.1), 0.5);
}""",
        dict(X_I_0=d.f32(4, 6), X_I_1=d.f32(6)),
        lambda X_I_0, X_I_1: (
            lambda T: dict(
                X_T5=(1 / np.exp(-T.astype("f8") ** 2)).astype("f4"),
                X_T9=((T > 0) & (T <= 0.5)).astype("f4"),
                X_T12=T.sum(0),
                X_T15=np.array([4, 6], "i4"),
                X_T16=np.sqrt(np.maximum(abs(T), np.float32(0.1))),
            )
        )(X_I_0 - X_I_1),
        package=True,
    ),
    Case(
        "v0: integer statements as sizes",
        """
function (X_I_0[X_I_0_0, X_I_0_1]) -> (X_T6, X_T7) {
  X_T1 = 2;
  X_T2 = mul(X_T1, X_I_0_0);
  X_T3 = div(X_I_0_1, 2);
  X_T4 = sub(X_T3, 1);
  X_T6 = reshape(X_I_0, X_T2, X_T3);
  X_T7[i, j : X_I_0_0, X_T4] = =(X_I_0[i, j]);
}""",
        dict(X_I_0=d.f32(3, 6)),
        lambda X_I_0: dict(X_T6=X_I_0.reshape(6, 3), X_T7=X_I_0[:, :2]),
        exact=True,
    ),
    Case(
        "v0: random numbers",
        """
function (X_S[A, B]) -> (X_V, X_N, X_W) {
  X_R = prng_step(X_S, 40, 50);
  X_V = prng_value(X_R);
  X_N = prng_state(X_R);
  X_Q = prng_step(X_S, 40, 50);
  X_W = prng_value(X_Q) - X_V;
}""",
        dict(X_S=d.any("u4", 3, 2048)),
        lambda X_S: dict(X_W=np.zeros((40, 50), "f4")),
        devices=(INTERPRETER,),
    ),
]
