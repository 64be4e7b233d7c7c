"""How long a kernel takes, and how sure that is."""
import random
import statistics
import zlib
from typing import NamedTuple


class Timing(NamedTuple):
    ms: float         # median of the repeats
    noise_pct: float  # half the spread of the middle half, of the median


def timing_of(samples_ms):
    """Median and noise of repeats of one kernel. Robust: a stray interrupt changes neither."""
    if len(samples_ms) < 3:
        raise ValueError("noise needs at least 3 repeats")
    if min(samples_ms) <= 0:
        raise ValueError("a kernel takes time")
    low, median, high = statistics.quantiles(samples_ms, n=4, method="inclusive")
    return Timing(median, 100 * (high - low) / 2 / median)


def copies_for_cold_cache(operand_bytes, l2_bytes, most=64):
    """Copies of the operands to rotate through so that none is still in L2 when its turn comes again."""
    if operand_bytes <= 0:
        raise ValueError("operands have bytes")
    return max(1, min(most, -(-2 * l2_bytes // operand_bytes)))


class FakeTimer:
    """Stands in for a GPU in tests and --dry-run: roofline plus a launch, with made-up noise of 1 %."""

    def __init__(self, repeats, flops_per_s=1e15, bytes_per_s=4e12):
        self._repeats = repeats
        self._flops_per_s = flops_per_s
        self._bytes_per_s = bytes_per_s

    def time(self, name, work):
        """`work` has flop and bytes; the same name always gives the same time."""
        source = random.Random(zlib.crc32(name.encode()))
        ideal = max(work["flop"] / self._flops_per_s, work["bytes"] / self._bytes_per_s)
        ms = 1e3 * (1.25 * ideal + 4e-6)
        return timing_of([ms * (1 + 0.01 * source.random()) for _ in range(self._repeats)])


class GraphTimer:
    """Times calls replayed from one CUDA graph (events around it), so that launches from the host do not count.

    `calls` are the same kernel on different copies of its operands; the graph runs all of them `rounds` times.
    """

    def __init__(self, torch, repeats, warmups, least_ms=0.2):
        self._torch = torch
        self._repeats = repeats
        self._warmups = warmups
        self._least_ms = least_ms

    def time(self, calls):
        torch = self._torch
        for call in calls:
            call()
        torch.cuda.synchronize()
        rounds = 1
        while True:
            graph = self._captured(calls, rounds)
            once = self._replay_ms(graph)
            if once >= self._least_ms or rounds >= 256:
                break
            rounds *= 4
        for _ in range(self._warmups):
            graph.replay()
        per_call = rounds * len(calls)
        return timing_of([self._replay_ms(graph) / per_call for _ in range(self._repeats)])

    def _captured(self, calls, rounds):
        torch = self._torch
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for call in calls:
                call()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(rounds):
                for call in calls:
                    call()
        return graph

    def _replay_ms(self, graph):
        torch = self._torch
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        graph.replay()
        end.record()
        torch.cuda.synchronize()
        return begin.elapsed_time(end)
