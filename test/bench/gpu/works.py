"""The works that are measured on GPUs: Tile source and shapes, what PyTorch does for the same, and the goal.

`run.py` compiles the sources on one machine and measures on another, so that nothing here needs a compiler, and
PyTorch only where it is called. Tensors are f32 unless a shape says otherwise; images are NHWC, filters RSCK.
"""

import dataclasses
from typing import Callable, Optional

ROWS, COLUMNS = 65536, 1024


@dataclasses.dataclass
class Work:
    """One row of the table.

    peers: functions of PyTorch and the inputs, each of which gives a function to time; the fastest counts. result: of
    PyTorch and the inputs, what the output must be. Either `moved` (bytes that must be read and written) or `flops`
    says how much is done. goal: of the copy bandwidth for `moved`, else of the peer's speed; by API where they differ.
    """

    name: str
    group: str
    source: str
    shapes: dict
    result: Callable
    peers: list
    goal: Optional[float] = None
    moved: int = 0
    flops: int = 0
    tolerance: float = 1e-4
    apis: tuple = ("opencl", "vulkan")


def elements(*tensors):
    total = 0
    for tensor in tensors:
        count = 1
        for size in tensor:
            count *= size
        total += count
    return total


def memory_bound():
    matrix = (ROWS, COLUMNS)
    flat = (ROWS * COLUMNS,)

    def work(name, source, shapes, out, result, peers, goal=0.95, **more):
        return Work(name, "memory", source, shapes, result, peers, goal, 4 * elements(*shapes.values(), out), **more)

    yield work(
        "map: 2x + 1",
        "function f(X[N]) -> (Y) { Y = 2.0 * X + 1.0; }",
        dict(X=flat),
        flat,
        lambda torch, X: 2 * X + 1,
        [lambda torch, X: (lambda one, out: lambda: torch.add(one, X, alpha=2, out=out))(torch.ones((), device=X.device), torch.empty_like(X))],
    )
    yield work(
        "GELU (tanh)",
        "function f(X[N]) -> (Y) { Y = X * 0.5 * (1.0 + tanh(0.7978845608028654 * (X + 0.044715 * X * X * X))); }",
        dict(X=flat),
        flat,
        lambda torch, X: torch.nn.functional.gelu(X, approximate="tanh"),
        [lambda torch, X: lambda: torch.nn.functional.gelu(X, approximate="tanh")],
    )
    yield work(
        "add",
        "function f(X[N], Y[N]) -> (Z) { Z = X + Y; }",
        dict(X=flat, Y=flat),
        flat,
        lambda torch, X, Y: X + Y,
        [lambda torch, X, Y: (lambda out: lambda: torch.add(X, Y, out=out))(torch.empty_like(X))],
    )
    yield work(
        f"softmax {ROWS}x{COLUMNS}",
        """function softmax(X[M, N]) -> (Y) {
  Largest[m, 0 : M, 1] = >(X[m, n]);
  E = exp(X - Largest);
  Sum[m, 0 : M, 1] = +(E[m, n]);
  Y = E / Sum;
}""",
        dict(X=matrix),
        matrix,
        lambda torch, X: torch.softmax(X, 1),
        [lambda torch, X: lambda: torch.softmax(X, 1)],
    )
    yield work(
        f"layer norm {ROWS}x{COLUMNS}",
        """function layer_norm(X[M, N], Scale[N], Shift[N]) -> (Y) {
  Sum[m, 0 : M, 1] = +(X[m, n]);
  Centred = X - Sum / N;
  Squares[m, 0 : M, 1] = +(Centred[m, n] * Centred[m, n]);
  Y = Centred / sqrt(Squares / N + 0.00001) * Scale + Shift;
}""",
        dict(X=matrix, Scale=(COLUMNS,), Shift=(COLUMNS,)),
        matrix,
        lambda torch, X, Scale, Shift: torch.nn.functional.layer_norm(X, (COLUMNS,), Scale, Shift, 1e-5),
        [
            lambda torch, X, Scale, Shift: lambda: torch.nn.functional.layer_norm(
                X, (COLUMNS,), Scale, Shift, 1e-5
            )
        ],
    )
    yield work(
        f"row sums {ROWS}x{COLUMNS}",
        "function f(X[M, N]) -> (S) { S[m : M] = +(X[m, n]); }",
        dict(X=matrix),
        (ROWS,),
        lambda torch, X: X.double().sum(1).float(),
        [lambda torch, X: lambda: torch.sum(X, 1)],
        tolerance=1e-3,
    )
    yield work(
        f"column sums {ROWS}x{COLUMNS}",
        "function f(X[M, N]) -> (S) { S[n : N] = +(X[m, n]); }",
        dict(X=matrix),
        (COLUMNS,),
        lambda torch, X: X.double().sum(0).float(),
        [lambda torch, X: lambda: torch.sum(X, 0)],
        tolerance=1e-2,
    )
    yield work(
        "transposition 8192x8192",
        "function f(X[M, N]) -> (Y) { Y[n, m : N, M] = =(X[m, n]); }",
        dict(X=(8192, 8192)),
        (8192, 8192),
        lambda torch, X: X.t(),
        [lambda torch, X: (lambda out: lambda: out.copy_(X.t()))(torch.empty_like(X))],
        goal=0.90,
    )


