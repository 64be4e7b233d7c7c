#include "sim/engine/speculation_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "models/base/document_nodes.h"
#include "models/base/error.h"
#include "models/llm/draft_layer.h"
#include "sim/engine/acceptance.h"
#include "sim/engine/engine_keys.h"
#include "sim/engine/engine_options.h"
#include "sim/engine/engines.h"

namespace headroom::sim {
namespace {

constexpr const char* kGroup = "speculative_config";
constexpr const char* kMethod = "speculative_config.method";
constexpr const char* kTokens = "speculative_config.num_speculative_tokens";
constexpr const char* kModel = "speculative_config.model";
constexpr const char* kRate = "speculative_config.acceptance_rate";
constexpr const char* kRates = "speculative_config.acceptance_rates";
constexpr const char* kAcceptance = "speculative_config.acceptance";
constexpr const char* kOverhead = "speculative_config.draft_overhead";

/// SGLang serves so many at once where nothing else is asked for.
constexpr int kSglangRunning = 48;

struct MethodName {
  const char* engine;  ///< null: every engine's
  const char* name;
  DraftMethod method;
};
constexpr std::array<MethodName, 14> kMethods{{
    {nullptr, "eagle", DraftMethod::eagle},
    {nullptr, "mtp", DraftMethod::mtp},
    {nullptr, "draft_model", DraftMethod::draft_model},
    {nullptr, "ngram", DraftMethod::ngram},
    {"vllm", "eagle3", DraftMethod::eagle},
    {"sglang", "EAGLE", DraftMethod::eagle},
    {"sglang", "EAGLE3", DraftMethod::eagle},
    {"sglang", "NEXTN", DraftMethod::mtp},
    {"sglang", "STANDALONE", DraftMethod::draft_model},
    {"sglang", "NGRAM", DraftMethod::ngram},
    {"trtllm", "Eagle3", DraftMethod::eagle},
    {"trtllm", "MTP", DraftMethod::mtp},
    {"trtllm", "Draft_Target", DraftMethod::draft_model},
    {"trtllm", "NGram", DraftMethod::ngram},
}};

DraftMethod readMethod(const Value& value, const std::string& engine) {
  std::vector<std::string> names;
  for (const MethodName& m : kMethods) {
    if (m.engine == nullptr || engine == m.engine) names.emplace_back(m.name);
  }
  const std::string& name = value.oneOf(names);
  return std::find_if(kMethods.begin(), kMethods.end(), [&](const MethodName& m) { return name == m.name; })->method;
}

const char* nameOf(DraftMethod method) {
  return kMethods[static_cast<std::size_t>(method)].name;
}

std::string readDraftModel(const Value& value) {
  const std::string name = value.string();
  const std::filesystem::path base =
      value.node().from_command_line ? std::filesystem::path() : std::filesystem::path(value.file()).parent_path();
  models::findModel(name, base, value.where());
  return name.ends_with(".json") ? value.filePath().string() : name;
}

void readAcceptance(EngineFields& fields, const Value& map, SpeculationOptions& options) {
  const auto rate = fields.find(kRate), rates = fields.find(kRates);
  if (rate.has_value() == rates.has_value()) {
    map.fail("give acceptance_rate or acceptance_rates",
             "what your engine reports for your traffic: accepted of drafted tokens, or that share by position");
  }
  if (rate) options.acceptance_rate = rate->fraction();
  if (rates) {
    for (const Value& one : rates->items()) {
      const double share = one.fraction();
      if (!options.acceptance_rates.empty() && share > options.acceptance_rates.back()) {
        one.fail("is above the one before", "a draft token counts only if all before it were accepted");
      }
      options.acceptance_rates.push_back(share);
    }
    if (options.acceptance_rates.size() != static_cast<std::size_t>(options.num_speculative_tokens)) {
      rates->fail(fmt::format("has {} rates for {} draft tokens", options.acceptance_rates.size(),
                              options.num_speculative_tokens));
    }
  }
  if (const auto v = fields.find(kAcceptance)) {
    options.deterministic = v->oneOf({"random", "deterministic"}) == "deterministic";
  }
}

/// vLLM's full graphs hold whole verifications: sizes are rounded up to them.
std::vector<int> multiplesOf(int width, const std::vector<int>& sizes) {
  std::vector<int> whole;
  for (const int size : sizes) {
    const int rounded = (size + width - 1) / width * width;
    if (rounded <= sizes.back() && (whole.empty() || rounded > whole.back())) whole.push_back(rounded);
  }
  return whole.empty() ? std::vector<int>{width} : whole;
}

}  // namespace

std::optional<SpeculationOptions> readSpeculation(EngineFields& fields, const Value& engine_map,
                                                  const std::string& engine) {
  const std::optional<Value> map = engine_map.find(kGroup);
  const bool known = engine == "vllm" || engine == "sglang" || engine == "trtllm";
  if (map && !known) map->fail("engine " + engine + " does not speculate", "vllm, sglang or trtllm");
  if (!known) return std::nullopt;
  const auto method = fields.find(kMethod), tokens = fields.find(kTokens), model = fields.find(kModel);
  const auto verified = fields.ownOption("speculative_num_draft_tokens");
  if (!map && !method && !tokens && !model && !verified) return std::nullopt;
  const Value& at = map ? *map : engine_map;
  if (!method || !tokens)
    at.fail("speculation needs a method and a number of draft tokens", "method, num_speculative_tokens");
  SpeculationOptions options;
  options.method = readMethod(*method, engine);
  options.num_speculative_tokens = static_cast<int>(tokens->integer(1, 64));
  if (verified && verified->integer(1, 65) != options.num_speculative_tokens + 1) {
    verified->fail("is not speculative_num_steps + 1: draft trees are not modelled", "leave it out");
  }
  if (model && options.method != DraftMethod::draft_model) {
    model->fail("is of a draft model only", "an EAGLE or MTP head is one more layer of the model itself");
  }
  if (!model && options.method == DraftMethod::draft_model) at.fail("a draft model is needed", "model: its name");
  if (model) options.model = readDraftModel(*model);
  readAcceptance(fields, at, options);
  if (const auto v = fields.find(kOverhead)) {
    options.draft_overhead = v->quantity<Seconds>();
    if (*options.draft_overhead < Seconds() || *options.draft_overhead > Seconds(1)) {
      v->fail("must be between 0 and 1 s");
    }
  }
  return options;
}

void writeSpeculation(const SpeculationOptions& options, const std::string& engine, DocumentNode& node) {
  const auto set = [&](const char* shared, DocumentNode value) {
    const EngineKey* own = ownKey(engine, shared);
    setOption(node, own == nullptr ? shared : own->key, std::move(value));
  };
  set(kMethod, scalarNode(nameOf(options.method)));
  set(kTokens, numberNode(options.num_speculative_tokens));
  if (!options.model.empty()) set(kModel, stringNode(options.model));
  if (options.acceptance_rate) set(kRate, numberNode(*options.acceptance_rate));
  if (!options.acceptance_rates.empty()) {
    DocumentNode rates = listNode();
    for (const double rate : options.acceptance_rates) rates.items.push_back(numberNode(rate));
    set(kRates, std::move(rates));
  }
  if (options.deterministic) set(kAcceptance, scalarNode("deterministic"));
  if (options.draft_overhead) set(kOverhead, withUnit(options.draft_overhead->value(), "s"));
}

bool overlapsWith(DraftMethod method, const std::string& engine) {
  return engine != "sglang" && (method == DraftMethod::eagle || method == DraftMethod::mtp);
}

void applySpeculation(const EngineOptions& options, ResolvedEngine& engine) {
  if (!options.speculation) return;
  const SpeculationOptions& asked = *options.speculation;
  EngineConfig& config = engine.config;
  Speculation& s = config.speculation;
  const int width = asked.num_speculative_tokens + 1;
  s.tokens = asked.num_speculative_tokens;
  s.acceptance_rates =
      asked.acceptance_rate ? geometricRates(s.tokens, *asked.acceptance_rate) : asked.acceptance_rates;
  s.deterministic = asked.deterministic;
  s.draft_overhead = asked.draft_overhead ? toTicks(*asked.draft_overhead) : config.overhead.residue;
  if (!overlapsWith(asked.method, options.name)) {
    if (options.async_scheduling.value_or(false)) {
      throw InputError(
          fmt::format("{} does not decide steps ahead with {} drafts here", options.name, nameOf(asked.method)),
          "leave out async_scheduling");
    }
    config.pipeline_depth = 1;
  }
  if (config.max_num_batched_tokens < width) {
    throw InputError(fmt::format("the token budget of a step, {}, is below one verification of {} tokens",
                                 config.max_num_batched_tokens, width));
  }
  if (config.kind == EngineKind::vllm) {
    if (asked.method != DraftMethod::ngram) s.lookahead = s.tokens;
    engine.graph_sizes = multiplesOf(width, engine.graph_sizes);
    return;
  }
  if (config.kind == EngineKind::sglang) {
    if (config.sglang.mixed_chunk) throw InputError("enable_mixed_chunk: SGLang does not mix while it speculates");
    if (!options.max_num_seqs) config.max_num_seqs = kSglangRunning;
    engine.seqs_from_pool = false;
  }
  for (int& size : engine.graph_sizes) size *= width;  // they count sequences
}

std::optional<models::Model> draftModelOf(const SpeculationOptions& options, const models::Model& target) {
  switch (options.method) {
    case DraftMethod::eagle:
      return models::draftLayerOf(target, false);
    case DraftMethod::mtp:
      return models::draftLayerOf(target, true);
    case DraftMethod::draft_model:
      return models::findModel(options.model);
    case DraftMethod::ngram:
      break;
  }
  return std::nullopt;
}

}  // namespace headroom::sim
