#include "sim/engine/research_engines.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/engine_options.h"

namespace headroom::sim {

// Sizes and watermark: Vidur's defaults (config/config.py), vllm-v0's those of vLLM 0.6 (config.py: max_num_seqs 256,
// max(max_model_len, 2048) tokens).
const std::vector<ResearchEngine>& researchEngines() {
  using Kind = EngineKind;
  static const std::vector<ResearchEngine> engines{
      // clang-format off
      //                                                                                        chunks pipe seqs tokens block watermark
      {Kind::vllm_v0, "vllm-v0", "vLLM before V1: prompts first, in steps of their own", false, true, 256, 0, 16, 0.01},
      {Kind::orca, "orca", "iteration-level batches of whole prompts, KV reserved for max_model_len", false, true, 128, 0, 16, 0},
      {Kind::sarathi, "sarathi", "stall-free chunks: decodes first, prompts up to the chunk size", true, true, 128, 512, 16, 0.01},
      {Kind::static_batch, "static", "a batch runs until its longest answer ends", false, false, 128, 0, 16, 0},
      {Kind::lightllm, "lightllm", "token-wise KV, admits what can never run out of it", false, false, 128, 0, 1, 0},
      // clang-format on
  };
  return engines;
}

const ResearchEngine* findResearchEngine(const std::string& name) {
  const auto& all = researchEngines();
  const auto found = std::find_if(all.begin(), all.end(), [&](const ResearchEngine& e) { return e.name == name; });
  return found == all.end() ? nullptr : &*found;
}

bool isResearchEngine(EngineKind kind) {
  const auto& all = researchEngines();
  return std::any_of(all.begin(), all.end(), [&](const ResearchEngine& e) { return e.kind == kind; });
}

std::string pipelineProblem(EngineKind kind, int stages) {
  for (const ResearchEngine& engine : researchEngines()) {
    if (engine.kind == kind && !engine.pipelines && stages > 1) {
      return fmt::format("engine {} runs on one pipeline stage only: set pp to 1", engine.name);
    }
  }
  return {};
}

void applyResearchDefaults(const ResearchEngine& engine, const EngineOptions& options, EngineConfig& config) {
  config.kind = engine.kind;
  config.max_num_seqs = options.max_num_seqs.value_or(engine.max_num_seqs);
  const int longest = static_cast<int>(std::max<std::int64_t>(config.max_model_len, 2048));
  const int tokens = engine.max_num_batched_tokens > 0 ? engine.max_num_batched_tokens : longest;
  config.max_num_batched_tokens = options.max_num_batched_tokens.value_or(std::max(tokens, config.max_num_seqs));
  config.block_size = engine.block_size;
  config.enable_chunked_prefill = engine.chunks_prompts;
  config.enable_prefix_caching = false;
  config.long_prefill_token_threshold = 0;
  config.pipeline_depth = 1;
  config.watermark = options.watermark.value_or(engine.watermark);
  config.max_waiting_iters = options.max_waiting_iters.value_or(config.max_waiting_iters);
}

}  // namespace headroom::sim
