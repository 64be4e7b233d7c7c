#include "sim/validation/serve_point.h"

#include <algorithm>

#include "sim/validation/error_summary.h"
#include "sim/validation/simulated_requests.h"

namespace headroom::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kRequestsPerClient = 10;
/// Of chat templates and special tokens, beyond the nominal lengths.
constexpr int kTokensBeyondNominal = 256;
/// Runs of autumn 2025 whose vLLM is not recorded.
constexpr const char* kVllmOfAutumn2025 = "0.11.0";

/// What the published recipes of these runs set and the rows hide (github.com/SemiAnalysisAI/InferenceX, benchmarks/):
/// SGLang looks at its input after every 10th or 30th decode step on B200, and prompts of 32,768 tokens may share a
/// step; TensorRT-LLM pads its graphs to N. Runs of another source are at their defaults.
void addRecipe(const ServingPoint& point, ScenarioParts& parts) {
  constexpr int kPollsLess = 16;  // clients
  if (point.equal_lengths) return;
  if (point.engine == "sglang") {
    parts.engine["chunked_prefill_size"] = 32768;
    parts.engine["max_prefill_tokens"] = 32768;
    parts.engine["mem_fraction_static"] = 0.82;
    if (point.model.find("Qwen3.5") != std::string::npos) {
      parts.engine["scheduler_recv_interval"] = point.concurrency >= kPollsLess ? 30 : 10;
      parts.engine["max_running_requests"] = 128;
    }
  }
  if (point.engine == "trtllm") {
    const int tokens = (point.concurrency + point.prompt_tokens + 127) / 64 * 64;
    parts.engine["max_num_tokens"] = std::max(8192, tokens);
    parts.engine["cuda_graph_config"]["max_batch_size"] = std::max(1, point.concurrency);
  }
}

Json lengths(const ServingPoint& point, int nominal) {
  if (point.equal_lengths) return {{"fixed", nominal}};
  return {{"uniform", {nominal * 4 / 5, nominal}}};
}

}  // namespace

PlannedScenario planPoint(const ServingPoint& point) {
  ScenarioParts parts;
  parts.model = point.model;
  parts.engine = {{"name", point.engine}};
  const int longest = point.prompt_tokens + point.output_tokens + kTokensBeyondNominal;
  for (const char* key : {"max_model_len", "context_length", "max_seq_len"}) parts.optional_engine[key] = longest;
  // Published recipes of TensorRT-LLM pad; its own default does not.
  if (point.engine == "trtllm") parts.engine["cuda_graph_config"] = {{"enable_padding", true}};
  addRecipe(point, parts);
  if (!point.version.empty()) parts.engine["version"] = point.version;
  if (point.version.empty() && point.engine == "vllm") parts.engine["version"] = kVllmOfAutumn2025;
  if (!point.weights.empty()) parts.precision["weights"] = point.weights;
  if (hasFp8Cache(point.accelerator, point.weights)) parts.precision["kv_cache"] = "fp8";
  parts.pool = {{"accelerator", point.accelerator}, {"tp", point.tp}};
  if (point.pp > 1) parts.pool["pp"] = point.pp;
  if (point.dp > 1) parts.pool["dp"] = point.dp;
  if (point.moe_ep > 1) parts.pool["ep"] = true;
  parts.workload = {{"arrivals", {{"type", "closed-loop"}, {"concurrency", point.concurrency}}},
                    {"requests", kRequestsPerClient * point.concurrency},
                    {"prompt_tokens", lengths(point, point.prompt_tokens)},
                    {"output_tokens", lengths(point, point.output_tokens)}};
  return planMeasured(parts);
}

ServedPoint serve(const PlannedScenario& planned, int concurrency) {
  const SimulatedRun run = simulateRequests(planned);
  const std::vector<double> ttft = ttfts(run.requests);
  return {mean(ttft), mean(tpots(run.requests)), mean({ttft.begin() + concurrency, ttft.end()})};
}

}  // namespace headroom::sim
