"""Small programs as people write them: applications that mix what the other files take apart."""

import numpy as np

from data import Data
from harness import Bad, Case

d = Data(12)


def f4(*values):
    return np.array(values, "f4")


CASES = [
    Case(
        "infinity and NaN on the command line",
        "function f(a,b,c) -> (A,B,C) { A = a; B = b + 1; C = -c; }",
        dict(a=float("inf"), b=float("nan"), c=float("-inf")),
        lambda a, b, c: dict(A=np.float32(a), B=np.float32(b), C=np.float32(-c)),
        package=True,
    ),
    Case(
        "a float scalar meets i32",
        "function f(A[N], s) -> (O) { O = A * s; }",
        dict(A=d.i32(5), s=2.5),
        lambda A, s: dict(O=(A * 2.5).astype("f4")),
    ),
    Case(
        "an integer scalar meets f16",
        "function f(A[N], s) -> (O) { O = A * s; }",
        dict(A=d.of("f2", 5), s=3),
        lambda A, s: dict(O=A * np.float16(3)),
    ),
    Case(
        "a contraction over five axes",
        "function f(A[A0,A1,A2,A3,A4], B[A4,A0]) -> (O) { O[b,c,e : A1,A2,A3] = +(A[a,b,c,e,g]*B[g,a]); }",
        dict(A=d.f32(2, 3, 4, 5, 6), B=d.f32(6, 2)),
        lambda A, B: dict(O=np.einsum("abceg,ga->bce", A, B)),
    ),
    Case(
        "bilinear",
        "function f(A[M],W[M,K,N],B[N]) -> (O) { O[k : K] = +(A[m]*W[m,k,n]*B[n]); }",
        dict(A=d.f32(7), W=d.f32(7, 5, 9), B=d.f32(9)),
        lambda A, W, B: dict(O=np.einsum("m,mkn,n->k", A, W, B)),
    ),
    Case(
        "median via ranks",
        "function f(A[N]) -> (O) { R[i : N] = +(A[j] < A[i]); H = N / 2; I = index(A, 0); O[] = >(R[i] == H ? A[i]); }",
        dict(A=np.random.default_rng(0).permutation(21).astype("f4")),
        lambda A: dict(O=np.median(A)),
    ),
    Case(
        "Toeplitz matrix",
        "function f(A[K],N) -> (O) { O[i, j : 5, 5] = =(A[i - j + 4]); }",
        dict(A=d.f32(9), N=5),
        lambda A, N: dict(O=np.array([[A[i - j + 4] for j in range(5)] for i in range(5)])),
    ),
    Case(
        "polynomial product",
        "function f(A[N],B[M]) -> (C) { C[i + j : N + M - 1] = +(A[i]*B[j]); }",
        dict(A=d.f32(6), B=d.f32(4)),
        lambda A, B: dict(C=np.convolve(A, B)),
    ),
    Case(
        "game of life",
        "function f(A: i32[H, W]) -> (O) { S[y, x : H, W] = +(A[y + i, x + j]), -1 <= i <= 1, -1 <= j <= 1; T = S - A; O = T == 3 || (A == 1 && T == 2) ? 1 : 0; }",
        dict(A=d.i32(9, 11, low=0, high=2)),
        lambda A: dict(
            O=(lambda T: ((T == 3) | ((A == 1) & (T == 2))).astype("i4"))(
                sum(np.pad(A, 1)[i : i + 9, j : j + 11] for i in range(3) for j in range(3)) - A
            )
        ),
    ),
    Case(
        "Kronecker product",
        "function f(A[M,N],B[P,Q]) -> (O) { O[P*m + p, Q*n + q : M*P, N*Q] = =(A[m,n]*B[p,q]), p < P, q < Q; }",
        dict(A=d.f32(3, 4), B=d.f32(2, 5)),
        lambda A, B: dict(O=np.kron(A, B)),
    ),
    Case(
        "average pool that counts what is inside",
        "function f(I[N]) -> (O) { O1 = I * 0 + 1; S[x : (N + 2)/3] = +(I[3*x + i]), i < 3; C[x : (N + 2)/3] = +(O1[3*x + i]), i < 3; O = S / C; }",
        dict(I=d.f32(10)),
        lambda I: dict(O=f4(*[I[i : i + 3].mean() for i in range(0, 10, 3)])),
    ),
    Case(
        "an image of bytes",
        "function f(I: u8[H,W,C]) -> (O) { O[c,y,x : C,H,W] = =(as_float(I[y,x,c],32) / 255); }",
        dict(I=d.any("u1", 5, 6, 3)),
        lambda I: dict(O=(I.transpose(2, 0, 1) / np.float32(255)).astype("f4")),
        package=True,
    ),
    Case(
        "a reshape without elements",
        "function f(A[N]) -> (O) { O = reshape(A, 0, 7); }",
        dict(A=d.f32(0)),
        lambda A: dict(O=np.zeros((0, 7), "f4")),
    ),
    Case(
        "large signed integers",
        "function f(A: i64[N]) -> (S, P, X) { S[] = +(A[n]); P = A * 3; X[] = >(A[n]); }",
        dict(A=np.array([2**62, 2**62 - 1, -5], "i8")),
        lambda A: dict(S=A.sum(), P=A * 3, X=A.max()),
    ),
    Case(
        "large unsigned integers",
        "function f(A: u64[N]) -> (S, L, D, X) { S[] = +(A[n]); L = A > 5; D = A / 3; X[] = >(A[n]); }",
        dict(A=np.array([2**64 - 1, 2**63, 5], "u8")),
        lambda A: dict(S=A.sum(), L=A > 5, D=A // np.uint64(3), X=A.max()),
    ),
    Case(
        "a product of doubles",
        "function f(A[M,K],B[K,N]) -> (C) { C[m,n : M,N] = +(A[m,k]*B[k,n]); }",
        dict(A=d.f64(130, 257), B=d.f64(257, 67)),
        lambda A, B: dict(C=A @ B),
        rtol=1e-12,
        atol=1e-12,
    ),
    Case(
        "a product of many tiles",
        "function f(A[M,K],B[K,N]) -> (C) { C[m,n : M,N] = +(A[m,k]*B[k,n]); }",
        dict(A=d.f32(300, 700), B=d.f32(700, 500)),
        lambda A, B: dict(C=A @ B),
        rtol=1e-4,
        atol=1e-4,
    ),
    Case(
        "a convolution of many tiles",
        "function conv2d(I[N, H, W, Ci], K[R, S, Ci, Co]) -> (O) { O[n, y, x, co : N, H, W, Co] = +(I[n, y + r - R/2, x + s - S/2, ci] * K[r, s, ci, co]); }",
        dict(I=d.f32(2, 30, 31, 40), K=d.f32(3, 3, 40, 50)),
        lambda I, K: dict(
            O=np.einsum(
                "nyxcrs,rsck->nyxk",
                np.lib.stride_tricks.sliding_window_view(np.pad(I, ((0, 0), (1, 1), (1, 1), (0, 0))), (3, 3), (1, 2)),
                K,
                optimize=True,
            )
        ),
        rtol=1e-4,
        atol=1e-4,
    ),
    Case(
        "a convolution with channels first",
        "function conv2d(I[N, Ci, H, W], K[Co, Ci, R, S]) -> (O) { O[n, co, y, x : N, Co, H, W] = +(I[n, ci, y + r - R/2, x + s - S/2] * K[co, ci, r, s]); }",
        dict(I=d.f32(2, 5, 13, 17), K=d.f32(9, 5, 3, 3)),
        lambda I, K: dict(
            O=np.einsum(
                "ncyxrs,kcrs->nkyx",
                np.lib.stride_tricks.sliding_window_view(np.pad(I, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), (2, 3)),
                K,
            )
        ),
        rtol=1e-4,
        atol=1e-4,
        package=True,
    ),
    Case(
        "a size computed from a size",
        "function f(A[N]) -> (O) { O[n : 2*N - 3] = =(A[n]); }",
        dict(A=d.f32(5)),
        lambda A: dict(O=np.append(A, [0, 0]).astype("f4")),
    ),
    Bad(
        "a size that is negative for this input",
        "function f(A[N]) -> (O) { O[n : 2*N - 3] = =(A[n]); }",
        dict(A=d.f32(1)),
        ["negative|-1"],
    ),
    Bad(
        "an assignment by remainder",
        "function f(A[N]) -> (O) { O[mod(n, 2) : 2] = =(A[n]); }",
        dict(A=d.f32(5)),
        ["'O'", "once|more than one|several"],
    ),
    Bad(
        "division by an index",
        "function f(A[N]) -> (O) { O[n : N] = =(A[4 / n]); }",
        dict(A=d.f32(5)),
        ["affine|linear|divis"],
    ),
    Bad("an index as a value", "function f(A[N]) -> (O) { O[n : N] = =(A[n] * n); }", dict(A=d.f32(5)), ["'n'"]),
    Bad("an empty file", "", dict(A=d.f32(5)), ["function"]),
    Bad(
        "a default that nothing defines",
        "function f(A[N]) -> (O) { O[n : N] = =(A[n]) default D; }",
        dict(A=d.f32(5)),
        ["'D'"],
    ),
]
