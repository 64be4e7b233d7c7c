#include "sim/validation/pd_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

#include "models/base/error.h"
#include "models/hardware/node_type.h"
#include "sim/validation/csv_numbers.h"
#include "sim/validation/error_summary.h"
#include "sim/validation/serving_points.h"
#include "sim/validation/simulated_requests.h"

namespace headroom::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kRequestsPerClient = 10;
constexpr int kTokensBeyondNominal = 256;  // chat templates

/// Of silicon_concurrency=N; 0: not recorded.
int concurrencyOf(std::string_view source) {
  constexpr std::string_view kKey = "silicon_concurrency=";
  const std::size_t at = source.find(kKey);
  int n = 0;
  if (at == std::string_view::npos) return n;
  const std::string_view rest = source.substr(at + kKey.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), n);
  return n;
}

PdWorker workerOf(const NamedCells& row, const std::string& role) {
  return {row.countOrOne((role + "_tp_size").c_str()), row.countOrOne((role + "_moe_ep_size").c_str())};
}

PdSweep sweepOf(const NamedCells& row) {
  PdSweep sweep;
  sweep.engine = row.text("backend");
  sweep.release = row.text("backend_version");
  sweep.model = row.text("model_path");
  sweep.accelerator = acceleratorOf(row.text("system"));
  sweep.weights = weightsOf(row.text("gemm_quant_mode"), sweep.model);
  sweep.prompt_tokens = row.countOrOne("isl");
  sweep.output_tokens = row.countOrOne("osl");
  sweep.prefill = workerOf(row, "prefill");
  sweep.decode = workerOf(row, "decode");
  return sweep;
}

auto keyOf(const PdSweep& s) {
  return std::tie(s.accelerator, s.engine, s.release, s.model, s.weights, s.prompt_tokens, s.output_tokens, s.prefill,
                  s.decode);
}

Json poolOf(const PdSweep& sweep, const PdWorker& worker, const char* role, int replicas) {
  Json pool{
      {"name", role}, {"role", role}, {"accelerator", sweep.accelerator}, {"tp", worker.tp}, {"replicas", replicas}};
  if (worker.ep > 1) pool["ep"] = true;
  return pool;
}

/// The first of the catalogue that carries it.
models::NodeType nodeOf(const std::string& accelerator) {
  for (const models::NodeType& type : models::listNodeTypes()) {
    if (type.accelerator == accelerator) return type;
  }
  throw InputError("no node type carries " + accelerator);
}

constexpr PdRatio kRatios[] = {{1, 1}, {2, 1}, {4, 1}, {1, 2}, {1, 4}};

PdFit simulateSweep(const PdSweep& sweep, PdRatio ratio) {
  PdFit fit{.ratio = ratio, .ttft_ms = {}, .tpot_ms = {}};
  std::map<int, std::pair<double, double>> by_clients;
  for (const PdLoad& load : sweep.loads) {
    if (!by_clients.contains(load.concurrency)) {
      const SimulatedRun run = simulateRequests(planPdLoad(sweep, load.concurrency, ratio));
      by_clients[load.concurrency] = {mean(ttfts(run.requests)), mean(tpots(run.requests))};
    }
    const auto& [ttft, tpot] = by_clients[load.concurrency];
    fit.ttft_ms.push_back(ttft);
    fit.tpot_ms.push_back(tpot);
  }
  return fit;
}

double misfit(const PdSweep& sweep, const PdFit& fit) {
  std::vector<double> off;
  for (std::size_t i = 0; i < sweep.loads.size(); ++i) {
    off.push_back(std::abs(std::log(fit.ttft_ms[i] / sweep.loads[i].ttft_ms)) +
                  std::abs(std::log(fit.tpot_ms[i] / sweep.loads[i].tpot_ms)));
  }
  return quantile(off, 0.5);
}

}  // namespace

std::string PdSweep::name() const {
  const auto of = [](const PdWorker& worker) {
    return worker.ep > 1 ? fmt::format("tp {} ep {}", worker.tp, worker.ep) : fmt::format("tp {}", worker.tp);
  };
  return fmt::format("{} {}, {}{}, {}, {}/{}, prefill {} and decode {}", engine, release.empty() ? "?" : release,
                     model.substr(model.find('/') + 1), weights.empty() ? "" : " " + weights, accelerator,
                     prompt_tokens, output_tokens, of(prefill), of(decode));
}

