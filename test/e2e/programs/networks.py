"""What networks are made of: softmax, norms, activations, attention, a recurrent cell, losses, and their gradients."""

import numpy as np

from data import Data
from harness import Case

d = Data(4)
CASES = []


def softmax(x, axis=-1):
    x = x.astype("f8")
    with np.errstate(all="ignore"):
        e = np.exp(x - x.max(axis, keepdims=True, initial=-np.inf))
        return e / e.sum(axis, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype("f8")))


SOFTMAX = """
function softmax(X[M, N]) -> (Y, L) {
  P[m, 0 : M, 1] = >(X[m, n]);
  E = exp(X - P);
  S[m, 0 : M, 1] = +(E[m, n]);
  Y = E / S;
  L = X - P - log(S);
}
"""
for m, n in [(1, 1), (3, 7), (16, 1000), (5, 0), (0, 5), (64, 17), (2, 3), (100, 16)]:
    CASES.append(
        Case(
            f"softmax {m}x{n}",
            SOFTMAX,
            dict(X=d.f32(m, n, low=-30, high=30)),
            lambda X: dict(Y=softmax(X).astype("f4"), L=np.log(softmax(X)).astype("f4") if X.size else X),
            atol=1e-6,
            package=n == 7,
        )
    )
CASES.append(
    Case(
        "softmax over the first axis, large values",
        """
function f(X[M, N]) -> (Y) { P[0, n : 1, N] = >(X[m, n]); E = exp(X - P); S[0, n : 1, N] = +(E[m, n]); Y = E / S; }""",
        dict(X=d.f32(9, 20, low=-1e4, high=1e4)),
        lambda X: dict(Y=softmax(X, 0).astype("f4")),
        atol=1e-6,
    )
)
CASES.append(
    Case(
        "softmax by name",
        "function f(X[M, N]) -> (Y, Z, L) { Y = builtin_softmax(X, M, N); Z = builtin_softmax(X); L = builtin_logsoftmax(X, M, N); }",
        dict(X=d.f32(6, 33, low=-200, high=200)),
        lambda X: dict(
            Y=softmax(X).astype("f4"),
            Z=softmax(X).astype("f4"),
            L=(
                X
                - X.max(1, keepdims=True)
                - np.log(np.exp(X.astype("f8") - X.max(1, keepdims=True)).sum(1, keepdims=True))
            ).astype("f4"),
        ),
        atol=1e-6,
        package=True,
    )
)
CASES.append(
    Case(
        "masked softmax",
        """
function f(X[M, N]) -> (Y) {
  I = index(X, 0); J = index(X, 1);
  T = J <= I ? X : -1.0 / 0.0;
  P[m, 0 : M, 1] = >(T[m, n]);
  E = exp(T - P);
  S[m, 0 : M, 1] = +(E[m, n]);
  Y = E / S;
}""",
        dict(X=d.f32(9, 9)),
        lambda X: dict(Y=softmax(np.where(np.tri(9, dtype=bool), X, -np.inf)).astype("f4")),
        atol=1e-6,
    )
)

# Norms.
LAYER_NORM = """
function layerNorm(X[M, N], G[N], B[N]) -> (Y) {
  S[m, 0 : M, 1] = +(X[m, n]);
  Mean = S / N;
  D = X - Mean;
  V[m, 0 : M, 1] = +(D[m, n] * D[m, n]);
  Y = D / sqrt(V / N + 1e-5) * G + B;
}
"""


def layer_norm(X, G, B):
    X = X.astype("f8")
    return dict(Y=((X - X.mean(1, keepdims=True)) / np.sqrt(X.var(1, keepdims=True) + 1e-5) * G + B).astype("f4"))


for m, n in [(1, 1), (3, 7), (16, 100), (64, 17), (2, 1024)]:
    CASES.append(
        Case(
            f"layer norm {m}x{n}",
            LAYER_NORM,
            dict(X=d.f32(m, n), G=d.f32(n), B=d.f32(n)),
            layer_norm,
            atol=2e-5,
            package=n == 7,
        )
    )
