#include "sim/engine/engine_versions.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/error.h"
#include "sim/engine/engine_options.h"
#include "sim/engine/request_queue.h"
#include "sim/engine/research_engines.h"

namespace headroom::sim {
namespace {

const EngineVersion& rulesOf(const std::string& version) {
  const EngineVersion* best = nullptr;
  for (const EngineVersion& row : vllmVersions()) {
    if (isFrom(version, row.from)) best = &row;
  }
  CHECK(best != nullptr, "the version was checked when the scenario was read");
  return *best;
}

bool isLarge(const models::Accelerator& accelerator) {
  return accelerator.memory >= Bytes(70.0 * 1073741824.0) && !accelerator.name.starts_with("a100");
}

}  // namespace

const std::vector<EngineVersion>& vllmVersions() {
  static const std::vector<EngineVersion> versions{
      //  from     async  full_isl graphs  util
      {"0.8.5", false, false, false, 0.90}, {"0.14.0", true, false, false, 0.90}, {"0.19.0", true, true, false, 0.90},
      {"0.21.0", true, true, true, 0.90},   {"0.25.0", true, true, true, 0.92},
  };
  return versions;
}

std::vector<std::string> vllmRulesFrom() {
  std::vector<std::string> versions;
  for (const EngineVersion& row : vllmVersions()) versions.push_back(row.from);
  return versions;
}

std::vector<int> graphSizes(int max_num_seqs) {
  const int largest = std::min(2 * max_num_seqs, 512);
  std::vector<int> sizes;
  for (int size = 1; size <= largest; size += size < 4 ? size : size < 8 ? 4 : size < 256 ? 8 : 16)
    sizes.push_back(size);
  return sizes;
}

ResolvedEngine resolveVllm(const EngineOptions& options, const models::Accelerator& accelerator,
                           const models::Parallelism& /*parallelism*/, int native_context) {
  const EngineVersion& rules = rulesOf(options.version);
  const bool large = isLarge(accelerator);
  ResolvedEngine engine;
  EngineConfig& config = engine.config;
  config.max_num_batched_tokens = options.max_num_batched_tokens.value_or(large ? 8192 : 2048);
  config.max_num_seqs = options.max_num_seqs.value_or(std::min(large ? 1024 : 256, config.max_num_batched_tokens));
  if (!options.max_num_batched_tokens) {
    config.max_num_batched_tokens = std::max(config.max_num_batched_tokens, config.max_num_seqs);
  }
  config.max_model_len = options.max_model_len.value_or(native_context);
  config.enable_chunked_prefill = options.enable_chunked_prefill.value_or(true);
  config.enable_prefix_caching = options.prefix_caching.value_or(true);
  if (options.scheduling) config.order = requestOrderOf(*options.scheduling);
  config.long_prefill_token_threshold = options.long_prefill_token_threshold.value_or(0);
  config.scheduler_reserve_full_isl = rules.scheduler_reserve_full_isl;
  config.pipeline_depth = options.async_scheduling.value_or(rules.async_scheduling) ? 2 : 1;
  if (const ResearchEngine* research = findResearchEngine(options.name))
    applyResearchDefaults(*research, options, config);
  engine.gpu_memory_utilization = options.gpu_memory_utilization.value_or(rules.gpu_memory_utilization);
  engine.deduct_graphs = rules.deduct_graphs;
  const int rows = 1 + (options.speculation ? options.speculation->num_speculative_tokens : 0);
  engine.graph_sizes = graphSizes(config.max_num_seqs * rows);
  if (config.max_num_batched_tokens < config.max_num_seqs) {
    throw InputError(fmt::format("max_num_batched_tokens {} must be at least max_num_seqs {}",
                                 config.max_num_batched_tokens, config.max_num_seqs));
  }
  if (!config.enable_chunked_prefill && config.max_num_batched_tokens < config.max_model_len) {
    throw InputError(fmt::format("without chunked prefill, max_num_batched_tokens {} must be at least max_model_len {}",
                                 config.max_num_batched_tokens, config.max_model_len),
                     "set engine.max_model_len or enable_chunked_prefill");
  }
  return engine;
}

}  // namespace headroom::sim