def products():
    source = "function matmul(A[M, K], B[K, N]) -> (C) { C[m, n : M, N] = +(A[m, k] * B[k, n]); }"
    half = "function matmul(A: f16[M, K], B: f16[K, N]) -> (C) { C[m, n : M, N] = +(A[m, k] * B[k, n]); }"

    def multiply(torch, A, B):
        return (lambda out: lambda: torch.mm(A, B, out=out))(torch.empty(A.shape[0], B.shape[1], dtype=A.dtype, device=A.device))

    for n, goal in ((1024, 0.95), (2048, 0.75), (4096, 0.80)):
        yield Work(
            f"f32 GEMM {n}", "product", source, dict(A=(n, n), B=(n, n)),
            lambda torch, A, B: (A.double() @ B.double()).float(), [multiply], goal, flops=2 * n**3, tolerance=1e-3,
        )  # fmt: skip
    for n in (2048, 4096, 8192):
        yield Work(
            f"f16 GEMM {n}", "product", half, dict(A=("f16", n, n), B=("f16", n, n)),
            lambda torch, A, B: A.float() @ B.float(), [multiply], 0.40, flops=2 * n**3, tolerance=0.5,
            apis=("vulkan",),
        )  # fmt: skip


# ResNet-50's different convolutions: image, channels, filters, window, stride.
CONVOLUTIONS = (
    (224, 3, 64, 7, 2),
    (56, 64, 64, 1, 1), (56, 64, 64, 3, 1), (56, 64, 256, 1, 1), (56, 256, 64, 1, 1),
    (56, 256, 128, 1, 1), (56, 128, 128, 3, 2), (56, 256, 512, 1, 2),
    (28, 128, 512, 1, 1), (28, 512, 128, 1, 1), (28, 128, 128, 3, 1),
    (28, 512, 256, 1, 1), (28, 256, 256, 3, 2), (28, 512, 1024, 1, 2),
    (14, 256, 1024, 1, 1), (14, 1024, 256, 1, 1), (14, 256, 256, 3, 1),
    (14, 1024, 512, 1, 1), (14, 512, 512, 3, 2), (14, 1024, 2048, 1, 2),
    (7, 512, 2048, 1, 1), (7, 2048, 512, 1, 1), (7, 512, 512, 3, 1),
)  # fmt: skip
BATCH = 32


def convolutions():
    for size, channels, filters, window, stride in CONVOLUTIONS:
        padding, out = window // 2, (size + stride - 1) // stride

        def index(name, offset):
            text = name if stride == 1 else f"{stride}*{name}"
            return text if window == 1 else f"{text} + {offset} - {padding}"

        place = f"n, {index('y', 'r')}, {index('x', 's')}, c"
        source = f"""function conv(I[N, H, W, C], K[R, S, C, F]) -> (O) {{
  O[n, y, x, f : N, {out}, {out}, F] = +(I[{place}] * K[r, s, c, f]);
}}"""

        def convolve(torch, I, K, stride=stride, padding=padding):  # noqa: E741  # as in the source
            return torch.nn.functional.conv2d(
                I.permute(0, 3, 1, 2), K.permute(3, 2, 0, 1), stride=stride, padding=padding
            ).permute(0, 2, 3, 1)

        def peer(torch, I, K, channels_last=False, stride=stride, padding=padding):  # noqa: E741
            memory = torch.channels_last if channels_last else torch.contiguous_format
            image = I.permute(0, 3, 1, 2).contiguous(memory_format=memory)
            filters = K.permute(3, 2, 0, 1).contiguous(memory_format=memory)
            return lambda: torch.nn.functional.conv2d(image, filters, stride=stride, padding=padding)

        yield Work(
            f"conv {size}x{size}x{channels} -> {filters}, {window}x{window}" + (f" / {stride}" if stride > 1 else ""),
            "convolution",
            source,
            dict(I=(BATCH, size, size, channels), K=(window, window, channels, filters)),
            convolve,
            [peer, lambda torch, I, K, peer=peer: peer(torch, I, K, channels_last=True)],
            0.8,
            flops=2 * BATCH * out * out * filters * window * window * channels,
            tolerance=1e-2,
        )


DISPATCHES = 1000


def launches():
    steps = "\n".join(f"  T{i + 1}[m : M] = +(A[m, k] * T{i}[k]);" for i in range(DISPATCHES))
    source = f"function chain(A[M, K], T0[K]) -> (T{DISPATCHES}) {{\n{steps}\n}}"

    def repeated(torch, A, T0):
        value = T0
        for _ in range(DISPATCHES):
            value = A @ value
        return value

    yield Work(
        f"{DISPATCHES} small dispatches", "launch", source, dict(A=(64, 64), T0=(64,)), repeated,
        [lambda torch, A, T0: lambda: repeated(torch, A, T0)],
    )  # fmt: skip


def all_works():
    return [*memory_bound(), *products(), *convolutions(), *launches()]
