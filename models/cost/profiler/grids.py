"""Which points to measure: shapes as plain tuples, so that they can be looked at without a GPU."""
from typing import NamedTuple


class Gemm(NamedTuple):
    """C[m,n] = A[m,k] B[k,n]."""
    dtype: str  # bf16 or fp8
    m: int
    n: int
    k: int


class Attention(NamedTuple):
    """`new` tokens of each of `batch` sequences attend to `prior` + themselves, causally."""
    batch: int
    new: int
    prior: int
    heads: int
    kv_heads: int
    head_dim: int


class AllReduce(NamedTuple):
    devices: int
    elements: int  # of 2 bytes


GRIDS = ("tiny", "small", "full")

# (n, k) of the projections of 7B to 72B models on one to eight ranks lie within these.
_FEATURES = {
    "tiny": (1024, 4096),
    "small": (1024, 2048, 4096, 8192, 14336),
    "full": (512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 10240, 14336, 28672),
}
_ROWS = {
    "tiny": (1, 16, 256),
    "small": (1, 8, 16, 64, 256, 1024, 4096),
    "full": (1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096, 8192),
}
# (query heads, KV heads, head size) on one rank.
_HEADS = {
    "tiny": ((32, 8, 128),),
    "small": ((32, 8, 128), (8, 1, 128), (32, 32, 128)),
    "full": ((32, 8, 128), (16, 4, 128), (8, 2, 128), (8, 1, 128), (64, 8, 128), (16, 2, 128), (32, 32, 128),
             (16, 16, 128), (32, 4, 128), (64, 8, 64), (32, 32, 64)),
}
_LENGTHS = {
    "tiny": (128, 1024),
    "small": (128, 512, 1024, 4096, 16384),
    "full": (64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536),
}
_BATCHES = {"tiny": (1, 16), "small": (1, 8, 32, 128), "full": (1, 2, 4, 8, 16, 32, 64, 128, 256)}

# Beyond these a point costs memory and minutes and tells nothing new.
_MOST_WEIGHTS = 1 << 29       # elements of one B
_MOST_PREFILL_TOKENS = 65536  # batch x length
_MOST_KV_BYTES = 16 << 30


def gemm(grid, dtypes):
    """GEMM points of the grid, weights below 1 GiB in bf16."""
    features = _FEATURES[grid]
    return [Gemm(dtype, m, n, k) for dtype in dtypes for n in features for k in features if n * k <= _MOST_WEIGHTS
            for m in _ROWS[grid]]


def kv_bytes(point):
    """K and V in bf16."""
    return 4 * point.batch * (point.new + point.prior) * point.kv_heads * point.head_dim


def prefill(grid):
    """Whole prompts: no prior context."""
    points = [Attention(batch, length, 0, *heads) for heads in _HEADS[grid] for batch in _BATCHES[grid]
              for length in _LENGTHS[grid]]
    return [p for p in points if p.batch * p.new <= _MOST_PREFILL_TOKENS]


def decode(grid):
    """One new token a sequence; the KV cache holds the length of the grid, the new token included."""
    points = [Attention(batch, 1, length - 1, *heads) for heads in _HEADS[grid] for batch in _BATCHES[grid]
              for length in _LENGTHS[grid]]
    return [p for p in points if kv_bytes(p) <= _MOST_KV_BYTES]


def chunked(grid):
    """One chunk of a prompt on prior context."""
    lengths = _LENGTHS[grid]
    return [Attention(1, new, prior, *heads) for heads in _HEADS[grid] for new in lengths if new <= 8192
            for prior in lengths]


def all_reduce(grid, devices):
    """Messages from 2 KiB to 128 MiB between 2, 4, ... `devices` accelerators; none for fewer than 2."""
    groups = [n for n in (2, 4, 8, 16) if n <= devices]
    step = {"tiny": 8, "small": 2, "full": 1}[grid]
    return [AllReduce(n, 1 << power) for n in groups for power in range(10, 27, step)]
