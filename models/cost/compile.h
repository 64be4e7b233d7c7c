// Turns a profile, a model and a layout into the step-time tables of one replica: the sum of its kernels, sampled.
// pp > 1: a step is the latency through all stages, sends included; stages and slowest_stage_share say how often a new
// one can start. dp > 1: tokens, sequences and contexts are those of one rank; ranks step together, so an engine takes
// the largest time of its ranks, and the experts are charged dp times this rank's (padded) tokens.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "models/cost/kernel_exchange.h"
#include "models/cost/profile.h"
#include "models/cost/step_times.h"
#include "models/hardware/accelerator.h"
#include "models/llm/memory_plan.h"
#include "models/llm/model.h"

namespace headroom::models {

struct StepRequest {
  Parallelism parallelism;
  Precision weights = Precision::bf16;
  Precision kv_cache = Precision::bf16;
  int max_num_batched_tokens = 8192;
  int max_num_seqs = 256;
  int max_sampled_rows = 0;  ///< of the LM head in a step; 0: max_num_seqs. Speculative decoding samples draft rows too
  std::int64_t max_model_len = 131072;
  ScaleOut scale_out;                      ///< network between nodes, where a group of ranks spans several
  std::optional<ExpertExchange> exchange;  ///< dp > 1 with experts; none: what the engine does by default
  std::vector<int> graph_sizes;            ///< token counts the engine pads up to; ascending; empty: no padding
};

/// One kernel's part of a step, for `profile show`, hand checks and tests.
struct StepPart {
  std::string name;  ///< e.g. "gemm qkv", "all-reduce", "decode attention"
  Seconds time;      ///< over all layers
  Seconds speed_of_light;
  Tier tier = Tier::measured;
};

struct CompiledStepTimes {
  std::unique_ptr<StepTimes> tables;
  /// Share of time by tier in a typical step (64 decoding sequences of 1024 tokens, one 512-token chunk); sums to 1.
  std::array<double, kTiers> tier_share{};
  int stages = 1;                  ///< pipeline stages that a step passes
  double slowest_stage_share = 1;  ///< of a step's time; steps of other sequences can start that far apart
};

/// Throws InputError if the model class, layout or precision cannot be costed, saying what would work.
CompiledStepTimes compileStepTimes(const Profile& profile, const Accelerator& accelerator, const Model& model,
                                   const StepRequest& request);

/// The same sum, uncompiled, part by part. `chunks` are (new tokens, prior context).
struct StepShape {
  int decode_sequences = 0;
  std::int64_t decode_context_sum = 0;
  std::vector<std::pair<int, std::int64_t>> chunks;
  int emitting_sequences = 0;
};
std::vector<StepPart> stepParts(const Profile& profile, const Accelerator& accelerator, const Model& model,
                                const StepRequest& request, const StepShape& shape);

}  // namespace headroom::models