CASES.append(
    Case(
        "root mean square norm",
        "function f(X[M, N], G[N]) -> (Y) { Q[m, 0 : M, 1] = +(X[m, n] * X[m, n]); Y = X * recip(sqrt(Q / N + 1e-6)) * G; }",
        dict(X=d.f32(5, 33), G=d.f32(33)),
        lambda X, G: dict(Y=(X / np.sqrt((X.astype("f8") ** 2).mean(1, keepdims=True) + 1e-6) * G).astype("f4")),
    )
)
BATCH_NORM = """
function batchNorm(X[N, H, W, C], G[C], B[C], DY[N, H, W, C]) -> (Y, DX, DG, DB) {
  Count = N * H * W;
  S[c : C] = +(X[n, h, w, c]);
  Mean = S / Count;
  D = X - Mean;
  Q[c : C] = +(D[n, h, w, c] * D[n, h, w, c]);
  R = 1 / sqrt(Q / Count + 1e-3);
  Normal = D * R;
  Y = Normal * G + B;
  DB[c : C] = +(DY[n, h, w, c]);
  DG[c : C] = +(DY[n, h, w, c] * Normal[n, h, w, c]);
  DX = G * R / Count * (Count * DY - DB - Normal * DG);
}
"""


def batch_norm(X, G, B, DY):
    X, DY = X.astype("f8"), DY.astype("f8")
    count = X[..., 0].size
    R = 1 / np.sqrt(X.var((0, 1, 2)) + 1e-3)
    normal = (X - X.mean((0, 1, 2))) * R
    DB, DG = DY.sum((0, 1, 2)), (DY * normal).sum((0, 1, 2))
    return {
        k: v.astype("f4")
        for k, v in dict(Y=normal * G + B, DX=G * R / count * (count * DY - DB - normal * DG), DG=DG, DB=DB).items()
    }


for shape in [(1, 1, 1, 1), (2, 3, 4, 5), (3, 7, 5, 17), (1, 16, 16, 3)]:
    CASES.append(
        Case(
            f"batch norm and its gradient, {shape}",
            BATCH_NORM,
            dict(X=d.f32(*shape), G=d.f32(shape[-1]), B=d.f32(shape[-1]), DY=d.f32(*shape)),
            batch_norm,
            rtol=1e-4,
            atol=1e-4,
            package=shape[0] == 2,
        )
    )
CASES.append(
    Case(
        "group norm",
        """
function f(X[N, P, G, C]) -> (Y) {
  S[n, 0, g, 0 : N, 1, G, 1] = +(X[n, p, g, c]);
  D = X - S / (P * C);
  V[n, 0, g, 0 : N, 1, G, 1] = +(D[n, p, g, c] * D[n, p, g, c]);
  Y = D / sqrt(V / (P * C) + 1e-5);
}""",
        dict(X=d.f32(2, 6, 3, 5)),
        lambda X: dict(
            Y=(
                (X - X.mean((1, 3), keepdims=True, dtype="f8"))
                / np.sqrt(X.var((1, 3), keepdims=True, dtype="f8") + 1e-5)
            ).astype("f4")
        ),
        atol=2e-5,
    )
)

# Activations and dense layers.
ACTIVATIONS = """
function gelu(X) -> (Y) { Y = X * 0.5 * (1 + tanh(0.7978845608028654 * (X + 0.044715 * X * X * X))); }
function swish(X) -> (Y) { Y = X * sigmoid(X); }
function leaky(X, slope) -> (Y) { Y = (X < 0 ? slope * X : X); }
function elu(X) -> (Y) { Y = (X < 0 ? exp(min(X, 0)) - 1 : X); }
function softplus(X) -> (Y) { Y = log(1 + exp(-abs(X))) + max(X, 0); }
function f(X) -> (G, S, L, E, P, R) { G = gelu(X); S = swish(X); L = leaky(X, 0.01); E = elu(X); P = softplus(X); R = relu(X); }
"""
for shape in [(7,), (17, 33), (100,), (), (0,), (2, 3, 4)]:
    CASES.append(
        Case(
            f"activations of {shape}",
            ACTIVATIONS.replace("f(X)", "f(X[" + ", ".join("IJK"[: len(shape)]) + "])"),
            dict(X=d.f32(*shape, low=-5, high=5)),
            lambda X: (
                lambda x: {
                    k: np.float32(v)
                    for k, v in dict(
                        G=x * 0.5 * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3))),
                        S=x * sigmoid(x),
                        L=np.where(x < 0, 0.01 * x, x),
                        E=np.where(x < 0, np.exp(np.minimum(x, 0)) - 1, x),
                        P=np.log1p(np.exp(-abs(x))) + np.maximum(x, 0),
                        R=np.maximum(x, 0),
                    ).items()
                }
            )(X.astype("f8")),
            atol=2e-6,
            package=shape == (7,),
        )
    )
