#include "sim/engine/trtllm_defaults.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/error.h"
#include "sim/engine/engine_options.h"
#include "sim/engine/request_queue.h"

namespace headroom::sim {
namespace {

/// Defaults that hold from this version on.
struct TrtllmVersion {
  const char* from;
  bool budget_counts_cached;
};
constexpr TrtllmVersion kVersions[] = {{"1.0.0", true}, {"1.3.0", false}};

constexpr int kMaxBatchSize = 2048;
constexpr int kMaxNumTokens = 8192;
constexpr int kTokensPerBlock = 32;
constexpr double kFreeMemoryFraction = 0.9;
constexpr int kGraphMaxBatch = 128;

}  // namespace

std::vector<std::string> trtllmRulesFrom() {
  std::vector<std::string> versions;
  for (const TrtllmVersion& row : kVersions) versions.push_back(row.from);
  return versions;
}

const std::vector<std::string>& capacityPolicyNames() {
  static const std::vector<std::string> names{"GUARANTEED_NO_EVICT", "MAX_UTILIZATION"};
  return names;
}

const std::string& nameOf(CapacityPolicy policy) {
  return capacityPolicyNames()[static_cast<std::size_t>(policy)];
}

ResolvedEngine resolveTrtllm(const EngineOptions& options, const models::Accelerator& /*accelerator*/,
                             const models::Parallelism& parallelism, int native_context) {
  ResolvedEngine engine;
  EngineConfig& config = engine.config;
  config.kind = EngineKind::trtllm;
  for (const TrtllmVersion& row : kVersions) {
    if (isFrom(options.version, row.from)) config.trtllm.budget_counts_cached = row.budget_counts_cached;
  }
  const bool evicts = options.capacity_scheduler_policy == nameOf(CapacityPolicy::max_utilization);
  config.trtllm.capacity_policy = evicts ? CapacityPolicy::max_utilization : CapacityPolicy::guaranteed_no_evict;
  config.max_num_seqs = options.max_num_seqs.value_or(kMaxBatchSize);
  config.max_num_batched_tokens = options.max_num_batched_tokens.value_or(kMaxNumTokens);
  config.block_size = options.block_size.value_or(kTokensPerBlock);
  config.max_model_len = options.max_model_len.value_or(native_context);
  config.enable_chunked_prefill = options.enable_chunked_prefill.value_or(false);
  config.enable_prefix_caching = options.prefix_caching.value_or(true);
  if (options.scheduling) config.order = requestOrderOf(*options.scheduling);
  config.pipeline_depth = options.async_scheduling.value_or(true) ? 2 : 1;
  config.trtllm.balance = options.dp_balance.value_or(false);
  const TrtllmRules defaults;
  config.trtllm.balance_timeout_iters = options.dp_balance_timeout_iters.value_or(defaults.balance_timeout_iters);
  config.trtllm.balance_batching_wait_iters =
      options.dp_balance_batching_wait_iters.value_or(defaults.balance_batching_wait_iters);
  if (config.trtllm.balance && parallelism.dp == 1) {
    engine.warnings.push_back("attention_dp_config: there is one rank, and it waits for no other");
  }
  engine.gpu_memory_utilization = options.gpu_memory_utilization.value_or(kFreeMemoryFraction);
  engine.memory_rule = models::MemoryRule::trtllm;
  const int graph_max = std::min(options.cuda_graph_max_bs.value_or(kGraphMaxBatch), config.max_num_seqs);
  config.trtllm.graph_padding = options.cuda_graph_padding.value_or(false);
  if (config.trtllm.graph_padding) {
    engine.graph_sizes = trtllmGraphSizes(graph_max);
  } else {
    engine.warnings.push_back(
        "cuda_graph_config.enable_padding is off: batches of a size that was not captured run eagerly, and their "
        "launches are not modelled");
  }
  if (config.enable_chunked_prefill && config.max_num_batched_tokens < config.block_size) {
    throw InputError("max_num_tokens must be at least one block", "a chunk is a multiple of tokens_per_block");
  }
  if (evicts && !config.enable_chunked_prefill && config.max_num_batched_tokens < config.max_model_len) {
    throw InputError(fmt::format("MAX_UTILIZATION without chunks needs max_num_tokens of at least max_seq_len {}: a "
                                 "paused request computes prompt and answer in one step",
                                 config.max_model_len),
                     "set enable_chunked_prefill");
  }
  return engine;
}

std::vector<int> trtllmGraphSizes(int largest) {
  std::vector<int> sizes;
  for (int size = 1; size <= largest; size += size < 4 ? size : size < 8 ? 4 : size < 128 ? 8 : 64) {
    sizes.push_back(size);
  }
  if (sizes.back() != largest) sizes.push_back(largest);
  return sizes;
}

}  // namespace headroom::sim
