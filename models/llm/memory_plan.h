// Does a replica fit on its accelerators, and how many KV blocks are left? The engine's own arithmetic (design: engine
// rules D; MemoryRule); vLLM's:
//   available = memory x utilization - weights - activation peak - non-torch growth - graphs
//   blocks    = floor(available / (block_size x KV bytes per token)), the minimum over ranks
// The activation peak is max(forward pass over max_num_batched_tokens, sampler over max_num_seqs rows of the
// vocabulary). Layers that keep a state or only a window are set aside for max_num_seqs sequences; where that holds
// fewer tokens than windowed layers that keep the whole context, the latter counts. Left out: multimodal towers,
// windows in prefill.
#pragma once

#include <cstdint>
#include <string>

#include "models/base/quantity.h"
#include "models/base/strong_int.h"
#include "models/hardware/accelerator.h"
#include "models/llm/model.h"
#include "models/llm/precision.h"

namespace headroom::models {

/// How a replica is laid out over its accelerators.
struct Parallelism {
  int tp = 1;
  int pp = 1;
  int dp = 1;
  bool ep = false;
  int accelerators() const { return tp * pp * dp; }
  bool operator==(const Parallelism&) const = default;
};

/// Whose arithmetic leaves which bytes to the KV cache; `u` is gpu_memory_utilization.
enum class MemoryRule : std::uint8_t {
  vllm,    ///< memory x u - weights - activation peak - growth - graphs
  sglang,  ///< (memory - context) x u - weights: the share 1 - u is for all else (mem_fraction_static)
  trtllm,  ///< (memory - weights - activation peak - growth) x u (free_gpu_memory_fraction)
};

struct MemoryRequest {
  Parallelism parallelism;
  Precision weights = Precision::bf16;
  Precision kv_cache = Precision::bf16;
  double gpu_memory_utilization = 0.9;
  int max_num_batched_tokens = 8192;
  int max_num_seqs = 256;
  int block_size = 16;
  int max_model_len = 0;       ///< 0: the model's own
  Bytes added_weights{};       ///< per rank, of a draft model and of adapters
  Bytes added_kv_per_token{};  ///< per rank, of a draft model
  MemoryRule rule = MemoryRule::vllm;
  bool deduct_graphs = false;  ///< recent vLLM takes CUDA-graph memory off the KV cache
};

struct MemoryPlan {
  bool fits = false;
  std::string reason;  ///< why not, with how much is missing; empty if it fits
  Bytes memory;        ///< of one accelerator
  Bytes usable;        ///< of it, to the engine's rule
  Bytes weights;       ///< per rank
  Bytes activations;   ///< peak per rank
  Bytes runtime;       ///< CUDA context, modules, workspaces, collective buffers, as far as the rule counts them
  Bytes graphs;
  Bytes state;       ///< set aside for max_num_seqs sequences: recurrent states and windows
  Bytes kv_cache;    ///< what is left for blocks; 0 if nothing
  Bytes kv_block;    ///< one block on one rank, of the layers that are not in `state`
  Blocks blocks;     ///< per replica (data-parallel ranks each have this many)
  Tokens kv_tokens;  ///< blocks x block_size
};

/// Why these sizes cannot be split so ("tp 3 does not divide 32 attention heads"), or "" if they can.
std::string layoutProblem(const Model& model, const Parallelism& parallelism);
/// Why this accelerator cannot compute in that format ("a100-sxm has no fp8 arithmetic; ..."), or "".
std::string precisionProblem(const Accelerator& accelerator, Precision weights, Precision kv_cache);

/// Weights of one rank without pipeline stages; `tables`: embedding and LM head too.
Bytes weightsOfRank(const Model& model, const Parallelism& parallelism, Precision weights, bool tables = true);

/// A value, never an error: "does not fit" is an answer.
MemoryPlan planMemory(const Model& model, const Accelerator& accelerator, const MemoryRequest& request);

}  // namespace headroom::models