DENSE = """
function dense(X[M, K], W[K, N], B[N]) -> (Y) { P[m, n : M, N] = +(X[m, k] * W[k, n]); Y = relu(P + B); }
function net(X[M, K], W[K, N], B[N], V[N, O], C[O]) -> (Y) { H = dense(X, W, B); P[m, o] = +(H[m, n] * V[n, o]); Y = P + C; }
"""
for m, k, n, o in [(1, 1, 1, 1), (4, 6, 3, 2), (32, 65, 33, 10), (7, 100, 16, 17)]:
    CASES.append(
        Case(
            f"two dense layers {m}x{k}x{n}x{o}",
            DENSE,
            dict(X=d.f32(m, k), W=d.f32(k, n), B=d.f32(n), V=d.f32(n, o), C=d.f32(o)),
            lambda X, W, B, V, C: dict(Y=(np.maximum(X.astype("f8") @ W + B, 0) @ V + C).astype("f4")),
            package=m == 4,
        )
    )
CASES.append(
    Case(
        "gradient of a dense layer",
        """
function f(X[M, K], W[K, N], B[N], DY[M, N]) -> (DX, DW, DB) {
  P[m, n : M, N] = +(X[m, k] * W[k, n]);
  D = P + B > 0 ? DY : 0;
  DX[m, k : M, K] = +(D[m, n] * W[k, n]);
  DW[k, n : K, N] = +(X[m, k] * D[m, n]);
  DB[n : N] = +(D[m, n]);
}""",
        dict(X=d.f32(9, 20), W=d.f32(20, 17), B=d.f32(17), DY=d.f32(9, 17)),
        lambda X, W, B, DY: (
            lambda D: dict(DX=(D @ W.T).astype("f4"), DW=(X.T @ D).astype("f4"), DB=D.sum(0).astype("f4"))
        )(np.where(X.astype("f8") @ W + B > 0, DY, 0).astype("f8")),
        package=True,
    )
)
CASES.append(
    Case(
        "convolution, bias, activation, pool",
        """
function f(I[N, H, W, Ci], K[R, S, Ci, Co], B[Co]) -> (O) {
  C[n, y, x, co : N, H, W, Co] = +(I[n, y + r - R/2, x + s - S/2, ci] * K[r, s, ci, co]);
  A = relu(C + B);
  O[n, y, x, c : N, H / 2, W / 2, Co] = >(A[n, 2*y + i, 2*x + j, c]), i < 2, j < 2;
}""",
        dict(I=d.f32(2, 8, 10, 3), K=d.f32(3, 3, 3, 18), B=d.f32(18)),
        lambda I, K, B: dict(
            O=(lambda A: A.reshape(2, 4, 2, 5, 2, 18).max((2, 4)))(
                np.maximum(
                    np.einsum(
                        "nyxcrs,rsck->nyxk",
                        np.lib.stride_tricks.sliding_window_view(
                            np.pad(I, ((0, 0), (1, 1), (1, 1), (0, 0))), (3, 3), (1, 2)
                        ).astype("f8"),
                        K,
                    )
                    + B,
                    0,
                ).astype("f4")
            )
        ),
        package=True,
    )
)

ATTENTION = """
function attention(Q[B, H, T, D], K[B, H, S, D], V[B, H, S, D]) -> (O) {
  L[b, h, t, s : B, H, T, S] = +(Q[b, h, t, d] * K[b, h, s, d]);
  Z = L / sqrt(as_float(D, 32));
  X[b, h, t, 0 : B, H, T, 1] = >(Z[b, h, t, s]);
  E = exp(Z - X);
  N[b, h, t, 0 : B, H, T, 1] = +(E[b, h, t, s]);
  P = E / N;
  O[b, h, t, d : B, H, T, D] = +(P[b, h, t, s] * V[b, h, s, d]);
}
"""
for b, h, t, s, w in [(1, 1, 1, 1, 1), (2, 3, 5, 7, 4), (1, 2, 17, 16, 33)]:
    CASES.append(
        Case(
            f"attention {b}x{h}x{t}x{s}x{w}",
            ATTENTION,
            dict(Q=d.f32(b, h, t, w), K=d.f32(b, h, s, w), V=d.f32(b, h, s, w)),
            lambda Q, K, V: dict(
                O=(softmax(np.einsum("bhtd,bhsd->bhts", Q.astype("f8"), K) / np.sqrt(Q.shape[-1])) @ V).astype("f4")
            ),
            package=t == 5,
        )
    )
