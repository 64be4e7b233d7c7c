// vLLM's defaults, by version: what `vllm serve` uses where an option is not set.
// Source: vLLM's engine/arg_utils.py, config/scheduler.py and gpu_worker.py at the versions named; docs/engine.md.
#pragma once

#include <string>
#include <vector>

#include "sim/engine/engines.h"

namespace headroom::sim {

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
std::vector<std::string> vllmRulesFrom();

ResolvedEngine resolveVllm(const EngineOptions& options, const models::Accelerator& accelerator,
                           const models::Parallelism& parallelism, int native_context);

/// vLLM's CUDA-graph capture sizes: 1, 2, 4, 8..256 by 8, 272..512 by 16, cut at min(2 x max_num_seqs, 512).
std::vector<int> graphSizes(int max_num_seqs);

}  // namespace headroom::sim
