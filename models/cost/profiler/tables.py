"""CSV tables in the columns that `headroom profile fit` reads, plus noise_pct; and meta.json."""
import csv
import datetime
import json
import os
import subprocess

_DTYPE = {"bf16": "bfloat16", "fp8": "fp8"}

_ATTENTION_COLUMNS = ["kernel_source", "batch_size", "isl", "num_heads", "num_key_value_heads", "head_dim", "beam_width",
                      "attn_dtype", "kv_cache_dtype", "step", "window_size", "latency", "noise_pct"]
COLUMNS = {
    "gemm": ["kernel_source", "gemm_dtype", "m", "n", "k", "latency", "noise_pct"],
    "context_attention": _ATTENTION_COLUMNS,
    "generation_attention": _ATTENTION_COLUMNS,
    "chunked_attention": _ATTENTION_COLUMNS,
    "nccl": ["op_name", "nccl_dtype", "num_gpus", "message_size", "latency", "noise_pct"],
}


def figures(timing):
    return {"latency": f"{timing.ms:.6g}", "noise_pct": f"{timing.noise_pct:.2f}"}


def gemm_row(p, timing, source):
    return {"kernel_source": source, "gemm_dtype": _DTYPE[p.dtype], "m": p.m, "n": p.n, "k": p.k, **figures(timing)}


def attention_row(p, timing, source):
    """`isl` + `step` is the length attended to; decode has isl 1."""
    return {"kernel_source": source, "batch_size": p.batch, "isl": p.new, "num_heads": p.heads,
            "num_key_value_heads": p.kv_heads, "head_dim": p.head_dim, "beam_width": 1, "attn_dtype": "bfloat16",
            "kv_cache_dtype": "bfloat16", "step": p.prior, "window_size": 0, **figures(timing)}


def all_reduce_row(p, timing):
    return {"op_name": "all_reduce", "nccl_dtype": "half", "num_gpus": p.devices, "message_size": p.elements,
            **figures(timing)}


class TableFile:
    """A CSV file that grows row by row and stands under its name only once it is complete."""

    def __init__(self, folder, table, columns=None):
        self._path = os.path.join(folder, table + ".csv")
        self._file = open(self._path + ".partial", "w", newline="", encoding="utf-8")
        self._writer = csv.DictWriter(self._file, columns or COLUMNS[table], lineterminator="\n")
        self._writer.writeheader()

    def add(self, row):
        self._writer.writerow(row)
        self._file.flush()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._file.close()
        if kind is None:
            os.replace(self._path + ".partial", self._path)


def driver_version():
    """Of the NVIDIA driver; "unknown" where nvidia-smi does not answer."""
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.split("\n")[0].strip() or "unknown"


def meta(torch, settings):
    """What was measured on: device, driver, versions, date. Without torch: a dry run."""
    facts = {"measured": torch is not None, "date": datetime.date.today().isoformat(), "settings": settings}
    if torch is None:
        return {**facts, "device": "none: made by --dry-run, not measured"}
    return {**facts, "device": torch.cuda.get_device_name(0), "devices": torch.cuda.device_count(),
            "driver": driver_version(), "torch": torch.__version__, "cuda": torch.version.cuda}


def write_meta(folder, facts):
    with open(os.path.join(folder, "meta.json"), "w", encoding="utf-8") as file:
        json.dump(facts, file, indent=2)
        file.write("\n")