CASES.append(
    Case(
        "LSTM cell",
        """
function cell(X[N, I], H[N, U], C[N, U], W[I, 4, U], R[U, 4, U], B[4, U]) -> (NewH, NewC) {
  P[n, g, u : N, 4, U] = +(X[n, i] * W[i, g, u]);
  Q[n, g, u : N, 4, U] = +(H[n, v] * R[v, g, u]);
  Z = P + Q + B;
  In[n, u : N, U] = =(Z[n, 0, u]);
  Forget[n, u : N, U] = =(Z[n, 1, u]);
  New[n, u : N, U] = =(Z[n, 2, u]);
  Out[n, u : N, U] = =(Z[n, 3, u]);
  NewC = sigmoid(Forget) * C + sigmoid(In) * tanh(New);
  NewH = sigmoid(Out) * tanh(NewC);
}""",
        dict(X=d.f32(4, 6), H=d.f32(4, 9), C=d.f32(4, 9), W=d.f32(6, 4, 9), R=d.f32(9, 4, 9), B=d.f32(4, 9)),
        lambda X, H, C, W, R, B: (
            lambda Z: (lambda c: dict(NewC=c.astype("f4"), NewH=(sigmoid(Z[:, 3]) * np.tanh(c)).astype("f4")))(
                sigmoid(Z[:, 1]) * C + sigmoid(Z[:, 0]) * np.tanh(Z[:, 2])
            )
        )(np.einsum("ni,igu->ngu", X.astype("f8"), W) + np.einsum("nv,vgu->ngu", H.astype("f8"), R) + B),
        package=True,
    )
)
CASES.append(
    Case(
        "cross-entropy and its gradient",
        """
function loss(X[M, N], T[M, N]) -> (L, G) {
  P = builtin_logsoftmax(X, M, N);
  S[] = +(T[m, n] * P[m, n]);
  L = -S / M;
  G = (exp(P) - T) / M;
}""",
        dict(X=d.f32(6, 10, low=-3, high=3), T=np.eye(10, dtype="f4")[[1, 5, 0, 9, 3, 3]]),
        lambda X, T: dict(L=np.float32(-(T * np.log(softmax(X))).sum() / 6), G=((softmax(X) - T) / 6).astype("f4")),
    )
)
CASES.append(
    Case(
        "binary cross-entropy by name",
        "function f(P[N], T[N]) -> (L, S) { L = builtin_binary_crossentropy(P, T, 1); S = builtin_binary_crossentropy(P, T); }",
        dict(P=d.f32(20, low=0.01, high=0.99), T=d.f32(20, low=0, high=1)),
        lambda P, T: (lambda L: dict(L=L, S=L))(
            (-T * np.log(P.astype("f8")) - (1 - T) * np.log(1 - P.astype("f8"))).astype("f4")
        ),
        rtol=1e-5,
    )
)
CASES.append(
    Case(
        "mean squared error and one step down",
        """
function step(X[M, K], W[K], T[M], rate) -> (Loss, New) {
  P[m : M] = +(X[m, k] * W[k]);
  D = P - T;
  S[] = +(D[m] * D[m]);
  Loss = S / M;
  G[k : K] = +(D[m] * X[m, k]);
  New = W - rate * 2.0 / M * G;
}""",
        dict(X=d.f32(30, 8), W=d.f32(8), T=d.f32(30), rate=0.125),
        lambda X, W, T, rate: (
            lambda D: dict(Loss=np.float32((D**2).mean()), New=(W - rate * 2 / 30 * (D @ X)).astype("f4"))
        )(X.astype("f8") @ W - T),
        package=True,
    )
)
CASES.append(
    Case(
        "Adam's step",
        """
function adam(W, G, M, V, t: f32[]) -> (NewW, NewM, NewV) {
  NewM = 0.9 * M + 0.1 * G;
  NewV = 0.999 * V + 0.001 * G * G;
  A = NewM / (1 - pow(0.9, t));
  B = NewV / (1 - pow(0.999, t));
  NewW = W - 0.01 * A / (sqrt(B) + 1e-8);
}""",
        dict(W=d.f32(5, 7), G=d.f32(5, 7), M=d.f32(5, 7), V=d.f32(5, 7, low=0, high=1), t=3.0),
        lambda W, G, M, V, t: (
            lambda m, v: dict(
                NewM=m.astype("f4"),
                NewV=v.astype("f4"),
                NewW=(W - 0.01 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)).astype("f4"),
            )
        )(0.9 * M.astype("f8") + 0.1 * G, 0.999 * V.astype("f8") + 0.001 * G.astype("f8") ** 2),
        rtol=2e-4,
        atol=1e-4,
    )
)
