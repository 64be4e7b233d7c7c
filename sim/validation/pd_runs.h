// Prefill and decode replicas against as many unified ones, under the same load: means of TTFT and TPOT.
// Source: llmd_pd_disagg_llama31_8b.csv (llm-d-benchmark, Llama-3.1-8B on A100), one row a run of `vllm bench serve`.
// Not recorded, and assumed: one accelerator a replica, all on one node; vLLM 0.8.5, and a token budget of 8192 (p99 of
// the gaps of all runs is the time of such a step, with and without prefill replicas); plain replicas behind a
// Kubernetes service, which picks one at random.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/validation/measured_scenario.h"

namespace headroom::sim {

struct PdRun {
  std::string system;               ///< llm-d-1p1d, vllm-2replicas
  int prefill = 0, decode = 0;      ///< replicas; decode: all of a set-up without prefill replicas
  double rate = 0, burstiness = 1;  ///< gamma gaps
  int requests = 0, prompt_tokens = 0, output_tokens = 0;  ///< equal lengths
  double ttft_ms = 0, tpot_ms = 0;
  int runs = 0;  ///< repeats, of which these are the means
};

/// In the order of the file. Throws InputError if it is missing or broken.
std::vector<PdRun> readPdRuns(const std::filesystem::path& file);

/// `pairing`: of DisaggregationSpec; for set-ups with prefill replicas.
PlannedScenario planPdRun(const PdRun& run, const std::string& pairing);

}  // namespace headroom::sim
