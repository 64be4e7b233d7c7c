// TensorRT-LLM's defaults (PyTorch backend) where an option is not set. Source: tensorrt_llm/llmapi/llm_args.py and
// _torch/pyexecutor (1.x). Left out: blocks of 64 tokens for latent attention on Hopper, batch sizes that
// trtllm-bench tunes.
#pragma once

#include <string>
#include <vector>

#include "sim/engine/engines.h"

namespace headroom::sim {

/// Versions at which the rules change.
std::vector<std::string> trtllmRulesFrom();
/// GUARANTEED_NO_EVICT and MAX_UTILIZATION, in the order of CapacityPolicy.
const std::vector<std::string>& capacityPolicyNames();
const std::string& nameOf(CapacityPolicy policy);

/// Throws InputError for MAX_UTILIZATION without chunks where a paused request could no longer be computed in one step.
ResolvedEngine resolveTrtllm(const EngineOptions& options, const models::Accelerator& accelerator,
                             const models::Parallelism& parallelism, int native_context);

/// Batch sizes of captured decode graphs up to `largest`, where batches are padded: 1, 2, 4, 8..128 by 8, then by 64,
/// and `largest` itself.
std::vector<int> trtllmGraphSizes(int largest);

}  // namespace headroom::sim
