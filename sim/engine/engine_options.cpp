#include "sim/engine/engine_options.h"

#include <algorithm>

#include "sim/engine/engine_config.h"
#include "sim/engine/engine_constants.h"
#include "sim/engine/engine_keys.h"
#include "sim/engine/engines.h"
#include "sim/engine/request_queue.h"
#include "sim/engine/research_engines.h"
#include "sim/engine/trtllm_defaults.h"

namespace headroom::sim {
namespace {

// TensorRT-LLM's own keys.
constexpr const char* kTokenCapKey = "kv_cache_config.max_tokens";
constexpr const char* kCapacityPolicyKey = "scheduler_config.capacity_scheduler_policy";
constexpr const char* kGraphPaddingKey = "cuda_graph_config.enable_padding";
constexpr const char* kGraphBatchKey = "cuda_graph_config.max_batch_size";
constexpr const char* kBalanceKey = "attention_dp_config.enable_balance";
constexpr const char* kBalanceTimeoutKey = "attention_dp_config.timeout_iters";
constexpr const char* kBalanceWaitKey = "attention_dp_config.batching_wait_iters";

/// Shared options that a research engine does not have accept only what it does anyway.
void refuseOptionsOfOthers(const Value& value, const EngineOptions& options) {
  const ResearchEngine* engine = findResearchEngine(options.name);
  const auto check = [&](const char* key, bool fits) {
    if (!fits) value.fail(std::string(key) + ": engine " + options.name + " does not have it", "leave it out");
  };
  if (engine == nullptr) return;
  check("enable_chunked_prefill",
        options.enable_chunked_prefill.value_or(engine->chunks_prompts) == engine->chunks_prompts);
  check("prefix_caching", !options.prefix_caching.value_or(false));
  check("async_scheduling", !options.async_scheduling.value_or(false));
}

KvTierOptions readKvTier(const Value& value) {
  KvTierOptions tier;
  Fields fields(value);
  tier.name = fields.required("name").string();
  const auto positive = [&](const char* key, auto& target) {
    const Value v = fields.required(key);
    target = v.quantity<std::decay_t<decltype(target)>>();
    if (target.value() <= 0) v.fail("must be above 0");
  };
  positive("capacity", tier.capacity);
  positive("bandwidth", tier.bandwidth);
  if (const auto v = fields.optional("latency")) {
    tier.latency = v->quantity<Seconds>();
    if (tier.latency < Seconds()) v->fail("must not be below 0");
  }
  if (const auto v = fields.optional("from")) tier.from = v->string();
  fields.finish();
  return tier;
}

/// sglang's chunked_prefill_size is -1 for "prompts are not split".
void readTokenBudget(EngineFields& fields, EngineOptions& engine) {
  fields.flag("enable_chunked_prefill", engine.enable_chunked_prefill);
  const auto v = fields.find("max_num_batched_tokens");
  if (!v) return;
  const bool sglang = engine.name == "sglang";
  const auto tokens = static_cast<int>(v->integer(sglang ? -1 : 1, 1 << 20));
  if (tokens == 0) v->fail("0 is too small", "-1 turns chunking off");
  if (sglang && engine.enable_chunked_prefill && *engine.enable_chunked_prefill != (tokens > 0)) {
    v->fail("contradicts enable_chunked_prefill", "give one of them");
  }
  if (tokens < 0) {
    engine.enable_chunked_prefill = false;
  } else {
    engine.max_num_batched_tokens = tokens;
  }
}

/// The cap of the KV cache, under either engine's name.
void readTokenCap(EngineFields& fields, EngineOptions& engine, const char* key) {
  fields.ownInteger(key, engine.max_total_tokens, 1, INT32_MAX);
  if (const auto v = fields.ownOption(key); v && engine.num_gpu_blocks) {
    v->fail("says the same as num_gpu_blocks", "give one of them");
  }
}

void readSglangOptions(EngineFields& fields, EngineOptions& engine) {
  fields.ownInteger("max_prefill_tokens", engine.max_prefill_tokens, 1, 1 << 20);
  fields.ownInteger("cuda_graph_max_bs", engine.cuda_graph_max_bs, 1, 4096);
  if (const auto v = fields.ownOption("schedule_policy")) {
    engine.schedule_policy = v->oneOf({"fcfs", "lpm"});
    if (engine.scheduling) v->fail("says the same as scheduling", "give one of them");
  }
  if (const auto v = fields.ownOption("schedule_conservativeness")) {
    engine.schedule_conservativeness = v->numberIn(0, 100);
  }
  fields.ownFlag("enable_mixed_chunk", engine.enable_mixed_chunk);
  fields.ownInteger("scheduler_recv_interval", engine.scheduler_recv_interval, 1, 1 << 20);
  readTokenCap(fields, engine, "max_total_tokens");
}

void readTrtllmOptions(EngineFields& fields, EngineOptions& engine) {
  if (const auto v = fields.ownOption(kCapacityPolicyKey)) {
    engine.capacity_scheduler_policy = v->oneOf(capacityPolicyNames());
  }
  fields.ownFlag(kGraphPaddingKey, engine.cuda_graph_padding);
  fields.ownInteger(kGraphBatchKey, engine.cuda_graph_max_bs, 1, 4096);
  if (const auto v = fields.ownOption(kGraphBatchKey); v && !engine.cuda_graph_padding.value_or(false)) {
    v->fail("says how far batches are padded, and they are not", "set cuda_graph_config.enable_padding");
  }
  readTokenCap(fields, engine, kTokenCapKey);
  fields.ownFlag(kBalanceKey, engine.dp_balance);
  fields.ownInteger(kBalanceTimeoutKey, engine.dp_balance_timeout_iters, 1, 1 << 20);
  fields.ownInteger(kBalanceWaitKey, engine.dp_balance_batching_wait_iters, 0, 1 << 20);
  for (const char* key : {kBalanceTimeoutKey, kBalanceWaitKey}) {
    if (const auto v = fields.ownOption(key); v && !engine.dp_balance.value_or(false)) {
      v->fail("says how long prompts wait for each other, and they do not", "set attention_dp_config.enable_balance");
    }
  }
}

}  // namespace

EngineOptions readEngineOptions(const Value& value) {
  EngineOptions engine;
  if (const auto v = value.find("name")) {
    engine.name = v->oneOf(engineNames());
  }
  const Engine& known = *findEngine(engine.name);
  EngineFields fields(value, engine.name);
  fields.find("name");
  engine.version = known.default_version;
  if (const auto v = fields.find("version")) {
    engine.version = v->string();
    if (const std::string problem = versionProblem(known, engine.version); !problem.empty()) v->fail(problem);
  }
  fields.integer("max_num_seqs", engine.max_num_seqs, 1, 65536);
  readTokenBudget(fields, engine);
  fields.integer("max_model_len", engine.max_model_len, 2, 1 << 27);
  if (const auto v = fields.find("num_gpu_blocks"); v && v->string() != "auto") {
    engine.num_gpu_blocks = v->integer(2, INT32_MAX);
  }
  if (const auto v = fields.find("gpu_memory_utilization")) {
    engine.gpu_memory_utilization = v->fraction();
    if (*engine.gpu_memory_utilization <= 0) v->fail("must be above 0");
  }
  fields.flag("prefix_caching", engine.prefix_caching);
  fields.flag("async_scheduling", engine.async_scheduling);
  if (const auto v = fields.find("scheduling")) engine.scheduling = v->oneOf(requestOrderNames());
  if (const auto v = fields.ownOption("long_prefill_token_threshold")) {
    engine.long_prefill_token_threshold = static_cast<int>(v->integer(0, 1 << 20));
  }
  const auto constant = [&](const char* key, std::optional<Seconds>& target, Seconds most, const char* problem) {
    const auto v = fields.find(key);
    if (!v) return;
    target = v->quantity<Seconds>();
    if (*target < Seconds() || *target > most) v->fail(problem);
  };
  constant("step_overhead", engine.step_overhead, Seconds(1), "must be between 0 and 1 s");
  constant("prompt_step", engine.prompt_step, Seconds(10), "must be between 0 and 10 s");
  constant("front_end", engine.front_end, Seconds(60), "must be between 0 and 60 s");
  constant("front_end_per_prompt_token", engine.front_end_per_prompt_token, Seconds(10e-3),
           "must be between 0 and 10 ms");
  if (const auto v = fields.ownOption("kv_tiers")) {
    for (const Value& tier : v->items()) engine.kv_tiers.push_back(readKvTier(tier));
    if (!engine.kv_tiers.empty() && engine.prefix_caching == false)
      v->fail("need prefix_caching", "leave one of them out");
  }
  if (ownKey(engine.name, "block_size") != nullptr) fields.integer("block_size", engine.block_size, 1, 1024);
  readSglangOptions(fields, engine);
  readTrtllmOptions(fields, engine);
  engine.speculation = readSpeculation(fields, value, engine.name);
  engine.lora = readLora(fields);
  if (const auto v = fields.ownOption("watermark")) engine.watermark = v->fraction();
  if (const auto v = fields.ownOption("max_waiting_iters")) {
    engine.max_waiting_iters = static_cast<int>(v->integer(0, 1 << 20));
  }
  fields.finish();
  refuseOptionsOfOthers(value, engine);
  if (engine.name != "sglang" && engine.name != "trtllm" && engine.max_num_seqs && engine.max_num_batched_tokens &&
      *engine.max_num_batched_tokens < *engine.max_num_seqs) {
    value.fail("max_num_batched_tokens must be at least max_num_seqs", "vLLM refuses it too");
  }
  return engine;
}

DocumentNode toDocument(const EngineOptions& engine) {
  DocumentNode node = mapNode();
  setMember(node, "name", scalarNode(engine.name));
  setMember(node, "version", stringNode(engine.version));
  const auto keyOf = [&](const char* shared) {
    const EngineKey* own = ownKey(engine.name, shared);
    return own == nullptr ? EngineKey{"", shared, shared} : *own;
  };
  const auto number = [&](const char* key, const auto& value) {
    if (value) setOption(node, keyOf(key).key, numberNode(*value));
  };
  const auto flag = [&](const char* key, const std::optional<bool>& value) {
    const EngineKey own = keyOf(key);
    if (value) setOption(node, own.key, boolNode(*value != own.negated));
  };
  const bool trtllm = engine.name == "trtllm";
  number("max_num_seqs", engine.max_num_seqs);
  number("max_num_batched_tokens", engine.max_num_batched_tokens);
  number("max_model_len", engine.max_model_len);
  number("num_gpu_blocks", engine.num_gpu_blocks);
  number("gpu_memory_utilization", engine.gpu_memory_utilization);
  flag("enable_chunked_prefill", engine.enable_chunked_prefill);
  flag("prefix_caching", engine.prefix_caching);
  if (engine.scheduling) setMember(node, "scheduling", scalarNode(*engine.scheduling));
  flag("async_scheduling", engine.async_scheduling);
  number("long_prefill_token_threshold", engine.long_prefill_token_threshold);
  number("block_size", engine.block_size);
  number("max_prefill_tokens", engine.max_prefill_tokens);
  number(trtllm ? kTokenCapKey : "max_total_tokens", engine.max_total_tokens);
  if (engine.schedule_policy) setMember(node, "schedule_policy", scalarNode(*engine.schedule_policy));
  number("schedule_conservativeness", engine.schedule_conservativeness);
  flag("enable_mixed_chunk", engine.enable_mixed_chunk);
  number("scheduler_recv_interval", engine.scheduler_recv_interval);
  number(trtllm ? kGraphBatchKey : "cuda_graph_max_bs", engine.cuda_graph_max_bs);
  if (engine.capacity_scheduler_policy) {
    setOption(node, kCapacityPolicyKey, scalarNode(*engine.capacity_scheduler_policy));
  }
  flag(kGraphPaddingKey, engine.cuda_graph_padding);
  flag(kBalanceKey, engine.dp_balance);
  number(kBalanceTimeoutKey, engine.dp_balance_timeout_iters);
  number(kBalanceWaitKey, engine.dp_balance_batching_wait_iters);
  if (!engine.kv_tiers.empty()) {
    DocumentNode tiers = listNode();
    for (const KvTierOptions& tier : engine.kv_tiers) {
      DocumentNode one = mapNode();
      setMember(one, "name", stringNode(tier.name));
      setMember(one, "capacity", withUnit(tier.capacity.value(), "B"));
      setMember(one, "bandwidth", withUnit(tier.bandwidth.value() / 1e9, "GB/s"));
      setMember(one, "latency", withUnit(tier.latency.value(), "s"));
      if (!tier.from.empty()) setMember(one, "from", stringNode(tier.from));
      tiers.items.push_back(std::move(one));
    }
    setMember(node, "kv_tiers", std::move(tiers));
  }
  if (engine.speculation) writeSpeculation(*engine.speculation, engine.name, node);
  writeLora(engine.lora, node);
  number("watermark", engine.watermark);
  number("max_waiting_iters", engine.max_waiting_iters);
  const auto constant = [&](const char* key, const std::optional<Seconds>& value) {
    if (value) setMember(node, key, withUnit(value->value(), "s"));
  };
  constant("step_overhead", engine.step_overhead);
  constant("prompt_step", engine.prompt_step);
  constant("front_end", engine.front_end);
  constant("front_end_per_prompt_token", engine.front_end_per_prompt_token);
  return node;
}

void applyConstants(const EngineOptions& options, const models::Model& model, EngineConfig& config) {
  const EngineConstants own = constantsOf(options.name, options.version);
  config.overhead.residue = toTicks(options.step_overhead.value_or(own.step_overhead));
  config.overhead.launches = toTicks(options.prompt_step.value_or(promptStepOf(own, model)));
  config.front_end.per_request = toTicks(options.front_end.value_or(own.front_end));
  config.front_end.per_prompt_token =
      toTicks(options.front_end_per_prompt_token.value_or(own.front_end_per_prompt_token));
}

}  // namespace headroom::sim
