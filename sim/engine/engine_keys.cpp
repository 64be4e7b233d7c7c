#include "sim/engine/engine_keys.h"

#include <algorithm>
#include <utility>

#include "models/base/document_nodes.h"

namespace headroom::sim {
namespace {

bool isKeyOf(const std::string& engine, const std::string& key) {
  const auto& keys = engineKeys();
  return std::any_of(keys.begin(), keys.end(), [&](const EngineKey& k) { return engine == k.engine && key == k.key; });
}

/// (group, key); no group: ("", key).
std::pair<std::string, std::string> splitKey(const std::string& key) {
  const std::size_t dot = key.find('.');
  if (dot == std::string::npos) return {"", key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

}  // namespace

const std::vector<EngineKey>& engineKeys() {
  static const std::vector<EngineKey> keys{
      {"vllm", "long_prefill_token_threshold", nullptr},
      {"vllm", "kv_tiers", nullptr},
      {"vllm", "lora_modules", nullptr},
      {"vllm", "max_loras", nullptr},
      {"vllm", "max_lora_rank", nullptr},
      {"vllm", "max_cpu_loras", nullptr},
      {"vllm", "lora_host_bandwidth", nullptr},
      {"vllm", "lora_storage_bandwidth", nullptr},
      {"sglang", "speculative_algorithm", "speculative_config.method"},
      {"sglang", "speculative_num_steps", "speculative_config.num_speculative_tokens"},
      {"sglang", "speculative_num_draft_tokens", nullptr},
      {"sglang", "speculative_draft_model_path", "speculative_config.model"},
      {"trtllm", "speculative_config.decoding_type", "speculative_config.method"},
      {"trtllm", "speculative_config.max_draft_len", "speculative_config.num_speculative_tokens"},
      {"trtllm", "speculative_config.speculative_model", "speculative_config.model"},
      {"vllm-v0", "watermark", nullptr},
      {"sarathi", "watermark", nullptr},
      {"lightllm", "max_waiting_iters", nullptr},
      {"sglang", "max_running_requests", "max_num_seqs"},
      {"sglang", "chunked_prefill_size", "max_num_batched_tokens"},
      {"sglang", "context_length", "max_model_len"},
      {"sglang", "mem_fraction_static", "gpu_memory_utilization"},
      {"sglang", "disable_radix_cache", "prefix_caching", true},
      {"sglang", "disable_overlap_schedule", "async_scheduling", true},
      {"sglang", "page_size", "block_size"},
      {"sglang", "max_prefill_tokens", nullptr},
      {"sglang", "max_total_tokens", nullptr},
      {"sglang", "schedule_policy", nullptr},
      {"sglang", "schedule_conservativeness", nullptr},
      {"sglang", "enable_mixed_chunk", nullptr},
      {"sglang", "scheduler_recv_interval", nullptr},
      {"sglang", "cuda_graph_max_bs", nullptr},
      {"trtllm", "max_batch_size", "max_num_seqs"},
      {"trtllm", "max_num_tokens", "max_num_batched_tokens"},
      {"trtllm", "max_seq_len", "max_model_len"},
      {"trtllm", "disable_overlap_scheduler", "async_scheduling", true},
      {"trtllm", "kv_cache_config.free_gpu_memory_fraction", "gpu_memory_utilization"},
      {"trtllm", "kv_cache_config.enable_block_reuse", "prefix_caching"},
      {"trtllm", "kv_cache_config.tokens_per_block", "block_size"},
      {"trtllm", "kv_cache_config.max_tokens", nullptr},
      {"trtllm", "scheduler_config.capacity_scheduler_policy", nullptr},
      {"trtllm", "cuda_graph_config.enable_padding", nullptr},
      {"trtllm", "cuda_graph_config.max_batch_size", nullptr},
      {"trtllm", "attention_dp_config.enable_balance", nullptr},
      {"trtllm", "attention_dp_config.timeout_iters", nullptr},
      {"trtllm", "attention_dp_config.batching_wait_iters", nullptr},
  };
  return keys;
}

const EngineKey* ownKey(const std::string& engine, const std::string& shared) {
  const auto& keys = engineKeys();
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const EngineKey& k) {
    return engine == k.engine && k.shared != nullptr && shared == k.shared;
  });
  return found == keys.end() ? nullptr : &*found;
}

void setOption(DocumentNode& options, const std::string& key, DocumentNode value) {
  const auto [group, name] = splitKey(key);
  if (group.empty()) return setMember(options, name, std::move(value));
  auto at = std::find_if(options.members.begin(), options.members.end(),
                         [&, &group = group](const DocumentMember& m) { return m.key == group; });
  if (at == options.members.end()) {
    setMember(options, group, mapNode());
    at = options.members.end() - 1;
  }
  setMember(at->value, name, std::move(value));
}

std::optional<Value> EngineFields::member(const std::string& key) {
  const auto [group, name] = splitKey(key);
  if (group.empty()) return fields_.optional(name);
  const std::optional<Value> map = fields_.optional(group);
  if (!map) return std::nullopt;
  return groups_.try_emplace(group, *map).first->second.optional(name);
}

std::optional<Value> EngineFields::peek(const std::string& key) const {
  const auto [group, name] = splitKey(key);
  if (group.empty()) return fields_.value().find(name);
  const std::optional<Value> map = fields_.value().find(group);
  return map ? Fields(*map).value().find(name) : std::nullopt;
}

std::optional<Value> EngineFields::find(const std::string& key) {
  const EngineKey* own = ownKey(engine_, key);
  std::optional<Value> value = member(key);
  const std::optional<Value> other = own == nullptr ? std::nullopt : member(own->key);
  if (value && other) other->fail("says the same as " + key, "give one of them");
  return value ? value : other;
}

void EngineFields::flag(const char* key, std::optional<bool>& target) {
  const bool shared = fields_.has(key);
  const EngineKey* own = ownKey(engine_, key);
  if (const auto v = find(key)) target = v->boolean() != (!shared && own != nullptr && own->negated);
}

std::optional<Value> EngineFields::ownOption(const std::string& key) {
  return isKeyOf(engine_, key) ? member(key) : std::nullopt;
}

void EngineFields::finish() const {
  for (const EngineKey& k : engineKeys()) {
    const std::optional<Value> value = isKeyOf(engine_, k.key) ? std::nullopt : peek(k.key);
    if (!value) continue;
    const EngineKey* own = k.shared == nullptr ? nullptr : ownKey(engine_, k.shared);
    const std::string name = own != nullptr ? own->key : k.shared != nullptr ? k.shared : "";
    value->fail(std::string("is an option of ") + k.engine + ", not of " + engine_,
                name.empty() ? "" : engine_ + " calls it " + name);
  }
  fields_.finish();
  for (const auto& [group, fields] : groups_) fields.finish();
}

}  // namespace headroom::sim
