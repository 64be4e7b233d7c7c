// What one engine instance is set to, under the names vLLM gives its options, and the constants of its host side.
// Rules and defaults per version: docs/engine.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::models {
class LoraCost;
}

namespace headroom::sim {

/// What a step costs beyond its kernels. H = host + host_per_sequence * sequences + host_per_prompt_token * new prompt
/// tokens; L = launches if there are any. At pipeline depth 1 the host works between steps, T = max(G, L) + H + e; at
/// depth 2 beside them, T = max(G, H + L) + e.
struct StepOverhead {
  Ticks host = 0;
  Ticks host_per_sequence = 0;
  Ticks host_per_prompt_token = 0;
  Ticks launches = 0;  ///< of a step with prompts, whose kernels the host launches one by one
  Ticks residue = 0;   ///< e: gaps and small kernels on the accelerator
  bool operator==(const StepOverhead&) const = default;
};

/// What a request takes before its engine sees it: HTTP and the tokenizer. Requests do not wait for each other in it.
struct FrontEnd {
  Ticks per_request = 0;
  Ticks per_prompt_token = 0;
  Ticks of(int prompt_tokens) const { return per_request + per_prompt_token * prompt_tokens; }
  bool operator==(const FrontEnd&) const = default;
};

/// What a replica does of a request. Disaggregated, one computes the prompt and another, to which the KV cache is
/// moved, the answer.
enum class Role : std::uint8_t { unified, prefill, decode };
const char* nameOf(Role role);

/// Whose scheduling rules.
enum class EngineKind : std::uint8_t { vllm, sglang, trtllm, vllm_v0, orca, sarathi, static_batch, lightllm };

enum class RequestOrder : std::uint8_t {
  fcfs,      ///< as they came; a preempted one goes back to the head
  priority,  ///< lowest priority number first
  sjf,       ///< fewest output tokens first: an oracle, the lengths are not known to a real engine
  edf,       ///< earliest deadline first
  fair,      ///< the tenant that was admitted the fewest tokens so far first
};
/// One tier below the accelerator's KV blocks, of each rank (kv_tiers.h).
struct KvTierConfig {
  std::string name;
  std::int64_t blocks = 0;    ///< of EngineConfig::block_size tokens
  Ticks block_time = 0;       ///< to read one block
  Ticks latency = 0;          ///< before the first
  bool over_network = false;  ///< block_time and latency are those of a read alone; the cluster says when it has come
  bool operator==(const KvTierConfig&) const = default;
};

/// What only SGLang has (its environment variables' defaults where no option sets them). Ratios are in 1e-9.
struct SglangRules {
  int chunked_prefill_size = 8192;  ///< tokens of a prefill batch; 0: prompts are not split
  int max_prefill_tokens = 16384;
  std::int64_t init_new_token_ratio = 700'000'000;
  std::int64_t min_new_token_ratio = 98'000'000;
  int new_token_ratio_decay_steps = 600;  ///< decode steps from the first to the least ratio
  int clip_max_new_tokens = 4096;         ///< most tokens to come that an estimate counts for a request
  int retract_decode_steps = 20;          ///< tokens a request is given after a retraction
  bool longest_prefix_first = false;      ///< schedule_policy lpm
  bool mixed_chunk = false;               ///< decode rows beside prompts
  int recv_interval = 1;                  ///< decode steps between two looks at the input
  bool operator==(const SglangRules&) const = default;
};

/// Speculative decoding: a step verifies `tokens` draft tokens beside each decoding sequence's own.
struct Speculation {
  int tokens = 0;                          ///< k; 0: off
  std::vector<double> acceptance_rates{};  ///< [i]: share of verifications that accept the first i + 1; not rising
  bool deterministic = false;              ///< the mean as evenly as can be, instead of drawn
  std::uint64_t seed = 1;                  ///< of the draws
  int lookahead = 0;                       ///< tokens beyond those of a step for which vLLM takes blocks
  Ticks draft_overhead = 0;                ///< of each of the k draft passes, beyond its kernels
  bool operator==(const Speculation&) const = default;
};

/// One LoRA adapter that a replica serves.
struct LoraAdapter {
  Ticks from_host = 0;     ///< to copy it to the accelerator
  Ticks from_storage = 0;  ///< to read it into host memory before
  bool operator==(const LoraAdapter&) const = default;
};
struct LoraConfig {
  std::vector<LoraAdapter> adapters{};  ///< empty: adapters cost nothing
  std::vector<int> of_name{};           ///< [RequestDetails::adapter]: index of adapters, or -1
  int max_loras = 0;                    ///< different ones that run at once
  int in_host = 0;                      ///< max_cpu_loras: kept in host memory
  std::shared_ptr<const models::LoraCost> cost{};
  bool operator==(const LoraConfig&) const = default;
};

/// TensorRT-LLM's capacity_scheduler_policy.
enum class CapacityPolicy : std::uint8_t {
  guaranteed_no_evict,  ///< a request is let in once the blocks for its longest answer are free
  max_utilization,      ///< once its prompt's are; the latest to start are paused when blocks run out
};

/// What only TensorRT-LLM has.
struct TrtllmRules {
  CapacityPolicy capacity_policy = CapacityPolicy::guaranteed_no_evict;
  bool budget_counts_cached = false;  ///< cached tokens of a prompt count towards max_num_tokens
  bool graph_padding = false;         ///< batches are padded to the next captured size
  bool balance = false;               ///< attention_dp_config (attention_dp_balance.h)
  int balance_timeout_iters = 50;     ///< decisions, at least 1
  int balance_batching_wait_iters = 10;
  bool operator==(const TrtllmRules&) const = default;
};

struct EngineConfig {
  EngineKind kind = EngineKind::vllm;
  Role role = Role::unified;
  int max_num_batched_tokens = 8192;       ///< token budget of a step; >= max_num_seqs but for trtllm
  int max_num_seqs = 256;                  ///< sequences running at once
  std::int64_t num_gpu_blocks = 0;         ///< KV blocks of a rank, the null block included
  int block_size = 16;                     ///< tokens in a block
  std::int64_t max_model_len = 0;          ///< longest prompt + output; longer requests are refused
  bool enable_chunked_prefill = true;      ///< split prompts over steps
  int long_prefill_token_threshold = 0;    ///< most tokens of one prompt in a step; 0: only the budget
  bool scheduler_reserve_full_isl = true;  ///< admit a prompt only if all of it fits in free blocks
  bool enable_prefix_caching = false;
  std::vector<KvTierConfig> kv_tiers;  ///< nearest first; with prefix caching
  RequestOrder order = RequestOrder::fcfs;
  int data_parallel = 1;           ///< ranks with a scheduler and KV blocks of their own, in lock-step
  int pipeline_depth = 2;          ///< 1: synchronous; 2: the next step is decided while one runs
  int pipeline_parallel = 1;       ///< stages; as many steps of different sequences are under way at once
  double slowest_stage_share = 1;  ///< of a step's time through all stages
  double watermark = 0;            ///< share of the blocks that an admission must leave free (research engines)
  int max_waiting_iters = 10;      ///< decode steps between two looks at the queue (lightllm)
  StepOverhead overhead;
  Speculation speculation;
  LoraConfig lora;
  FrontEnd front_end;
  SglangRules sglang;
  TrtllmRules trtllm;

  /// One block is vLLM's null block.
  std::int64_t usableBlocks() const { return num_gpu_blocks - (kind == EngineKind::vllm ? 1 : 0); }
  /// Blocks that an admission leaves free.
  std::int64_t watermarkBlocks() const {
    return static_cast<std::int64_t>(watermark * static_cast<double>(usableBlocks()));
  }
  /// Steps that may be decided and not ended.
  int stepsInFlight() const { return pipeline_parallel > 1 ? pipeline_parallel : pipeline_depth; }
  std::int64_t blocksFor(std::int64_t tokens) const { return (tokens + block_size - 1) / block_size; }
  bool operator==(const EngineConfig&) const = default;
};

}  // namespace headroom::sim
