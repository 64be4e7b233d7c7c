// What a scenario says about its engine: `deployments[].engine`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/base/document.h"
#include "models/base/document_nodes.h"
#include "models/base/quantity.h"
#include "sim/engine/lora_options.h"
#include "sim/engine/speculation_options.h"

namespace headroom::models {
struct Model;
}

namespace headroom::sim {

struct EngineConfig;

/// Memory below the accelerators' that keeps KV blocks of prefixes (kv_tiers.h).
struct KvTierOptions {
  std::string name;
  Bytes capacity;            ///< per replica
  BytesPerSecond bandwidth;  ///< of reading, per replica
  Seconds latency{};         ///< before the first byte
  std::string from{};        ///< over the network: "storage" of the site, or a node; empty: a link of its own
  bool operator==(const KvTierOptions&) const = default;
};

/// Unset options take the engine version's own default (engines.h). What engines have in common stands under
/// one name here; a scenario may use that or the engine's own (engine_keys.h), and is written with the latter.
struct EngineOptions {
  std::string name = "vllm";
  std::string version = "0.24.0";  ///< unset in a scenario: the default_version of the engine
  std::optional<int> max_num_seqs;
  std::optional<int> max_num_batched_tokens;
  std::optional<std::int64_t> max_model_len;   ///< unset: the model's native context
  std::optional<std::int64_t> num_gpu_blocks;  ///< unset (`auto`): from the memory plan
  std::optional<double> gpu_memory_utilization;
  std::optional<bool> enable_chunked_prefill;
  std::optional<bool> prefix_caching;
  std::optional<bool> async_scheduling;   ///< pipeline depth 2
  std::optional<std::string> scheduling;  ///< a name of requestOrderNames()
  std::optional<int> long_prefill_token_threshold;
  std::vector<KvTierOptions> kv_tiers{};  ///< nearest first
  std::optional<SpeculationOptions> speculation{};
  LoraOptions lora{};                    ///< (vllm)
  std::optional<double> watermark;       ///< share of the KV blocks kept free by admissions (vllm-v0, sarathi)
  std::optional<int> max_waiting_iters;  ///< decode steps between two looks at the queue (lightllm)
  std::optional<int> block_size;         ///< tokens in a KV block (sglang, trtllm)
  std::optional<Seconds> step_overhead;  ///< per step beyond the kernels
  std::optional<Seconds> prompt_step;    ///< least time of a step with prompts
  std::optional<Seconds> front_end;      ///< of a request before the engine sees it
  std::optional<Seconds> front_end_per_prompt_token;
  std::optional<std::int64_t> max_total_tokens;  ///< caps the KV cache (trtllm: kv_cache_config.max_tokens)
  std::optional<int> cuda_graph_max_bs;          ///< (trtllm: cuda_graph_config.max_batch_size)
  // sglang
  std::optional<int> max_prefill_tokens;
  std::optional<std::string> schedule_policy;  ///< fcfs or lpm
  std::optional<double> schedule_conservativeness;
  std::optional<bool> enable_mixed_chunk;
  std::optional<int> scheduler_recv_interval;
  // trtllm
  std::optional<std::string> capacity_scheduler_policy;  ///< a name of capacityPolicyNames()
  std::optional<bool> cuda_graph_padding;                ///< batches are padded to the next captured size
  std::optional<bool> dp_balance;                        ///< ranks let prompts in together (attention_dp_config)
  std::optional<int> dp_balance_timeout_iters;
  std::optional<int> dp_balance_batching_wait_iters;
  bool operator==(const EngineOptions&) const = default;
};

/// Throws InputError with file, line, path and hint.
EngineOptions readEngineOptions(const Value& value);
/// Unset options are left out. Reading it back gives an equal value.
DocumentNode toDocument(const EngineOptions& options);
/// Sets the constants of the engine's version (engine_constants.h), or what the options say instead.
void applyConstants(const EngineOptions& options, const models::Model& model, EngineConfig& config);

}  // namespace headroom::sim
