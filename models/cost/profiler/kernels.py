"""The kernels themselves, in PyTorch; and the work each does, for --dry-run."""
import os

from timing import GraphTimer, copies_for_cold_cache

_ELEMENT_BYTES = {"bf16": 2, "fp8": 1}


def gemm_work(p):
    size = _ELEMENT_BYTES[p.dtype]
    return {"flop": 2 * p.m * p.n * p.k, "bytes": size * (p.m * p.k + p.n * p.k) + 2 * p.m * p.n}


def attention_work(p):
    pairs = p.batch * (p.new * p.prior + p.new * (p.new + 1) / 2)
    kv = 4 * p.batch * (p.new + p.prior) * p.kv_heads * p.head_dim
    return {"flop": 4 * pairs * p.heads * p.head_dim, "bytes": kv + 4 * p.batch * p.new * p.heads * p.head_dim}


def all_reduce_work(p):
    return {"flop": 0, "bytes": 8 * p.elements}


class TorchKernels:
    """Makes operands and times one point at a time on the current device."""

    def __init__(self, torch, repeats, warmups, cold_l2):
        self._torch = torch
        self._timer = GraphTimer(torch, repeats, warmups)
        self._l2_bytes = torch.cuda.get_device_properties(0).L2_cache_size if cold_l2 else 0

    def _copies(self, operand_bytes):
        return copies_for_cold_cache(operand_bytes, self._l2_bytes) if self._l2_bytes else 1

    def gemm(self, p):
        count = self._copies(gemm_work(p)["bytes"])
        make = self._fp8_gemm if p.dtype == "fp8" else self._bf16_gemm
        return self._timer.time([make(p) for _ in range(count)])

    def _bf16_gemm(self, p):
        torch = self._torch
        a = torch.randn(p.m, p.k, device="cuda", dtype=torch.bfloat16)
        b = torch.randn(p.n, p.k, device="cuda", dtype=torch.bfloat16)
        return lambda: torch.nn.functional.linear(a, b)

    def _fp8_gemm(self, p):
        """Inputs already in fp8, one scale a tensor. `_scaled_mm` wants rows in sixteens."""
        torch = self._torch
        rows = -(-p.m // 16) * 16
        a = torch.randn(rows, p.k, device="cuda").to(torch.float8_e4m3fn)
        b = torch.randn(p.n, p.k, device="cuda").to(torch.float8_e4m3fn).t()
        one = torch.ones((), device="cuda")
        return lambda: torch._scaled_mm(a, b, scale_a=one, scale_b=one, out_dtype=torch.bfloat16)

    def attention(self, p):
        count = self._copies(attention_work(p)["bytes"])
        return self._timer.time([self._attention(p) for _ in range(count)])

    def _attention(self, p):
        """Causal with the last query at the last key (`lower right`), which SDPA's is_causal is not."""
        torch = self._torch
        from torch.nn.attention.bias import causal_lower_right
        shape = lambda heads, length: (p.batch, heads, length, p.head_dim)
        make = lambda *size: torch.randn(*size, device="cuda", dtype=torch.bfloat16)
        length = p.new + p.prior
        q, k, v = make(*shape(p.heads, p.new)), make(*shape(p.kv_heads, length)), make(*shape(p.kv_heads, length))
        attend = torch.nn.functional.scaled_dot_product_attention
        if p.prior == 0:
            return lambda: attend(q, k, v, is_causal=True, enable_gqa=True)
        if p.new == 1:
            return lambda: attend(q, k, v, enable_gqa=True)
        mask = causal_lower_right(p.new, length)
        return lambda: attend(q, k, v, attn_mask=mask, enable_gqa=True)


def all_reduce_times(torch, points, repeats, warmups):
    """{point: Timing} over NCCL, the slowest rank's. Starts one process per accelerator of each group."""
    times = {}
    for devices in sorted({p.devices for p in points}):
        group = [p for p in points if p.devices == devices]
        queue = torch.multiprocessing.get_context("spawn").SimpleQueue()
        torch.multiprocessing.spawn(_all_reduce_rank, (devices, group, repeats, warmups, queue), nprocs=devices)
        times.update(queue.get())
    return times


def _all_reduce_rank(rank, devices, points, repeats, warmups, queue):
    import torch
    import torch.distributed as dist
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29511")
    torch.cuda.set_device(rank)
    dist.init_process_group("nccl", rank=rank, world_size=devices)
    times = {}
    for p in points:
        message = torch.zeros(p.elements, device="cuda", dtype=torch.float16)
        timer = GraphTimer(torch, repeats, warmups, least_ms=0)  # all ranks must capture alike
        mine = timer.time([lambda: dist.all_reduce(message)] * 20)
        every = [None] * devices
        dist.all_gather_object(every, mine)
        times[p] = max(every)
    if rank == 0:
        queue.put(times)
    dist.destroy_process_group()
