// Rung 4, published sweeps of prefill and decode workers whose numbers are not recorded.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "models/base/error.h"
#include "sim/validation/error_summary.h"
#include "sim/validation/pd_points.h"
#include "sim/validation/validation.h"

namespace headroom::sim {
namespace {

/// More clients need more workers than the ratios looked at have.
constexpr int kMostClients = 256;
constexpr std::size_t kLeastLoads = 3;
constexpr const char* kAll = "all sweeps of prefill and decode workers";

void addRow(const std::string& set, const std::string& metric, const std::vector<double>& errors, Validation& result) {
  models::ValidationRow row = rowOf("disaggregation", set, metric, errors);
  row.calibrated = true;
  result.rows.push_back(row);
}

/// Relative errors, appended.
void compare(const PdSweep& sweep, const std::map<int, std::pair<double, double>>& simulated, std::vector<double>& ttft,
             std::vector<double>& tpot) {
  for (const PdLoad& load : sweep.loads) {
    const auto& [ttft_ms, tpot_ms] = simulated.at(load.concurrency);
    ttft.push_back(ttft_ms / load.ttft_ms - 1);
    tpot.push_back(tpot_ms / load.tpot_ms - 1);
  }
}

void addSweep(const PdSweep& all_runs, std::map<std::string, std::vector<double>>& all, Validation& result) {
  const PdSweep sweep = slowestRuns(all_runs);
  const PdFit fit = fitPdSweep(sweep);
  std::map<int, std::pair<double, double>> simulated;
  for (std::size_t i = 0; i < sweep.loads.size(); ++i) {
    simulated[sweep.loads[i].concurrency] = {fit.ttft_ms[i], fit.tpot_ms[i]};
  }
  const std::string set = fmt::format("{}, {}:{} workers", sweep.name(), fit.ratio.prefill, fit.ratio.decode);
  std::vector<double> ttft, tpot;
  compare(sweep, simulated, ttft, tpot);
  addRow(set, "ttft mean", ttft, result);
  addRow(set, "tpot mean", tpot, result);
  compare(sweep, simulated, all["ttft mean"], all["tpot mean"]);
  compare(all_runs, simulated, all["ttft mean, faster runs of a load too"],
          all["tpot mean, faster runs of a load too"]);
  const PdOrders orders = ordersOf(sweep, fit);
  result.notes.push_back(fmt::format(
      "disaggregation: {}: rank correlation of simulated tpot and rate with the clients "
      "{:.2f}, {:.2f}, with the measured ones {:.2f}, {:.2f}",
      set, orders.tpot_with_clients, orders.rate_with_clients, orders.tpot_with_measured, orders.rate_with_measured));
  // What an order lacks of a perfect one.
  all["simulated tpot by clients (1 - rank correlation)"].push_back(1 - orders.tpot_with_clients);
  all["simulated rate by clients (1 - rank correlation)"].push_back(1 - orders.rate_with_clients);
  all["order by tpot (1 - rank correlation)"].push_back(1 - orders.tpot_with_measured);
  all["order by rate (1 - rank correlation)"].push_back(1 - orders.rate_with_measured);
}

/// False if nothing can be ordered.
bool keepWhatIsSimulated(PdSweep& sweep, std::map<std::string, int>& skipped) {
  const std::size_t loads = sweep.loads.size();
  std::erase_if(sweep.loads, [](const PdLoad& load) { return load.concurrency > kMostClients; });
  const auto count = [&](const std::string& reason, std::size_t points) {
    if (points > 0) skipped["disaggregated: " + reason] += static_cast<int>(points);
  };
  count(fmt::format("more than {} clients, on more workers than are looked at", kMostClients),
        loads - sweep.loads.size());
  if (slowestRuns(sweep).loads.size() >= kLeastLoads) return true;
  count("too few loads of the same workers", sweep.loads.size());
  return false;
}

}  // namespace

Validation validatePdPoints(const std::filesystem::path& data) {
  Validation result;
  std::map<std::string, std::vector<double>> all;
  for (PdSweep& sweep : readPdSweeps(data / "measured" / "serving_points.csv")) {
    if (!keepWhatIsSimulated(sweep, result.skipped)) continue;
    try {
      addSweep(sweep, all, result);
    } catch (const InputError& error) {
      result.skipped[fmt::format("disaggregated: {}: {}", sweep.name(), error.what())] +=
          static_cast<int>(sweep.loads.size());
    }
  }
  for (const auto& [metric, errors] : all) addRow(kAll, metric, errors, result);
  return result;
}

}  // namespace headroom::sim
