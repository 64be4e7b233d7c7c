// Open-loop load sweeps with every request recorded: launch time, lengths, TTFT and generation time.
// Source: llm-d-benchmark's LMBench runs, Llama-3.1-70B at TP 2 on A100, plain vLLM behind a round-robin service.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/validation/measured_run.h"
#include "sim/validation/measured_scenario.h"

namespace headroom::sim {

struct OpenLoopRun {
  std::string system, workload, rate;  ///< as recorded: vllm-70b, sharegpt, 0.5
  int replicas = 1;
  std::vector<RequestStamps> requests;  ///< in the order of launch; arrival, first_token and finished only
};

/// Runs of plain vLLM. Throws InputError if the file is missing or broken.
std::vector<OpenLoopRun> readOpenLoopRuns(const std::filesystem::path& file);

/// `trace`: the run's requests as plain CSV.
PlannedScenario planOpenLoop(const OpenLoopRun& run, const std::filesystem::path& trace);
std::string openLoopTrace(const OpenLoopRun& run);

}  // namespace headroom::sim
