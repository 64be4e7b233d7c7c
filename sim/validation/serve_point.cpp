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

/// Multi-token prediction as the published recipes have it: three tokens ahead, one with attention-DP. How many are
/// accepted is not recorded: 0.6 of three is fitted on the fitted half of TensorRT-LLM's points with tp; of one, what
/// equal odds of each with this mean say.
constexpr int kTokensAhead = 3;
constexpr double kAcceptedOfThree = 0.60, kAcceptedOfOne = 0.77;

/// Rows do not say so. These were run from another image than their likes, and are up to twice as fast at few clients.
/// SGLang's runs of 256 clients had more than the 128 at once of today's recipe: their first tokens come in 2 to 8 s.
bool isPredicting(const ServingPoint& p) {
  if (p.engine == "trtllm") return p.release == "1.2.0rc6.post3";
  return p.engine == "sglang" && p.release == "0.5.9" && p.weights == "fp8-block" && p.tp == 4 && p.moe_ep == 1;
}

void addPrediction(const ServingPoint& point, ScenarioParts& parts) {
  const int ahead = point.dp > 1 ? 1 : kTokensAhead;
  const double accepted = point.dp > 1 ? kAcceptedOfOne : kAcceptedOfThree;
  if (point.engine == "sglang") {
    parts.engine["speculative_algorithm"] = "NEXTN";
    parts.engine["speculative_num_steps"] = ahead;
    parts.engine["speculative_config"] = {{"acceptance_rate", accepted}};
  } else {
    parts.engine["speculative_config"] = {
        {"decoding_type", "MTP"}, {"max_draft_len", ahead}, {"acceptance_rate", accepted}};
  }
}

/// What the published recipes of these runs set and the rows hide (github.com/SemiAnalysisAI/InferenceX, benchmarks/):
/// SGLang looks at its input after every 10th or 30th decode step on B200, and prompts of 32,768 tokens may share a
/// step; TensorRT-LLM pads its graphs to N, and with attention-DP its ranks let prompts in together. Runs of another
/// source are at their defaults; of TensorRT-LLM's there one of the N requests always waits: the mean first token is
/// later by an Nth of the mean request, whatever the prompt, the answer and tp (docs/validation.md).
void addRecipe(const ServingPoint& point, ScenarioParts& parts) {
  constexpr int kPollsLess = 16;  // clients
  if (point.equal_lengths) {
    if (point.engine == "trtllm") parts.engine["max_batch_size"] = std::max(1, point.concurrency - 1);
    return;
  }
  if (point.engine == "sglang") {
    parts.engine["chunked_prefill_size"] = 32768;
    parts.engine["max_prefill_tokens"] = 32768;
    parts.engine["mem_fraction_static"] = 0.82;
    if (point.model.find("Qwen3.5") != std::string::npos) {
      parts.engine["scheduler_recv_interval"] = point.concurrency >= kPollsLess ? 30 : 10;
      parts.engine["max_running_requests"] = isPredicting(point) ? std::max(128, point.concurrency) : 128;
    }
  }
  if (isPredicting(point)) addPrediction(point, parts);
  if (point.engine == "trtllm") {
    const int tokens = (point.concurrency + point.prompt_tokens + 127) / 64 * 64;
    parts.engine["max_num_tokens"] = std::max(8192, tokens);
    parts.engine["cuda_graph_config"]["max_batch_size"] = std::max(1, point.concurrency);
    if (point.dp > 1) {
      parts.engine["attention_dp_config"] = {
          {"enable_balance", true}, {"timeout_iters", 60}, {"batching_wait_iters", 0}};
    }
  }
}

Json lengths(const ServingPoint& point, int nominal) {
  if (point.equal_lengths) return {{"fixed", nominal}};
  return {{"uniform", {nominal * 4 / 5, nominal}}};
}

/// A request that waits for another's end, and clients that are not one, spread the requests: answers that end within
/// 5 % of each other stand in.
Json answerLengths(const ServingPoint& point) {
  const int nominal = point.output_tokens;
  if (!point.equal_lengths || point.engine != "trtllm") return lengths(point, nominal);
  return {{"uniform", {nominal * 95 / 100, nominal * 105 / 100}}};
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
                    {"output_tokens", answerLengths(point)}};
  return planMeasured(parts);
}

ServedPoint serve(const PlannedScenario& planned, int concurrency) {
  const SimulatedRun run = simulateRequests(planned);
  const std::vector<double> ttft = ttfts(run.requests);
  return {mean(ttft), mean(tpots(run.requests)), mean({ttft.begin() + concurrency, ttft.end()})};
}

}  // namespace headroom::sim
