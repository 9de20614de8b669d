"""Convolutions: one to three dimensions, padding, strides, dilation, groups, and their transposes by fractions."""

import itertools

import numpy as np

from data import Data
from harness import Case

d = Data(2)


def convolve(I, K, out, stride, low, dilation=None, groups=1):
    """I[n, x..., ci], K[r..., ci/groups, co] -> O[n, y..., co], reads outside I add nothing; plain loops over the window."""
    spatial = len(out)
    dilation = dilation or (1,) * spatial
    co, inner = K.shape[-1], K.shape[-2]
    O = np.zeros((I.shape[0], *out, co))
    for place in np.ndindex(*out):
        for tap in np.ndindex(*K.shape[:spatial]):
            at = tuple(p * s + t * e - l for p, s, t, e, l in zip(place, stride, tap, dilation, low))
            if not all(0 <= a < size for a, size in zip(at, I.shape[1:-1])):
                continue
            pixel, weight = I[(slice(None), *at)].astype("f8"), K[tap].astype("f8")
            for g in range(groups):
                ins, outs = slice(g * inner, (g + 1) * inner), slice(g * co // groups, (g + 1) * co // groups)
                O[(slice(None), *place, outs)] += pixel[:, ins] @ weight[:, outs]
    return O.astype(np.result_type(I, K))


SAME2D = """
function conv2d(I[N, H, W, Ci], K[R, S, Ci, Co]) -> (O) {       // 'same' padding: reads outside I add nothing
  O[n, y, x, co : N, H, W, Co] = +(I[n, y + r - R/2, x + s - S/2, ci] * K[r, s, ci, co]);
}
"""
CASES = []
for n, h, w, ci, co, r, s in [
    (1, 1, 1, 1, 1, 1, 1),
    (1, 1, 1, 1, 1, 3, 3),
    (1, 5, 5, 1, 1, 3, 3),
    (2, 7, 8, 3, 5, 2, 3),
    (1, 16, 17, 4, 16, 3, 3),
    (1, 17, 16, 5, 17, 5, 1),
    (2, 3, 3, 2, 2, 1, 1),
    (1, 2, 2, 1, 1, 7, 7),
    (0, 4, 4, 2, 2, 3, 3),
    (1, 0, 4, 2, 2, 3, 3),
    (1, 4, 4, 0, 2, 3, 3),
    (1, 4, 4, 2, 0, 3, 3),
    (1, 4, 4, 2, 2, 0, 3),
    (1, 12, 33, 3, 33, 4, 4),
]:
    CASES.append(
        Case(
            f"conv2d same {n}x{h}x{w}x{ci} by {r}x{s}x{co}",
            SAME2D,
            dict(I=d.f32(n, h, w, ci), K=d.f32(r, s, ci, co)),
            lambda I, K: dict(O=convolve(I, K, I.shape[1:3], (1, 1), (K.shape[0] // 2, K.shape[1] // 2))),
            package=h == 7,
        )
    )

VALID2D = """
function conv2d(I[N, H, W, Ci], K[R, S, Ci, Co]) -> (O) {
  O[n, y, x, co : N, (H - R) / %(v)d + 1, (W - S) / %(h)d + 1, Co] = +(I[n, %(v)d*y + r, %(h)d*x + s, ci] * K[r, s, ci, co]);
}
"""
for v, h in itertools.product((1, 2, 3), (1, 2)):
    I, K = d.f32(2, 11, 14, 3), d.f32(3, 4, 3, 6)
    CASES.append(
        Case(
            f"conv2d valid, stride {v}x{h}",
            VALID2D % dict(v=v, h=h),
            dict(I=I, K=K),
            dict(O=convolve(I, K, ((11 - 3) // v + 1, (14 - 4) // h + 1), (v, h), (0, 0))),
            package=v == 2,
        )
    )
CASES.append(
    Case(
        "conv2d with a window larger than the image",
        VALID2D % dict(v=1, h=1),
        dict(I=d.f32(1, 3, 3, 2), K=d.f32(4, 4, 2, 3)),
        dict(O=np.zeros((1, 0, 0, 3), "f4")),
    )
)

DILATED = """
function conv2d(I[N, H, W, Ci], K[R, S, Ci, Co]) -> (O) {
  O[n, y, x, co : N, H, W, Co] = +(I[n, y + 2*(r - R/2), x + 3*(s - S/2), ci] * K[r, s, ci, co]);
}
"""
CASES.append(
    Case(
        "conv2d dilated",
        DILATED,
        dict(I=d.f32(1, 9, 13, 3), K=d.f32(3, 3, 3, 4)),
        lambda I, K: dict(O=convolve(I, K, (9, 13), (1, 1), (2, 3), (2, 3))),
    )
)

ONE = "function conv1d(I[N, L, Ci], K[R, Ci, Co]) -> (O) { O[n, x, co : N, %s, Co] = +(I[n, %s, ci] * K[r, ci, co]); }"
for name, size, access, out, stride, low, dilation in [
    ("valid", "L - R + 1", "x + r", 18, 1, 0, 1),
    ("same", "L", "x + r - R/2", 20, 1, 1, 1),
    ("causal", "L", "x + r - R + 1", 20, 1, 2, 1),
    ("full", "L + R - 1", "x + r - R + 1", 22, 1, 2, 1),
    ("stride 2 and padding 1", "(L + 2 - R) / 2 + 1", "2*x + r - 1", 10, 2, 1, 1),
    ("dilation 3", "L - 3*(R - 1)", "x + 3*r", 14, 1, 0, 3),
    ("stride 5, wider than the window", "(L - R) / 5 + 1", "5*x + r", 4, 5, 0, 1),
]:
    I, K = d.f32(3, 20, 4), d.f32(3, 4, 17)
    CASES.append(
        Case(
            f"conv1d {name}",
            ONE % (size, access),
            dict(I=I, K=K),
            dict(O=convolve(I, K, (out,), (stride,), (low,), (dilation,))),
            package=stride == 2,
        )
    )
CASES.append(
    Case(
        "conv1d flipped, the mathematician's convolution",
        ONE % ("L + R - 1", "x - r"),
        dict(I=d.f32(1, 9, 2), K=d.f32(4, 2, 3)),
        lambda I, K: dict(O=convolve(I, K[::-1], (12,), (1,), (3,))),
    )
)

CASES.append(
    Case(
        "conv3d",
        """
function conv3d(I[N, D, H, W, Ci], K[Q, R, S, Ci, Co]) -> (O) {
  O[n, z, y, x, co : N, D, (H - R) / 2 + 1, W, Co] = +(I[n, z + q - Q/2, 2*y + r, x + s - S/2, ci] * K[q, r, s, ci, co]);
}""",
        dict(I=d.f32(2, 4, 7, 5, 3), K=d.f32(3, 3, 3, 3, 4)),
        lambda I, K: dict(O=convolve(I, K, (4, 3, 5), (1, 2, 1), (1, 0, 1))),
        package=True,
    )
)

DEPTHWISE = """
function depthwise(I[N, H, W, C], K[R, S, C]) -> (O) {
  O[n, y, x, c : N, H, W, C] = +(I[n, y + r - R/2, x + s - S/2, c] * K[r, s, c]);
}
"""
for c in (1, 3, 16, 17):
    I, K = d.f32(2, 6, 7, c), d.f32(3, 3, c)
    CASES.append(
        Case(
            f"depthwise convolution of {c} channels",
            DEPTHWISE,
            dict(I=I, K=K),
            dict(O=convolve(I, K.reshape(3, 3, 1, c), (6, 7), (1, 1), (1, 1), groups=c)),
        )
    )
CASES.append(
    Case(
        "depthwise convolution with a multiplier",
        """
function depthwise(I[N, H, W, C], K[R, S, C, M]) -> (O) {
  O[n, y, x, M*c + m : N, H, W, C*M] = +(I[n, y + r - R/2, x + s - S/2, c] * K[r, s, c, m]), m < M;
}""",
        dict(I=d.f32(1, 5, 6, 4), K=d.f32(3, 3, 4, 3)),
        lambda I, K: dict(O=convolve(I, K.reshape(3, 3, 1, 12), (5, 6), (1, 1), (1, 1), groups=4)),
    )
)
CASES.append(
    Case(
        "grouped convolution",
        """
function grouped(I[N, H, W, G, Ci], K[R, S, G, Ci, Co]) -> (O) {
  O[n, y, x, g, co : N, H, W, G, Co] = +(I[n, y + r - R/2, x + s - S/2, g, ci] * K[r, s, g, ci, co]);
}""",
        dict(I=d.f32(1, 6, 5, 3, 4), K=d.f32(3, 3, 3, 4, 5)),
        lambda I, K: dict(
            O=np.stack([convolve(I[..., g, :], K[:, :, g], (6, 5), (1, 1), (1, 1)) for g in range(3)], 3)
        ),
    )
)

UPWARD = "function transposed(I[N, L, Ci], K[R, Co, Ci]) -> (O) { O[n, x, co : N, %(s)d*(L - 1) + R, Co] = +(I[n, (x - r) / %(s)d, ci] * K[r, co, ci]); }"


def transposed(I, K, s):
    O = np.zeros((I.shape[0], s * (I.shape[1] - 1) + K.shape[0], K.shape[1]))
    for x, r in itertools.product(range(I.shape[1]), range(K.shape[0])):
        O[:, s * x + r] += I[:, x].astype("f8") @ K[r].astype("f8").T
    return O.astype("f4")


for s in (1, 2, 3, 4):
    CASES.append(
        Case(
            f"transposed conv1d, stride {s}",
            UPWARD % dict(s=s),
            dict(I=d.f32(2, 7, 3), K=d.f32(3, 5, 3)),
            lambda I, K, s=s: dict(O=transposed(I, K, s)),
            package=s == 2,
        )
    )
    CASES.append(
        Case(
            f"transposed conv1d, stride {s}, by its written place",
            """
function transposed(I[N, L, Ci], K[R, Co, Ci]) -> (O) {
  O[n, %(s)d*x + r, co : N, %(s)d*(L - 1) + R, Co] = +(I[n, x, ci] * K[r, co, ci]);
}""" % dict(s=s),
            dict(I=d.f32(2, 7, 3), K=d.f32(3, 5, 3)),
            lambda I, K, s=s: dict(O=transposed(I, K, s)),
        )
    )
CASES.append(
    Case(
        "gradient of a strided conv2d by its input",
        """
function gradient(D[N, Y, X, Co], K[R, S, Ci, Co]) -> (O) {
  O[n, h, w, ci : N, 2*Y + 1, 2*X + 1, Ci] = +(D[n, (h - r) / 2, (w - s) / 2, co] * K[r, s, ci, co]);
}""",
        dict(D=d.f32(1, 4, 5, 3), K=d.f32(3, 3, 2, 3)),
        lambda D, K: dict(O=input_gradient(D, K)),
    )
)


def input_gradient(D, K):
    O = np.zeros((D.shape[0], 2 * D.shape[1] + 1, 2 * D.shape[2] + 1, K.shape[2]))
    for y, x, r, s in itertools.product(range(D.shape[1]), range(D.shape[2]), range(3), range(3)):
        O[:, 2 * y + r, 2 * x + s] += D[:, y, x].astype("f8") @ K[r, s].astype("f8").T
    return O.astype("f4")


CASES.append(
    Case(
        "gradient of a conv2d by its weights",
        """
function gradient(I[N, H, W, Ci], D[N, Y, X, Co]) -> (O) {
  O[r, s, ci, co : H - Y + 1, W - X + 1, Ci, Co] = +(I[n, y + r, x + s, ci] * D[n, y, x, co]);
}""",
        dict(I=d.f32(2, 8, 9, 3), D=d.f32(2, 6, 7, 4)),
        lambda I, D: dict(
            O=np.stack(
                [
                    np.stack(
                        [
                            np.einsum("nyxi,nyxo->io", I[:, r : r + 6, s : s + 7].astype("f8"), D.astype("f8"))
                            for s in range(3)
                        ]
                    )
                    for r in range(3)
                ]
            ).astype("f4")
        ),
    )
)
for dtype in ("i1", "u1", "i4", "f8"):
    I, K = d.of(dtype, 1, 6, 7, 3), d.of(dtype, 3, 3, 3, 4)
    result = convolve(I.astype("f8"), K.astype("f8"), (6, 7), (1, 1), (1, 1)).astype(
        {"i1": "i4", "u1": "u4"}.get(dtype, dtype)
    )
    CASES.append(Case(f"conv2d of {np.dtype(dtype).name}", SAME2D, dict(I=I, K=K), dict(O=result), exact=True))
