#include "sim/engine/engines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "models/base/error.h"
#include "sim/engine/engine_options.h"
#include "sim/engine/engine_versions.h"
#include "sim/engine/research_engines.h"
#include "sim/engine/sglang_defaults.h"
#include "sim/engine/trtllm_defaults.h"

namespace headroom::sim {
namespace {

/// "0.19.1"; a release candidate ("1.3.0rc20") counts as its release.
std::optional<std::array<int, 3>> parseVersion(std::string_view text) {
  std::array<int, 3> parts{};
  if (const std::size_t rc = text.find("rc"); rc != std::string_view::npos) {
    const std::string_view number = text.substr(rc + 2);
    if (number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    text = text.substr(0, rc);
  }
  for (std::size_t i = 0; i < parts.size() && !text.empty(); ++i) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), parts[i]);
    if (parsed.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    if (text.empty()) return parts;
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
  }
  return text.empty() ? std::optional(parts) : std::nullopt;
}

}  // namespace

const std::vector<Engine>& engines() {
  static const std::vector<Engine> all = [] {
    std::vector<Engine> rows{
        {"vllm", "vLLM", "V1 scheduler", "0.24.0", vllmRulesFrom, resolveVllm},
        {"sglang", "SGLang", "prompts first, radix cache, overlap scheduler", "0.5.14", sglangRulesFrom, resolveSglang},
        {"trtllm", "TensorRT-LLM", "in-flight batching by capacity, PyTorch backend", "1.3.0rc20", trtllmRulesFrom,
         resolveTrtllm},
    };
    for (const ResearchEngine& e : researchEngines()) {  // on vLLM's kernels, whose version it is
      rows.push_back({e.name, e.name, e.summary, "0.24.0", vllmRulesFrom, resolveVllm});
    }
    return rows;
  }();
  return all;
}

const Engine* findEngine(const std::string& name) {
  const auto found = std::find_if(engines().begin(), engines().end(), [&](const Engine& e) { return e.name == name; });
  return found == engines().end() ? nullptr : &*found;
}

const std::vector<std::string>& engineNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Engine& e : engines()) all.push_back(e.name);
    return all;
  }();
  return names;
}

bool isFrom(const std::string& version, const std::string& from) {
  const auto asked = parseVersion(version);
  CHECK(asked.has_value(), "the version was checked when the scenario was read");
  return *parseVersion(from) <= *asked;
}

std::string versionProblem(const Engine& engine, const std::string& version) {
  if (!parseVersion(version)) return fmt::format("\"{}\" is not a version like {}", version, engine.default_version);
  const std::string first = engine.rules_from().front();
  if (isFrom(version, first)) return {};
  return fmt::format("{} {} has no rules here: {} from {} on", engine.title, version, engine.summary, first);
}

ResolvedEngine resolveEngine(const EngineOptions& options, const models::Accelerator& accelerator,
                             const models::Parallelism& parallelism, const models::Model& model) {
  const Engine* engine = findEngine(options.name);
  CHECK(engine != nullptr, "the name was checked when the scenario was read");
  ResolvedEngine resolved = engine->resolve(options, accelerator, parallelism, model.max_position);
  applyConstants(options, model, resolved.config);
  if (options.speculation && parallelism.pp > 1) {
    throw InputError("speculative decoding on pipeline stages is not modelled", "pp 1");
  }
  applySpeculation(options, resolved);
  return resolved;
}

void settleWithPool(ResolvedEngine& engine, const models::MemoryPlan& memory) {
  EngineConfig& config = engine.config;
  if (config.kind != EngineKind::sglang && config.kind != EngineKind::trtllm) return;
  // They start with less than one longest sequence and refuse the requests that do not fit.
  const std::int64_t pool = config.usableBlocks() * config.block_size;
  config.max_model_len = std::min(config.max_model_len, pool);
  if (config.kind == EngineKind::trtllm) return;
  // Recurrent states were set aside for the sequences counted on; there is no room for more.
  if (engine.seqs_from_pool && memory.state == Bytes()) {
    config.max_num_seqs = sglangRunningRequests(pool, config.max_model_len);
  }
  const int most_rows = config.max_num_seqs * (1 + config.speculation.tokens);  // of a decode step
  config.max_num_batched_tokens = std::max(config.max_num_batched_tokens, most_rows);
}

}  // namespace headroom::sim
