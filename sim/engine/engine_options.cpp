#include "sim/engine/engine_options.h"

#include <algorithm>

#include "sim/engine/engines.h"
#include "sim/engine/request_queue.h"
#include "sim/engine/research_engines.h"

namespace headroom::sim {
namespace {

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
  fields.finish();
  return tier;
}

/// The engine's own name of a shared option, or null.
const EngineKey* ownKey(const std::string& engine, const std::string& shared) {
  const auto& keys = engineKeys();
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const EngineKey& k) {
    return engine == k.engine && k.shared != nullptr && shared == k.shared;
  });
  return found == keys.end() ? nullptr : &*found;
}

/// Members of `engine`, shared options under either name.
class EngineFields {
 public:
  EngineFields(const Value& value, const std::string& engine) : fields_(value), engine_(engine) {}

  std::optional<Value> find(const std::string& key) {
    const EngineKey* own = ownKey(engine_, key);
    std::optional<Value> value = fields_.optional(key);
    const std::optional<Value> other = own == nullptr ? std::nullopt : fields_.optional(own->key);
    if (value && other) other->fail("says the same as " + key, "give one of them");
    return value ? value : other;
  }
  template <class T>
  void integer(const char* key, std::optional<T>& target, std::int64_t min, std::int64_t max) {
    if (const auto v = find(key)) target = static_cast<T>(v->integer(min, max));
  }
  void flag(const char* key, std::optional<bool>& target) {
    const bool shared = fields_.has(key);
    const EngineKey* own = ownKey(engine_, key);
    if (const auto v = find(key)) target = v->boolean() != (!shared && own != nullptr && own->negated);
  }
  /// An option that only some engines have.
  std::optional<Value> ownOption(const std::string& key) {
    return isKeyOf(engine_, key) ? fields_.optional(key) : std::nullopt;
  }
  void finish() const {
    for (const EngineKey& k : engineKeys()) {
      if (!fields_.has(k.key) || isKeyOf(engine_, k.key)) continue;
      const EngineKey* own = k.shared == nullptr ? nullptr : ownKey(engine_, k.shared);
      const std::string name = own != nullptr ? own->key : k.shared != nullptr ? k.shared : "";
      fields_.value().find(k.key)->fail(std::string("is an option of ") + k.engine + ", not of " + engine_,
                                        name.empty() ? "" : engine_ + " calls it " + name);
    }
    fields_.finish();
  }

 private:
  static bool isKeyOf(const std::string& engine, const std::string& key) {
    const auto& keys = engineKeys();
    return std::any_of(keys.begin(), keys.end(),
                       [&](const EngineKey& k) { return engine == k.engine && key == k.key; });
  }
  Fields fields_;
  const std::string& engine_;
};

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

void readSglangOptions(EngineFields& fields, EngineOptions& engine) {
  const auto integer = [&](const char* key, auto& target, std::int64_t min, std::int64_t max) {
    if (const auto v = fields.ownOption(key)) {
      target = static_cast<typename std::decay_t<decltype(target)>::value_type>(v->integer(min, max));
    }
  };
  integer("max_prefill_tokens", engine.max_prefill_tokens, 1, 1 << 20);
  integer("max_total_tokens", engine.max_total_tokens, 1, INT32_MAX);
  integer("cuda_graph_max_bs", engine.cuda_graph_max_bs, 1, 4096);
  if (const auto v = fields.ownOption("schedule_policy")) {
    engine.schedule_policy = v->oneOf({"fcfs", "lpm"});
    if (engine.scheduling) v->fail("says the same as scheduling", "give one of them");
  }
  if (const auto v = fields.ownOption("schedule_conservativeness")) {
    engine.schedule_conservativeness = v->numberIn(0, 100);
  }
  if (const auto v = fields.ownOption("enable_mixed_chunk")) engine.enable_mixed_chunk = v->boolean();
  if (const auto v = fields.ownOption("max_total_tokens"); v && engine.num_gpu_blocks) {
    v->fail("says the same as num_gpu_blocks", "give one of them");
  }
}

}  // namespace

const std::vector<EngineKey>& engineKeys() {
  static const std::vector<EngineKey> keys{
      {"vllm", "long_prefill_token_threshold", nullptr},
      {"vllm", "kv_tiers", nullptr},
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
      {"sglang", "cuda_graph_max_bs", nullptr},
  };
  return keys;
}

EngineOptions readEngineOptions(const Value& value) {
  EngineOptions engine;
  if (const auto v = value.find("name")) {
    engine.name = v->oneOf(engineNames());
    if (findEngine(engine.name) == nullptr) v->fail("engine \"" + engine.name + "\" is not supported yet", "vllm");
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
  if (const auto v = fields.find("step_overhead")) {
    engine.step_overhead = v->quantity<Seconds>();
    if (*engine.step_overhead < Seconds() || *engine.step_overhead > Seconds(1)) v->fail("must be between 0 and 1 s");
  }
  if (const auto v = fields.ownOption("kv_tiers")) {
    for (const Value& tier : v->items()) engine.kv_tiers.push_back(readKvTier(tier));
    if (!engine.kv_tiers.empty() && engine.prefix_caching == false)
      v->fail("need prefix_caching", "leave one of them out");
  }
  if (engine.name == "sglang") fields.integer("block_size", engine.block_size, 1, 1024);
  readSglangOptions(fields, engine);
  if (const auto v = fields.ownOption("watermark")) engine.watermark = v->fraction();
  if (const auto v = fields.ownOption("max_waiting_iters")) {
    engine.max_waiting_iters = static_cast<int>(v->integer(0, 1 << 20));
  }
  fields.finish();
  refuseOptionsOfOthers(value, engine);
  if (engine.name != "sglang" && engine.max_num_seqs && engine.max_num_batched_tokens &&
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
    if (value) setMember(node, keyOf(key).key, numberNode(*value));
  };
  const auto flag = [&](const char* key, const std::optional<bool>& value) {
    const EngineKey own = keyOf(key);
    if (value) setMember(node, own.key, boolNode(*value != own.negated));
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
  number("block_size", engine.block_size);
  number("max_prefill_tokens", engine.max_prefill_tokens);
  number("max_total_tokens", engine.max_total_tokens);
  if (engine.schedule_policy) setMember(node, "schedule_policy", scalarNode(*engine.schedule_policy));
  number("schedule_conservativeness", engine.schedule_conservativeness);
  flag("enable_mixed_chunk", engine.enable_mixed_chunk);
  number("cuda_graph_max_bs", engine.cuda_graph_max_bs);
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
