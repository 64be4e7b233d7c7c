#include "sim/validation/pd_runs.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "models/base/error.h"
#include "sim/validation/csv_numbers.h"

namespace headroom::sim {
namespace {

using Json = nlohmann::ordered_json;

/// Of llm-d-1p1d or vllm-2replicas.
void readSetUp(PdRun& run) {
  const std::size_t dash = run.system.find_last_of('-');
  const std::string shape = dash == std::string::npos ? run.system : run.system.substr(dash + 1);
  if (std::sscanf(shape.c_str(), "%dp%dd", &run.prefill, &run.decode) == 2) return;
  run.prefill = 0;
  if (std::sscanf(shape.c_str(), "%dreplicas", &run.decode) != 1) throw InputError("unknown set-up " + run.system);
}

PdRun runOf(const NamedCells& row) {
  PdRun run;
  run.system = row.text("system");
  readSetUp(run);
  run.rate = row.number("request_rate");
  run.burstiness = row.number("burstiness");
  run.requests = row.countOrOne("num_prompts");
  const double completed = row.number("completed");
  run.prompt_tokens = static_cast<int>(std::lround(row.number("total_input_tokens") / completed));
  run.output_tokens = static_cast<int>(std::lround(row.number("total_output_tokens") / completed));
  run.ttft_ms = row.number("mean_ttft_ms");
  run.tpot_ms = row.number("mean_tpot_ms");
  run.runs = 1;
  return run;
}

}  // namespace

std::vector<PdRun> readPdRuns(const std::filesystem::path& file) {
  models::RawCsv csv(file);
  const NamedCells row(csv);
  std::vector<PdRun> runs;
  while (csv.next()) {
    const PdRun run = runOf(row);
    const auto same = std::find_if(runs.begin(), runs.end(), [&](const PdRun& other) {
      return other.system == run.system && other.rate == run.rate && other.prompt_tokens == run.prompt_tokens;
    });
    if (same == runs.end()) {
      runs.push_back(run);
      continue;
    }
    const auto join = [&](double& mean, double value) { mean += (value - mean) / (same->runs + 1); };
    join(same->ttft_ms, run.ttft_ms);
    join(same->tpot_ms, run.tpot_ms);
    ++same->runs;
  }
  return runs;
}

PlannedScenario planPdRun(const PdRun& run, const std::string& pairing) {
  ScenarioParts parts;
  parts.model = "llama-3.1-8b";
  parts.engine = {{"name", "vllm"},
                  {"version", "0.8.5"},
                  {"max_num_batched_tokens", 8192},
                  {"max_model_len", run.prompt_tokens + run.output_tokens + 256}};
  const Json pool{{"accelerator", "a100-sxm"}, {"tp", 1}};
  if (run.prefill == 0) {
    parts.pool = pool;
    parts.pool["replicas"] = run.decode;
    parts.router = {{"policy", "random"}};
  } else {
    Json prefill = pool, decode = pool;
    prefill.update({{"name", "prefill"}, {"role", "prefill"}, {"replicas", run.prefill}});
    decode.update({{"name", "decode"}, {"role", "decode"}, {"replicas", run.decode}});
    parts.pools = Json::array({prefill, decode});
    parts.disaggregation = {{"pairing", pairing}};
    parts.sites = Json::array({{{"name", "lab"}, {"nodes", Json::array({{{"type", "a100-sxm-8"}, {"count", 1}}})}}});
  }
  parts.workload = {
      {"arrivals",
       {{"type", "gamma"}, {"rate", std::to_string(run.rate) + " /s"}, {"cv", 1 / std::sqrt(run.burstiness)}}},
      {"requests", run.requests},
      {"prompt_tokens", {{"fixed", run.prompt_tokens}}},
      {"output_tokens", {{"fixed", run.output_tokens}}}};
  return planMeasured(parts);
}

}  // namespace headroom::sim
