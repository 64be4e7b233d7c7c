// What a user measured at one load, from the result files of two tools:
//   vllm bench serve --save-result     max_concurrency or request_rate, total_input_tokens, mean_ttft_ms, mean_tpot_ms;
//                                      with --save-detailed also input_lens and output_lens
//   inference-perf                     stage_N_lifecycle_metrics.json: load_summary (requested_rate or concurrency),
//                                      successes (count, latency in seconds, prompt_len, output_len)
// Lengths are replayed as the distribution the file gives, or all at their mean. Runs with failed requests are refused.
#pragma once

#include <filesystem>
#include <string>

#include "workloads/workload_spec.h"

namespace headroom::sim {

struct BenchResult {
  std::string name;  ///< of the file
  workloads::WorkloadSpec workload;
  double prompt_tokens = 0;         ///< mean
  double ttft_ms = 0, tpot_ms = 0;  ///< means
};

/// Throws InputError if it is neither, or lacks something; says which key.
BenchResult readBenchResult(const std::filesystem::path& file);

}  // namespace headroom::sim
