"""Measures what moves between host and accelerator, and what a LoRA adapter adds to a projection.

    python3 models/cost/profiler/measure_transfers.py --out my-transfers

Copies of pinned memory in one piece and in pieces (KV blocks of a tier lie layer by layer), weights out of the page cache,
and the two products of an adapter beside the projection they belong to. For `kv_tiers`, adapters and cold starts: docs/profiler.md.
Needs PyTorch with CUDA; --dry-run needs neither.
"""
import argparse
import os
import sys
import tempfile
import time
from typing import NamedTuple

import tables
from measure_kernels import run, whole_number
from timing import FakeTimer, GraphTimer, timing_of

_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30

COLUMNS = {
    "host_copy": ["direction", "pieces", "piece_bytes", "latency", "noise_pct"],
    "lora": ["tokens", "adapters", "rank", "k", "n", "base_latency", "latency", "noise_pct"],
    "weights": ["source", "bytes", "seconds"],
}


class Copy(NamedTuple):
    direction: str  # h2d or d2h
    pieces: int     # copies behind one another
    piece_bytes: int


class Lora(NamedTuple):
    """`tokens` rows through a projection of k to n, evenly over `adapters` of one rank."""
    tokens: int
    adapters: int
    rank: int
    k: int
    n: int


def copies():
    """One piece from 64 KiB to 1 GiB; 64 MiB and 512 MiB in pieces of 16 KiB to 2 MiB."""
    whole = [Copy(d, 1, 64 * _KIB * 4**i) for d in ("h2d", "d2h") for i in range(8)]
    split = [Copy(d, total // piece, piece) for d in ("h2d", "d2h") for total in (64 * _MIB, 512 * _MIB)
             for piece in (16 * _KIB, 64 * _KIB, 256 * _KIB, 2 * _MIB) if total // piece <= 8192]
    return whole + split


def loras():
    return [Lora(tokens, adapters, rank, k, n) for k, n in ((4096, 4096), (4096, 28672), (8192, 8192))
            for rank in (16, 64) for tokens in (1, 8, 32, 128, 512, 2048) for adapters in (1, 4, 16, 64)
            if tokens % adapters == 0]


def lora_work(p):
    """Adapter weights are read once a distinct adapter; activations of rank r go out and come back."""
    weights = 2 * p.adapters * p.rank * (p.k + p.n)
    rows = 2 * p.tokens * (p.k + 2 * p.rank + 2 * p.n)
    return {"flop": 2 * p.tokens * p.rank * (p.k + p.n), "bytes": weights + rows}


class TorchTransfers:
    def __init__(self, torch, repeats, warmups):
        self._torch, self._repeats = torch, repeats
        self._timer = GraphTimer(torch, repeats, warmups)

    def copy(self, p):
        torch = self._torch
        host = torch.empty(p.pieces * p.piece_bytes, dtype=torch.uint8, pin_memory=True)
        device = torch.empty_like(host, device="cuda")
        source, target = (host, device) if p.direction == "h2d" else (device, host)
        pairs = list(zip(target.split(p.piece_bytes), source.split(p.piece_bytes)))
        times = []
        for _ in range(self._repeats + 1):
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            torch.cuda.synchronize()
            begin.record()
            for to, of in pairs:
                to.copy_(of, non_blocking=True)
            end.record()
            torch.cuda.synchronize()
            times.append(begin.elapsed_time(end))
        return timing_of(times[1:])

    def lora(self, p):
        """(the projection, the projection with adapters). Rows are in the order of their adapters, as an engine sorts them."""
        torch = self._torch
        make = lambda *size: torch.randn(*size, device="cuda", dtype=torch.bfloat16)
        x, weights = make(p.tokens, p.k), [make(p.n, p.k) for _ in range(2)]
        down, up = make(p.adapters, p.k, p.rank), make(p.adapters, p.rank, p.n)
        linear = torch.nn.functional.linear

        def adapted(w):
            grouped = x.view(p.adapters, p.tokens // p.adapters, p.k)
            return linear(x, w).view(p.adapters, -1, p.n).baddbmm_(torch.bmm(grouped, down), up)
        base = self._timer.time([lambda w=w: linear(x, w) for w in weights])
        return base, self._timer.time([lambda w=w: adapted(w) for w in weights])

    def weights(self, folder, size):
        """Seconds to have `size` bytes of a file on the accelerator: out of the page cache, and after its pages were dropped."""
        torch = self._torch
        path = os.path.join(folder, "weights.bin")
        block = os.urandom(64 * _MIB)
        with open(path, "wb") as file:
            for _ in range(size // len(block)):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        rows = []
        for source in ("page_cache", "disk"):
            if source == "disk":
                with open(path, "rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            begin = time.perf_counter()
            mapped = torch.from_file(path, size=size, dtype=torch.uint8)
            mapped.to("cuda")
            torch.cuda.synchronize()
            rows.append({"source": source, "bytes": size, "seconds": f"{time.perf_counter() - begin:.4g}"})
        return rows


class DryRun:
    def __init__(self, repeats):
        self._copy, self._lora = FakeTimer(repeats, bytes_per_s=5e10), FakeTimer(repeats)

    def copy(self, p):
        return self._copy.time(f"copy {p}", {"flop": 0, "bytes": p.pieces * p.piece_bytes})

    def lora(self, p):
        base = {"flop": 2 * p.tokens * p.n * p.k, "bytes": 2 * (p.n * p.k + p.tokens * (p.n + p.k))}
        both = {name: base[name] + lora_work(p)[name] for name in base}
        return self._lora.time(f"base {p}", base), self._lora.time(f"lora {p}", both)

    def weights(self, _folder, size):
        return [{"source": "page_cache", "bytes": size, "seconds": f"{size / 1e10:.4g}"}]


def parser():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--out", required=True, metavar="DIR", help="folder for the tables; must be new or empty")
    p.add_argument("--repeats", type=lambda t: whole_number(t, 3), default=11, metavar="N", help="timed repeats (11)")
    p.add_argument("--warmups", type=lambda t: whole_number(t, 0), default=3, metavar="N", help="replays before (3)")
    p.add_argument("--weights-gib", type=lambda t: whole_number(t, 1), default=4, metavar="N",
                   help="size of the file of weights (4)")
    p.add_argument("--dry-run", action="store_true", help="made-up times, no GPU: for tests and to see the points")
    return p


def measure(options, device):
    with tables.TableFile(options.out, "host_copy", COLUMNS["host_copy"]) as file:
        for p in copies():
            file.add({**p._asdict(), **tables.figures(device.copy(p))})
    with tables.TableFile(options.out, "lora", COLUMNS["lora"]) as file:
        for p in loras():
            base, both = device.lora(p)
            file.add({**p._asdict(), "base_latency": f"{base.ms:.6g}", **tables.figures(both)})
    with tables.TableFile(options.out, "weights", COLUMNS["weights"]) as file, tempfile.TemporaryDirectory() as folder:
        for row in device.weights(folder, options.weights_gib * _GIB):
            file.add(row)


def main(arguments=None):
    options = parser().parse_args(arguments)
    device = lambda torch: DryRun(options.repeats) if torch is None else TorchTransfers(torch, options.repeats, options.warmups)
    return run(options, lambda torch: measure(options, device(torch)))


if __name__ == "__main__":
    sys.exit(main())
