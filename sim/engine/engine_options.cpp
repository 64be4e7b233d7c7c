#include "sim/engine/engine_options.h"

#include "sim/engine/engine_versions.h"
#include "sim/engine/request_queue.h"
#include "sim/engine/research_engines.h"

namespace headroom::sim {
namespace {

/// Options that the engine does not have accept only what it does anyway.
void refuseOptionsOfOthers(const Value& value, const EngineOptions& options) {
  const ResearchEngine* engine = findResearchEngine(options.name);
  const auto check = [&](const char* key, bool fits) {
    if (!fits) value.fail(std::string(key) + ": engine " + options.name + " does not have it", "leave it out");
  };
  const bool has_watermark = engine != nullptr && engine->watermark > 0;
  check("watermark", !options.watermark || has_watermark);
  check("max_waiting_iters", !options.max_waiting_iters || options.name == "lightllm");
  if (engine == nullptr) return;
  check("enable_chunked_prefill",
        options.enable_chunked_prefill.value_or(engine->chunks_prompts) == engine->chunks_prompts);
  check("kv_tiers", options.kv_tiers.empty());
  check("prefix_caching", !options.prefix_caching.value_or(false));
  check("async_scheduling", !options.async_scheduling.value_or(false));
  check("long_prefill_token_threshold", options.long_prefill_token_threshold.value_or(0) == 0);
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
  fields.finish();
  return tier;
}

}  // namespace

EngineOptions readEngineOptions(const Value& value) {
  EngineOptions engine;
  Fields fields(value);
  const auto integer = [&](const char* key, auto& target, std::int64_t min, std::int64_t max) {
    if (const auto v = fields.optional(key)) {
      target = static_cast<typename std::decay_t<decltype(target)>::value_type>(v->integer(min, max));
    }
  };
  if (const auto v = fields.optional("name")) {
    engine.name = v->oneOf(engineNames());
    if (engine.name != "vllm" && findResearchEngine(engine.name) == nullptr) {
      v->fail("engine \"" + engine.name + "\" is not supported yet", "vllm");
    }
  }
  if (const auto v = fields.optional("version")) {
    engine.version = v->string();
    if (const std::string problem = versionProblem(engine.version); !problem.empty()) v->fail(problem);
  }
  integer("max_num_seqs", engine.max_num_seqs, 1, 65536);
  integer("max_num_batched_tokens", engine.max_num_batched_tokens, 1, 1 << 20);
  integer("max_model_len", engine.max_model_len, 2, 1 << 27);
  if (const auto v = fields.optional("num_gpu_blocks"); v && v->string() != "auto") {
    engine.num_gpu_blocks = v->integer(2, INT32_MAX);
  }
  if (const auto v = fields.optional("gpu_memory_utilization")) {
    engine.gpu_memory_utilization = v->fraction();
    if (*engine.gpu_memory_utilization <= 0) v->fail("must be above 0");
  }
  if (const auto v = fields.optional("enable_chunked_prefill")) engine.enable_chunked_prefill = v->boolean();
  if (const auto v = fields.optional("prefix_caching")) engine.prefix_caching = v->boolean();
  if (const auto v = fields.optional("scheduling")) engine.scheduling = v->oneOf(requestOrderNames());
  if (const auto v = fields.optional("async_scheduling")) engine.async_scheduling = v->boolean();
  integer("long_prefill_token_threshold", engine.long_prefill_token_threshold, 0, 1 << 20);
  if (const auto v = fields.optional("step_overhead")) {
    engine.step_overhead = v->quantity<Seconds>();
    if (*engine.step_overhead < Seconds() || *engine.step_overhead > Seconds(1)) v->fail("must be between 0 and 1 s");
  }
  if (const auto v = fields.optional("kv_tiers")) {
    for (const Value& tier : v->items()) engine.kv_tiers.push_back(readKvTier(tier));
    if (!engine.kv_tiers.empty() && engine.prefix_caching == false)
      v->fail("need prefix_caching", "leave one of them out");
  }
  if (const auto v = fields.optional("watermark")) engine.watermark = v->fraction();
  integer("max_waiting_iters", engine.max_waiting_iters, 0, 1 << 20);
  fields.finish();
  refuseOptionsOfOthers(value, engine);
  if (engine.max_num_seqs && engine.max_num_batched_tokens && *engine.max_num_batched_tokens < *engine.max_num_seqs) {
    value.fail("max_num_batched_tokens must be at least max_num_seqs", "vLLM refuses it too");
  }
  return engine;
}

DocumentNode toDocument(const EngineOptions& engine) {
  DocumentNode node = mapNode();
  setMember(node, "name", scalarNode(engine.name));
  setMember(node, "version", stringNode(engine.version));
  const auto number = [&](const char* key, const auto& value) {
    if (value) setMember(node, key, numberNode(*value));
  };
  const auto flag = [&](const char* key, const std::optional<bool>& value) {
    if (value) setMember(node, key, boolNode(*value));
  };
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
  if (!engine.kv_tiers.empty()) {
    DocumentNode tiers = listNode();
    for (const KvTierOptions& tier : engine.kv_tiers) {
      DocumentNode one = mapNode();
      setMember(one, "name", stringNode(tier.name));
      setMember(one, "capacity", withUnit(tier.capacity.value(), "B"));
      setMember(one, "bandwidth", withUnit(tier.bandwidth.value() / 1e9, "GB/s"));
      setMember(one, "latency", withUnit(tier.latency.value(), "s"));
      tiers.items.push_back(std::move(one));
    }
    setMember(node, "kv_tiers", std::move(tiers));
  }
  number("watermark", engine.watermark);
  number("max_waiting_iters", engine.max_waiting_iters);
  if (engine.step_overhead) setMember(node, "step_overhead", withUnit(engine.step_overhead->value(), "s"));
  return node;
}

}  // namespace headroom::sim
