"""Measures the kernels of LLM inference on this machine and writes tables for `headroom profile fit`.

    python3 models/cost/profiler/measure_kernels.py --out my-kernels
    headroom profile fit my-kernels --accelerator h200-sxm --engine-version 1 --out my-profile.json

Needs PyTorch with CUDA; --dry-run needs neither. Columns and method: docs/profiler.md.
"""
import argparse
import os
import sys

import grids
import kernels
import tables
from timing import FakeTimer

OPERATIONS = ("gemm", "prefill", "decode", "chunked", "allreduce")


def whole_number(text, least):
    value = int(text)
    if value < least:
        raise argparse.ArgumentTypeError(f"must be at least {least}")
    return value


def names_among(known):
    def parse(text):
        names = [name for name in text.split(",") if name]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"unknown {name!r}; known: {', '.join(known)}")
        if not names:
            raise argparse.ArgumentTypeError("is empty")
        return list(dict.fromkeys(names))
    return parse


def parser():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--out", required=True, metavar="DIR", help="folder for the tables; must be new or empty")
    p.add_argument("--operations", type=names_among(OPERATIONS), default=list(OPERATIONS), metavar="LIST",
                   help="comma-separated, of " + ", ".join(OPERATIONS))
    p.add_argument("--dtypes", type=names_among(("bf16", "fp8")), default=["bf16", "fp8"], metavar="LIST",
                   help="of GEMM: bf16, fp8")
    p.add_argument("--grid", choices=grids.GRIDS, default="small", help="how many points (small: minutes)")
    p.add_argument("--repeats", type=lambda t: whole_number(t, 3), default=11, metavar="N", help="timed replays (11)")
    p.add_argument("--warmups", type=lambda t: whole_number(t, 0), default=3, metavar="N", help="replays before (3)")
    p.add_argument("--warm-l2", action="store_true",
                   help="use the same operands again and again; weights of small GEMMs then come from L2")
    p.add_argument("--devices", type=lambda t: whole_number(t, 1), metavar="N", help="for all-reduce (all there are)")
    p.add_argument("--dry-run", action="store_true", help="made-up times, no GPU: for tests and to see the points")
    return p


class DryRun:
    """Answers like TorchKernels, from the roofline."""

    def __init__(self, repeats):
        self._timer = FakeTimer(repeats)

    def gemm(self, p):
        return self._timer.time(f"gemm {p}", kernels.gemm_work(p))

    def attention(self, p):
        return self._timer.time(f"attention {p}", kernels.attention_work(p))

    def all_reduce(self, points):
        return {p: self._timer.time(f"all-reduce {p}", kernels.all_reduce_work(p)) for p in points}


def write_points(folder, table, points, time, row):
    """Times each point; one that runs out of memory or is not supported is named on stderr and left out."""
    with tables.TableFile(folder, table) as file:
        for number, point in enumerate(points, 1):
            try:
                file.add(row(point, time(point)))
            except RuntimeError as error:  # torch's out-of-memory errors among them
                print(f"{table}: left out {tuple(point)}: {str(error).splitlines()[0]}", file=sys.stderr)
            if number % 100 == 0 or number == len(points):
                print(f"{table}: {number} of {len(points)}", file=sys.stderr)


def measure(options, torch):
    source = "dry_run" if torch is None else "torch_" + torch.__version__.split("+")[0]
    device = DryRun(options.repeats) if torch is None else kernels.TorchKernels(
        torch, options.repeats, options.warmups, not options.warm_l2)
    gemm_row = lambda p, t: tables.gemm_row(p, t, source)
    attention_row = lambda p, t: tables.attention_row(p, t, source)
    jobs = {
        "gemm": ("gemm", lambda: grids.gemm(options.grid, options.dtypes), device.gemm, gemm_row),
        "prefill": ("context_attention", lambda: grids.prefill(options.grid), device.attention, attention_row),
        "decode": ("generation_attention", lambda: grids.decode(options.grid), device.attention, attention_row),
        "chunked": ("chunked_attention", lambda: grids.chunked(options.grid), device.attention, attention_row),
    }
    for operation in options.operations:
        if operation != "allreduce":
            table, points, time, row = jobs[operation]
            write_points(options.out, table, points(), time, row)
    if "allreduce" in options.operations:
        measure_all_reduce(options, torch, device)


def measure_all_reduce(options, torch, device):
    there = options.devices or (1 if torch is None else torch.cuda.device_count())
    points = grids.all_reduce(options.grid, there)
    if not points:
        print("all-reduce: left out, one accelerator", file=sys.stderr)
        return
    times = device.all_reduce(points) if torch is None else kernels.all_reduce_times(
        torch, points, options.repeats, options.warmups)
    write_points(options.out, "nccl", points, times.__getitem__, tables.all_reduce_row)


def load_torch():
    """PyTorch with a CUDA device, or None with the reason on stderr."""
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed; --dry-run needs none", file=sys.stderr)
        return None
    if not torch.cuda.is_available():
        print("PyTorch sees no CUDA device; --dry-run needs none", file=sys.stderr)
        return None
    return torch


def run(options, measure):
    """Calls measure(torch), or with None for a dry run, and writes meta.json. Exit code: 0 ok, 2 wrong input or no GPU."""
    if os.path.isdir(options.out) and os.listdir(options.out):
        print(f"{options.out}: is not empty", file=sys.stderr)
        return 2
    torch = None if options.dry_run else load_torch()
    if torch is None and not options.dry_run:
        return 2
    os.makedirs(options.out, exist_ok=True)
    measure(torch)
    settings = {name: value for name, value in vars(options).items() if name != "out"}
    tables.write_meta(options.out, tables.meta(torch, settings))
    return 0


def main(arguments=None):
    options = parser().parse_args(arguments)
    return run(options, lambda torch: measure(options, torch))


if __name__ == "__main__":
    sys.exit(main())
