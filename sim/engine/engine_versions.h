// The defaults of an engine, by version: what `vllm serve` uses where an option is not set.
// Source: vLLM's engine/arg_utils.py, config/scheduler.py and gpu_worker.py at the versions named; docs/engine.md.
#pragma once

#include <string>
#include <vector>

#include "models/hardware/accelerator.h"
#include "sim/engine/engine_config.h"

namespace headroom::sim {

struct EngineOptions;

/// Scheduling rules and defaults that hold from this version on.
struct EngineVersion {
  const char* from;
  bool async_scheduling;  ///< pipeline depth 2
  bool scheduler_reserve_full_isl;
  bool deduct_graphs;  ///< CUDA-graph memory is taken off the KV cache
  double gpu_memory_utilization;
};

/// Rows of the table, oldest first.
const std::vector<EngineVersion>& vllmVersions();
const std::vector<std::string>& engineNames();
/// Why this version has no rules here, or "".
std::string versionProblem(const std::string& version);

/// An engine with every option decided but the number of blocks.
struct ResolvedEngine {
  EngineConfig config;
  double gpu_memory_utilization = 0.9;
  bool deduct_graphs = false;
  std::vector<int> graph_sizes;  ///< token counts that steps are padded to, ascending
};
/// `native_context`: the model's context length. Throws InputError if the options contradict each other.
ResolvedEngine resolveEngine(const EngineOptions& options, const models::Accelerator& accelerator, int native_context);

/// vLLM's CUDA-graph capture sizes: 1, 2, 4, 8..256 by 8, 272..512 by 16, cut at min(2 x max_num_seqs, 512).
std::vector<int> graphSizes(int max_num_seqs);

}  // namespace headroom::sim
