"""Input data for the cases, drawn with a seed of their own for each file, so that a case never changes by itself."""

import numpy as np

# Empty, single, small primes, and one around the sizes of vectors and tiles.
SIZES = (0, 1, 2, 3, 7, 16, 17, 64, 100)
INTEGERS = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
FLOATS = ("f2", "f4", "f8")
# NumPy's spelling of each element type, by the language's.
ELEMENT_TYPES = {
    "bool": "?",
    "i8": "i1",
    "i16": "i2",
    "i32": "i4",
    "i64": "i8",
    "u8": "u1",
    "u16": "u2",
    "u32": "u4",
    "u64": "u8",
    "f16": "f2",
    "f32": "f4",
    "f64": "f8",
}
# NumPy has no bf16: its .npy files say that elements are two bytes, as the ml_dtypes package writes them.
BFLOAT16 = np.dtype("V2")


def to_bf16(array):
    """The nearest bf16 of each f32, ties to even."""
    bits = np.ascontiguousarray(array, "f4").view("u4").astype("u8")
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("u2")
    rounded = np.where(np.isnan(array), np.uint16(0x7FC0), rounded)
    return np.ascontiguousarray(rounded, "u2").view(BFLOAT16).reshape(np.shape(array))


def from_bf16(array):
    """The same numbers as f32."""
    bits = np.ascontiguousarray(array).view("u2").astype("u4") << 16
    return bits.astype("u4").view("f4").reshape(np.shape(array))


class Data:
    """Random arrays: d.f32(3, 4), d.i32(5, low=0, high=3), d.of("u1", 7)."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def f32(self, *shape, low=-1.0, high=1.0):
        return self.rng.uniform(low, high, shape).astype("f4")

    def f64(self, *shape, low=-1.0, high=1.0):
        return self.rng.uniform(low, high, shape)

    def i32(self, *shape, low=-9, high=10):
        return self.rng.integers(low, high, shape, dtype="i4")

    def of(self, dtype, *shape, low=None, high=None):
        """Small numbers of any type: whole ones in [low, high), by default -4..4, 0..8 or either truth value."""
        dtype = np.dtype(dtype)
        if dtype.kind == "b":
            return self.rng.integers(0, 2, shape).astype(dtype)
        low = (0 if dtype.kind == "u" else -4) if low is None else low
        high = (9 if dtype.kind == "u" else 5) if high is None else high
        return self.rng.integers(low, high, shape).astype(dtype)

    def any(self, dtype, *shape):
        """Anything that an integer type can hold."""
        limits = np.iinfo(dtype)
        return self.rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


def wide(array):
    """The type in which sums and products of these elements are given: see the promotion table of the language."""
    dtype = np.asarray(array).dtype
    if dtype.kind == "b" or (dtype.kind == "i" and dtype.itemsize < 4):
        return np.dtype("i4")
    if dtype.kind == "u" and dtype.itemsize < 4:
        return np.dtype("u4")
    return dtype
