#include "sim/engine/sglang_defaults.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/base/error.h"
#include "sim/engine/engine_options.h"
#include "sim/engine/request_queue.h"

namespace headroom::sim {
namespace {

/// By memory: what a prefill batch may hold and the largest batch with a captured graph.
struct MemoryClass {
  double below_gib;
  int chunked_prefill_size;
  int graph_max_bs;     ///< tp below 4
  int graph_max_bs_tp;  ///< tp 4 and more
};
constexpr std::array<MemoryClass, 6> kMemoryClasses{{
    {20, 2048, 8, 8},
    {35, 2048, 24, 80},
    {60, 4096, 32, 160},
    {90, 8192, 256, 512},
    {160, 8192, 256, 512},
    {HUGE_VAL, 16384, 512, 512},
}};

/// Set aside beside a draft model, and beside an EAGLE or MTP layer.
constexpr double kDraftModelMiB = 6144, kDraftLayerMiB = 2048;

constexpr double kMiB = 1024.0 * 1024.0;
constexpr double kGiB = 1024.0 * kMiB;

const MemoryClass& classOf(const models::Accelerator& accelerator) {
  return *std::find_if(kMemoryClasses.begin(), kMemoryClasses.end(),
                       [&](const MemoryClass& c) { return accelerator.memory.value() / kGiB < c.below_gib; });
}

/// What is left to weights and KV cache once activations, graphs and buffers have their share.
double memFractionStatic(const models::Accelerator& accelerator, const models::Parallelism& p, int prefill_tokens,
                         int graph_max_bs, const EngineOptions& options) {
  double reserved = 512 + 1.5 * std::max(prefill_tokens, 2048) + 2.0 * graph_max_bs + 128.0 * p.tp * p.pp;
  if (p.dp > 1) reserved += (graph_max_bs > 300 ? 4.5 : 3.0) * graph_max_bs * p.dp;
  const double total = accelerator.memory.value() / kMiB;
  if (total > 60 * 1024) reserved = std::max(reserved, 10.0 * 1024);
  if (options.speculation && options.speculation->method != DraftMethod::ngram) {
    reserved += options.speculation->method == DraftMethod::draft_model ? kDraftModelMiB : kDraftLayerMiB;
  }
  return std::round((total - reserved) / total * 1000) / 1000;
}

std::int64_t nano(double share) {
  return std::llround(share * 1e9);
}

SglangRules rulesFor(const EngineOptions& options, const MemoryClass& by_memory) {
  SglangRules rules;
  rules.chunked_prefill_size = options.enable_chunked_prefill.value_or(true)
                                   ? options.max_num_batched_tokens.value_or(by_memory.chunked_prefill_size)
                                   : 0;
  rules.max_prefill_tokens = options.max_prefill_tokens.value_or(rules.max_prefill_tokens);
  rules.recv_interval = options.scheduler_recv_interval.value_or(1);
  rules.mixed_chunk = options.enable_mixed_chunk.value_or(false) && rules.chunked_prefill_size > 0;
  const double first = std::min(1.0, 0.7 * options.schedule_conservativeness.value_or(1.0));
  rules.init_new_token_ratio = nano(first);
  rules.min_new_token_ratio = nano(first * 0.14);
  rules.longest_prefix_first = options.schedule_policy == "lpm" && options.prefix_caching.value_or(true);
  return rules;
}

}  // namespace

std::vector<std::string> sglangRulesFrom() {
  return {"0.5.0"};
}

ResolvedEngine resolveSglang(const EngineOptions& options, const models::Accelerator& accelerator,
                             const models::Parallelism& parallelism, int native_context) {
  const MemoryClass& by_memory = classOf(accelerator);
  const int graph_max_bs =
      options.cuda_graph_max_bs.value_or(parallelism.tp < 4 ? by_memory.graph_max_bs : by_memory.graph_max_bs_tp);
  ResolvedEngine engine;
  EngineConfig& config = engine.config;
  config.kind = EngineKind::sglang;
  config.sglang = rulesFor(options, by_memory);
  config.block_size = options.block_size.value_or(1);
  config.max_model_len = options.max_model_len.value_or(native_context);
  engine.seqs_from_pool = !options.max_num_seqs.has_value();
  config.max_num_seqs = options.max_num_seqs.value_or(graph_max_bs);
  config.enable_chunked_prefill = config.sglang.chunked_prefill_size > 0;
  config.enable_prefix_caching = options.prefix_caching.value_or(true);
  if (options.scheduling) config.order = requestOrderOf(*options.scheduling);
  const bool overlaps = parallelism.pp == 1 && options.async_scheduling.value_or(!options.speculation);
  config.pipeline_depth = overlaps ? 2 : 1;
  const int chunk = config.sglang.chunked_prefill_size;
  // Without chunks the first prompt of a batch may be longer than max_prefill_tokens.
  const std::int64_t longest = std::max<std::int64_t>(config.sglang.max_prefill_tokens, config.max_model_len);
  config.max_num_batched_tokens = chunk > 0 ? chunk : static_cast<int>(longest);
  engine.gpu_memory_utilization = options.gpu_memory_utilization.value_or(memFractionStatic(
      accelerator, parallelism, chunk > 0 ? chunk : config.sglang.max_prefill_tokens, graph_max_bs, options));
  engine.memory_rule = models::MemoryRule::sglang;
  engine.graph_sizes = options.speculation ? sglangDraftGraphSizes(graph_max_bs) : sglangGraphSizes(graph_max_bs);
  if (chunk > 0 && chunk < config.block_size) {
    throw InputError("chunked_prefill_size must be at least one page", "page_size");
  }
  if (engine.gpu_memory_utilization <= 0) throw InputError("nothing is left of the memory", "set mem_fraction_static");
  return engine;
}

int sglangRunningRequests(std::int64_t pool_tokens, std::int64_t context_length) {
  const auto by_pool =
      static_cast<std::int64_t>(static_cast<double>(pool_tokens) / static_cast<double>(context_length) * 512);
  return static_cast<int>(std::clamp<std::int64_t>(by_pool, 2048, 4096));
}

std::vector<int> sglangDraftGraphSizes(int largest) {
  std::vector<int> sizes;
  for (int size = 1; size <= largest; size += size < 8     ? 1
                                              : size < 32  ? 2
                                              : size < 64  ? (size == 32 ? 8 : 4)
                                              : size < 256 ? 8
                                                           : 16) {
    sizes.push_back(size);
  }
  return sizes;
}

std::vector<int> sglangGraphSizes(int largest) {
  std::vector<int> sizes;
  for (int size = 1; size <= largest; size += size < 4 ? size : size < 16 ? 4 : size < 256 ? 8 : size < 512 ? 16 : 32) {
    sizes.push_back(size);
  }
  return sizes;
}

}  // namespace headroom::sim