std::vector<PdSweep> readPdSweeps(const std::filesystem::path& file) {
  models::RawCsv csv(file);
  const NamedCells row(csv);
  std::vector<PdSweep> sweeps;
  while (csv.next()) {
    if (row.text("mode") == "agg") continue;
    const PdSweep sweep = sweepOf(row);
    const PdLoad load{concurrencyOf(row.text("silicon_data_source")), row.number("silicon_ttft_ms"),
                      row.number("silicon_tpot_ms")};
    if (load.concurrency == 0) csv.fail("has no silicon_concurrency=N");
    auto found = std::find_if(sweeps.begin(), sweeps.end(), [&](const PdSweep& s) { return keyOf(s) == keyOf(sweep); });
    if (found == sweeps.end()) found = sweeps.insert(sweeps.end(), sweep);
    found->loads.push_back(load);
  }
  for (PdSweep& sweep : sweeps) {
    std::sort(sweep.loads.begin(), sweep.loads.end());
    sweep.loads.erase(std::unique(sweep.loads.begin(), sweep.loads.end()), sweep.loads.end());
  }
  std::sort(sweeps.begin(), sweeps.end(), [](const PdSweep& a, const PdSweep& b) { return keyOf(a) < keyOf(b); });
  return sweeps;
}

PlannedScenario planPdLoad(const PdSweep& sweep, int concurrency, PdRatio ratio) {
  ScenarioParts parts;
  parts.model = sweep.model;
  parts.engine = {{"name", "vllm"},
                  {"max_model_len", sweep.prompt_tokens + sweep.output_tokens + kTokensBeyondNominal}};
  if (!sweep.weights.empty()) parts.precision["weights"] = sweep.weights;
  if (hasFp8Cache(sweep.accelerator, sweep.weights)) parts.precision["kv_cache"] = "fp8";
  parts.pools = Json::array(
      {poolOf(sweep, sweep.prefill, "prefill", ratio.prefill), poolOf(sweep, sweep.decode, "decode", ratio.decode)});
  const models::NodeType node = nodeOf(sweep.accelerator);
  const auto nodesFor = [&](const PdWorker& worker, int count) {
    return count * ((worker.tp + node.accelerators - 1) / node.accelerators);
  };
  const int nodes = nodesFor(sweep.prefill, ratio.prefill) + nodesFor(sweep.decode, ratio.decode);
  parts.sites = Json::array({{{"name", "lab"},
                              {"nodes", Json::array({{{"type", node.name}, {"count", nodes}}})},
                              {"fabric", {{"type", "star"}}}}});
  const auto lengths = [](int nominal) { return Json{{"uniform", {nominal * 4 / 5, nominal}}}; };
  parts.workload = {{"arrivals", {{"type", "closed-loop"}, {"concurrency", concurrency}}},
                    {"requests", kRequestsPerClient * concurrency},
                    {"prompt_tokens", lengths(sweep.prompt_tokens)},
                    {"output_tokens", lengths(sweep.output_tokens)}};
  return planMeasured(parts);
}

PdSweep slowestRuns(PdSweep sweep) {
  std::map<int, PdLoad> slowest;
  for (const PdLoad& load : sweep.loads) {
    PdLoad& slow = slowest.try_emplace(load.concurrency, load).first->second;
    if (load.tpot_ms > slow.tpot_ms) slow = load;
  }
  sweep.loads.clear();
  for (const auto& [clients, load] : slowest) sweep.loads.push_back(load);
  return sweep;
}

PdFit fitPdSweep(const PdSweep& sweep) {
  std::optional<PdFit> best;
  std::string why;
  for (const PdRatio ratio : kRatios) {
    try {
      PdFit fit = simulateSweep(sweep, ratio);
      if (!best || misfit(sweep, fit) < misfit(sweep, *best)) best = std::move(fit);
    } catch (const InputError& error) {
      why = error.what();
    }
  }
  if (!best) throw InputError(why);
  return *best;
}

double pdRate(const PdSweep& sweep, const PdLoad& load) {
  const double answer_ms = load.tpot_ms * (0.9 * sweep.output_tokens - 1);  // lengths are uniform in [0.8, 1]
  return load.concurrency / (load.ttft_ms + answer_ms) * 1e3;
}

PdOrders ordersOf(const PdSweep& sweep, const PdFit& fit) {
  std::vector<double> clients, tpot, rate, simulated_rate;
  for (std::size_t i = 0; i < sweep.loads.size(); ++i) {
    const PdLoad& load = sweep.loads[i];
    clients.push_back(load.concurrency);
    tpot.push_back(load.tpot_ms);
    rate.push_back(pdRate(sweep, load));
    simulated_rate.push_back(pdRate(sweep, {load.concurrency, fit.ttft_ms[i], fit.tpot_ms[i]}));
  }
  return {rankCorrelation(clients, fit.tpot_ms), rankCorrelation(clients, simulated_rate),
          rankCorrelation(tpot, fit.tpot_ms), rankCorrelation(rate, simulated_rate)};
}

}  // namespace headroom::sim
