"""Pools and sliding windows: maxima of negative values, averages, padding, strides, minima and products."""
import numpy as np

from data import SIZES, Data
from harness import Bad, Case

d = Data(3)


def pooled(I, reduce, size, stride, low, out):
    """For each output the reduction of what of its window lies inside I along axis 0; 0 where nothing does."""
    rows = []
    for n in range(out):
        inside = [I[k] for k in range(n * stride - low, n * stride - low + size) if 0 <= k < len(I)]
        rows.append(reduce(np.stack(inside), axis=0) if inside else np.zeros(I.shape[1:], I.dtype))
    return np.stack(rows) if rows else np.zeros((0, *I.shape[1:]), I.dtype)


HALVING = "function pool(I[N]) -> (O) { O[n : (N + 1) / 2] = >(I[2*n + i]), i < 2; }"
CASES = [Case(f"max pool of {n}, negative values", HALVING, dict(I=d.f32(n, low=-2, high=-1)),
              lambda I: dict(O=pooled(I, np.max, 2, 2, 0, (len(I) + 1) // 2)), package=n == 7) for n in SIZES]

for sign, reduce in ((">", np.max), ("<", np.min), ("+", np.sum), ("*", np.prod)):
    for size, stride, low in ((2, 2, 0), (3, 2, 1), (3, 1, 1), (5, 3, 2), (2, 3, 0), (4, 1, 3)):
        I = d.f32(17, low=-2, high=-0.5)
        source = f"function pool(I[N]) -> (O) {{ O[n : (N - 1) / {stride} + 1] = {sign}(I[{stride}*n + i - {low}]), i < {size}; }}"
        CASES.append(Case(f"pool {sign} of {size}, stride {stride}, padding {low}", source, dict(I=I),
                          dict(O=pooled(I, reduce, size, stride, low, 16 // stride + 1))))

IMAGE = """
function pool(I[N, H, W, C]) -> (O) {
  O[n, y, x, c : N, (H + 1) / 2, (W + 1) / 2, C] = >(I[n, 2*y + i - 1, 2*x + j - 1, c]), i < 3, j < 3;
}
"""
for n, h, w, c in ((1, 1, 1, 1), (2, 7, 8, 3), (1, 16, 17, 16), (1, 6, 6, 17), (0, 4, 4, 3), (1, 4, 4, 0)):
    I = d.f32(n, h, w, c, low=-3, high=-1)
    rows = pooled(np.moveaxis(I, 1, 0), np.max, 3, 2, 1, (h + 1) // 2)
    CASES.append(Case(f"max pool of an image {n}x{h}x{w}x{c}", IMAGE, dict(I=I),
                      dict(O=pooled(np.moveaxis(rows, 2, 0), np.max, 3, 2, 1, (w + 1) // 2).transpose(2, 1, 0, 3)), package=h == 7))

CASES += [
    Case("average pool that counts what it sums", """
function pool(I[N]) -> (O) {
  One = I * 0 + 1;
  S[n : N] = +(I[n + i - 1]), i < 3;
  C[n : N] = +(One[n + i - 1]), i < 3;
  O = S / C;
}""", dict(I=d.f32(9)), lambda I: dict(O=pooled(I, np.mean, 3, 1, 1, len(I)))),
    Case("average pool with a fixed divisor", "function pool(I[N]) -> (O) { S[n : N / 4] = +(I[4*n + i]), i < 4; O = S / 4; }",
         dict(I=d.f32(18)), lambda I: dict(O=I[:16].reshape(4, 4).mean(1))),
    Case("global average pool", "function pool(I[N, H, W, C]) -> (O) { S[n, c : N, C] = +(I[n, y, x, c]); O = S / (H * W); }",
         dict(I=d.f32(2, 5, 7, 19)), lambda I: dict(O=I.mean((1, 2), dtype="f8").astype("f4"))),
    Case("global max pool", "function pool(I[N, H, W, C]) -> (O) { O[n, c : N, C] = >(I[n, y, x, c]); }",
         dict(I=d.f32(2, 5, 7, 19, low=-2)), lambda I: dict(O=I.max((1, 2)))),
    Case("overlapping windows with given bounds on both sides", "function f(I[N]) -> (O) { O[n : N] = +(I[k]), -2 <= k - n <= 1; }",
         dict(I=d.f32(20)), lambda I: dict(O=pooled(I, np.sum, 4, 1, 2, 20))),
    Case("a window without a constraint sums what is left", "function f(I[N]) -> (O) { O[n : N] = +(I[n + i]), i >= 0; }", dict(I=d.f32(20)),
         lambda I: dict(O=np.cumsum(I[::-1].astype("f8"))[::-1].astype("f4"))),
    Case("a window whose constraint was forgotten becomes a global reduction", "function f(I[N]) -> (O) { O[n : N] = +(I[n + i]); }", dict(I=d.f32(20)),
         lambda I: dict(O=np.full(20, I.sum(dtype="f8"), "f4"))),
    Case("windows as rows", "function f(I[N]) -> (O) { O[n, k : N - 2, 3] = =(I[n + k]), k < 3; }", dict(I=d.f32(11)),
         lambda I: dict(O=np.lib.stride_tricks.sliding_window_view(I, 3))),
    Case("gradient of an average pool", "function f(D[N]) -> (G) { G[k : 3*N] = +(D[n] / 3), 0 <= k - 3*n < 3; }", dict(D=d.f32(7)),
         lambda D: dict(G=np.repeat(D / np.float32(3), 3))),
    Case("gradient of a sum pool with overlap", "function f(D[N]) -> (G) { G[2*n + i : 2*N + 1] = +(D[n]), i < 3; }", dict(D=d.f32(7)),
         lambda D: dict(G=np.array([sum(D[n] for n in range(7) if 0 <= k - 2 * n < 3) for k in range(15)], "f4"))),
    Bad("nothing bounds the window", "function f(I[N]) -> (O) {\n  O[n : N] = +(I[n]), i >= 0;\n}\n", dict(I=d.f32(5)), ["bound", "'i'"], line=2),
    Bad("bounded on one side only", "function f(I[N]) -> (O) {\n  O[n : N] = +(I[n]), i <= n;\n}\n", dict(I=d.f32(5)), ["bound", "'i'"], line=2),
    Bad("bounded only against another variable", "function f(I[N]) -> (O) {\n  O[n : N] = +(I[n]), 0 <= i - j < 2;\n}\n", dict(I=d.f32(5)), ["bound", "'[ij]'"], line=2),
]
