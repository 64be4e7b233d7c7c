"""The measuring script without a GPU: arguments, points, noise, tables; and that Headroom fits what it writes."""
import contextlib
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "profiler" / "sample"
sys.path.insert(0, str(ROOT / "models" / "cost" / "profiler"))

import grids  # noqa: E402
import kernels  # noqa: E402
import measure_kernels  # noqa: E402
import measure_transfers  # noqa: E402
import tables  # noqa: E402
import timing  # noqa: E402


def dry_run(folder, *arguments):
    with contextlib.redirect_stderr(io.StringIO()) as log:
        code = measure_kernels.main(["--out", str(folder), "--dry-run", "--grid", "tiny", *arguments])
    return code, log.getvalue()


def rows_of(file):
    with open(file, newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


class Arguments(unittest.TestCase):
    def refused(self, *arguments):
        with contextlib.redirect_stderr(io.StringIO()) as log, self.assertRaises(SystemExit) as exit_:
            measure_kernels.parser().parse_args(["--out", "x", *arguments])
        self.assertEqual(exit_.exception.code, 2)
        return log.getvalue()

    def test_unknown_operation_is_refused_with_the_known_ones(self):
        self.assertIn("gemm, prefill", self.refused("--operations", "gemm,moe"))

    def test_empty_lists_and_too_few_repeats_are_refused(self):
        self.assertIn("is empty", self.refused("--operations", ","))
        self.assertIn("at least 3", self.refused("--repeats", "2"))

    def test_a_folder_with_files_in_it_is_not_written_to(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "gemm.csv").write_text("mine\n")
            code, log = dry_run(folder)
            self.assertEqual(code, 2)
            self.assertIn("not empty", log)
            self.assertEqual(pathlib.Path(folder, "gemm.csv").read_text(), "mine\n")


class Transfers(unittest.TestCase):
    def test_write_every_point_of_each_table(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(measure_transfers.main(["--out", folder, "--dry-run"]), 0)
            copies, loras = rows_of(pathlib.Path(folder, "host_copy.csv")), rows_of(pathlib.Path(folder, "lora.csv"))
            self.assertEqual(len(copies), len(measure_transfers.copies()))
            self.assertEqual(len(loras), len(measure_transfers.loras()))
            self.assertTrue(all(float(row["latency"]) > float(row["base_latency"]) for row in loras))
            self.assertEqual(len(rows_of(pathlib.Path(folder, "weights.csv"))), 1)

    def test_split_copies_move_as_much_as_whole_ones(self):
        totals = {c.pieces * c.piece_bytes for c in measure_transfers.copies() if c.pieces > 1}
        self.assertEqual(totals, {64 << 20, 512 << 20})

    def test_an_adapter_reads_its_weights_once_however_many_tokens_use_it(self):
        work = lambda tokens, adapters: measure_transfers.lora_work(measure_transfers.Lora(tokens, adapters, 16, 64, 32))
        self.assertEqual(work(8, 2)["bytes"] - work(8, 1)["bytes"], 2 * 16 * (64 + 32))
        self.assertEqual(work(16, 1)["flop"], 2 * work(8, 1)["flop"])


class Noise(unittest.TestCase):
    def test_of_equal_repeats_is_zero(self):
        self.assertEqual(timing.timing_of([2.0] * 5), timing.Timing(2.0, 0.0))

    def test_is_half_the_spread_of_the_middle_half(self):
        result = timing.timing_of([1.0, 2.0, 3.0, 4.0, 5.0])
        self.assertEqual(result.ms, 3.0)
        self.assertAlmostEqual(result.noise_pct, 100 * 1 / 3)

    def test_is_not_moved_by_one_interrupt(self):
        quiet = timing.timing_of([1.00, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06])
        disturbed = timing.timing_of([1.00, 1.01, 1.02, 1.03, 1.04, 1.05, 90.0])
        self.assertEqual(quiet, disturbed)

    def test_needs_three_repeats_and_positive_times(self):
        for samples in ([1.0, 1.0], [1.0, 0.0, 1.0]):
            with self.assertRaises(ValueError):
                timing.timing_of(samples)

    def test_of_the_fake_timer_is_about_its_one_percent_and_repeats_itself(self):
        work = {"flop": 1e12, "bytes": 1e9}
        first = timing.FakeTimer(101).time("a", work)
        self.assertEqual(first, timing.FakeTimer(101).time("a", work))
        self.assertTrue(0.1 < first.noise_pct < 0.5, first)


class ColdCache(unittest.TestCase):
    def test_small_operands_rotate_until_twice_the_l2_is_touched(self):
        self.assertEqual(timing.copies_for_cold_cache(10 << 20, 50 << 20), 10)

    def test_large_operands_need_one_copy_and_tiny_ones_have_a_limit(self):
        self.assertEqual(timing.copies_for_cold_cache(1 << 30, 50 << 20), 1)
        self.assertEqual(timing.copies_for_cold_cache(1, 50 << 20), 64)


class Grids(unittest.TestCase):
    def test_no_point_comes_twice_and_every_grid_has_points(self):
        for grid in grids.GRIDS:
            for points in (grids.gemm(grid, ["bf16", "fp8"]), grids.prefill(grid), grids.decode(grid),
                           grids.chunked(grid), grids.all_reduce(grid, 8)):
                self.assertTrue(points)
                self.assertEqual(len(points), len(set(points)))

    def test_prefill_has_no_prior_context_decode_one_token_and_chunks_both(self):
        self.assertTrue(all(p.prior == 0 for p in grids.prefill("full")))
        self.assertTrue(all(p.new == 1 for p in grids.decode("full")))
        self.assertTrue(all(p.new > 1 and p.prior > 0 for p in grids.chunked("full")))

    def test_one_accelerator_has_no_all_reduce(self):
        self.assertEqual(grids.all_reduce("full", 1), [])
        self.assertEqual({p.devices for p in grids.all_reduce("full", 6)}, {2, 4})

    def test_kv_caches_fit_beside_each_other(self):
        self.assertLessEqual(max(grids.kv_bytes(p) for p in grids.decode("full")), 16 << 30)

    def test_a_causal_prompt_has_half_the_pairs_of_a_full_one(self):
        work = kernels.attention_work(grids.Attention(1, 1000, 0, 1, 1, 1))
        self.assertEqual(work["flop"], 4 * 1000 * 1001 / 2)


class Tables(unittest.TestCase):
    def test_a_dry_run_writes_every_point_with_its_noise_and_says_it_is_none(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(dry_run(folder, "--devices", "2")[0], 0)
            gemm = rows_of(os.path.join(folder, "gemm.csv"))
            self.assertEqual(len(gemm), len(grids.gemm("tiny", ["bf16", "fp8"])))
            self.assertEqual(list(gemm[0]), tables.COLUMNS["gemm"])
            self.assertTrue(all(float(row["latency"]) > 0 and float(row["noise_pct"]) >= 0 for row in gemm))
            meta = json.loads(pathlib.Path(folder, "meta.json").read_text())
            self.assertFalse(meta["measured"])
            self.assertIn("not measured", meta["device"])

    def test_length_attended_to_is_isl_plus_step(self):
        with tempfile.TemporaryDirectory() as folder:
            dry_run(folder, "--operations", "decode")
            rows = rows_of(os.path.join(folder, "generation_attention.csv"))
            self.assertEqual({int(r["isl"]) + int(r["step"]) for r in rows}, {128, 1024})

    def test_only_the_operations_asked_for_are_written(self):
        with tempfile.TemporaryDirectory() as folder:
            dry_run(folder, "--operations", "gemm", "--dtypes", "bf16")
            self.assertEqual(sorted(os.listdir(folder)), ["gemm.csv", "meta.json"])
            self.assertEqual({r["gemm_dtype"] for r in rows_of(os.path.join(folder, "gemm.csv"))}, {"bfloat16"})

    def test_a_point_that_does_not_run_is_named_and_left_out(self):
        def refuse_large(point):
            if point.m > 16:
                raise RuntimeError("out of memory\nmore")
            return timing.Timing(1.0, 0.5)
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()) as log:
            points = grids.gemm("tiny", ["bf16"])
            measure_kernels.write_points(folder, "gemm", points, refuse_large,
                                         lambda p, t: tables.gemm_row(p, t, "test"))
            self.assertEqual(len(rows_of(os.path.join(folder, "gemm.csv"))), sum(p.m <= 16 for p in points))
            self.assertIn("left out ('bf16', 256, 1024, 1024): out of memory\n", log.getvalue())

    def test_an_interrupted_table_does_not_stand_under_its_name(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(KeyboardInterrupt), tables.TableFile(folder, "gemm"):
                raise KeyboardInterrupt
            self.assertEqual(os.listdir(folder), ["gemm.csv.partial"])

    def test_the_sample_is_what_the_dry_run_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            dry_run(folder, "--devices", "2")
            for table in tables.COLUMNS:
                name = table + ".csv"
                self.assertEqual(rows_of(os.path.join(folder, name)), rows_of(SAMPLE / name), name)


@unittest.skipUnless(os.environ.get("HEADROOM_PROGRAM"), "HEADROOM_PROGRAM names the program")
class Fitting(unittest.TestCase):
    def headroom(self, *arguments):
        return subprocess.run([os.environ["HEADROOM_PROGRAM"], *arguments], capture_output=True, text=True,
                              timeout=120, check=False)

    def test_headroom_makes_a_profile_of_the_sample(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "profile.json")
            fit = self.headroom("profile", "fit", str(SAMPLE), "--accelerator", "h200-sxm", "--engine-version", "0",
                                "--origin", "made up", "--date", "2026-11-23", "--licence", "none", "--out", out)
            self.assertEqual(fit.returncode, 0, fit.stderr)
            check = self.headroom("profile", "check", out, str(SAMPLE), "--format", "json")
            self.assertEqual(check.returncode, 0, check.stderr)
            self.assertIn("gemm", check.stdout)

    def test_a_table_with_a_broken_time_is_refused_by_file_and_line(self):
        with tempfile.TemporaryDirectory() as folder:
            text = (SAMPLE / "gemm.csv").read_text().splitlines()
            text[3] = text[3].replace(text[3].split(",")[5], "nan")
            pathlib.Path(folder, "gemm.csv").write_text("\n".join(text) + "\n")
            fit = self.headroom("profile", "fit", folder, "--accelerator", "h200-sxm", "--engine-version", "0")
            self.assertEqual(fit.returncode, 2)
            self.assertIn("gemm.csv:4", fit.stderr)


if __name__ == "__main__":
    unittest.main()
