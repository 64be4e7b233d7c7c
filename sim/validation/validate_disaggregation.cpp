// Rung 4: prefill and decode replicas.
#include <fmt/format.h>

#include <cmath>

#include "models/base/error.h"
#include "sim/validation/error_summary.h"
#include "sim/validation/pd_runs.h"
#include "sim/validation/simulated_requests.h"
#include "sim/validation/validation.h"

namespace headroom::sim {
namespace {

constexpr double kAimPct = 20;
constexpr std::uint64_t kSeeds = 20;

struct Means {
  double ttft_ms = 0, tpot_ms = 0;
};

/// Over several seeds: routing at random makes runs of 200 requests differ.
Means meansOf(const PdRun& run, const std::string& pairing) {
  PlannedScenario planned = planPdRun(run, pairing);
  std::vector<double> ttft, tpot;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    planned.scenario.seed = seed;
    const SimulatedRun simulated = simulateRequests(planned);
    ttft.push_back(mean(ttfts(simulated.requests)));
    tpot.push_back(mean(tpots(simulated.requests)));
  }
  return {mean(ttft), mean(tpot)};
}

/// Pairs of set-ups under the same load that are put in the wrong order, of all such pairs, by one metric.
void countOrder(const std::vector<PdRun>& runs, const std::vector<Means>& simulated, double PdRun::*was,
                double Means::*is, std::vector<double>& wrong) {
  for (std::size_t a = 0; a < runs.size(); ++a) {
    for (std::size_t b = a + 1; b < runs.size(); ++b) {
      if (runs[a].rate != runs[b].rate || runs[a].prompt_tokens != runs[b].prompt_tokens) continue;
      const bool measured = runs[a].*was < runs[b].*was;
      wrong.push_back((simulated[a].*is < simulated[b].*is) == measured ? 0 : 1);
    }
  }
}

/// llm-d's decode replicas are vLLM instances as its prefill replicas are, and gaps as long as a whole prompt's step
/// stand in every run: prompts were computed on them too. Both readings are shown; the second one is judged.
void addLlmd(const std::filesystem::path& data, Validation& result) {
  const std::vector<PdRun> runs = readPdRuns(data / "measured" / "llmd_pd_disagg_llama31_8b.csv");
  for (const std::string pairing : {"least-loaded", "everywhere"}) {
    const bool judged = pairing == "everywhere";
    const std::string set = std::string("vllm ?, Llama-3.1-8B, a100-sxm, prompts ") +
                            (judged ? "on all replicas" : "on prefill replicas only");
    std::vector<Means> simulated;
    std::vector<double> ttft, tpot, wrong_ttft, wrong_tpot;
    try {
      for (const PdRun& run : runs) {
        simulated.push_back(meansOf(run, pairing));
        ttft.push_back(simulated.back().ttft_ms / run.ttft_ms - 1);
        tpot.push_back(simulated.back().tpot_ms / run.tpot_ms - 1);
        result.notes.push_back(
            fmt::format("disaggregation: {}, {} ({} runs): ttft {:.0f} ms (measured {:.0f}), tpot "
                        "{:.1f} ms ({:.1f})",
                        pairing, run.system, run.runs, simulated.back().ttft_ms, run.ttft_ms, simulated.back().tpot_ms,
                        run.tpot_ms));
      }
    } catch (const InputError& error) {
      result.skipped[fmt::format("{}: {}", set, error.what())] += static_cast<int>(runs.size());
      continue;
    }
    countOrder(runs, simulated, &PdRun::ttft_ms, &Means::ttft_ms, wrong_ttft);
    countOrder(runs, simulated, &PdRun::tpot_ms, &Means::tpot_ms, wrong_tpot);
    const auto add = [&](const char* metric, const std::vector<double>& errors, double aim) {
      models::ValidationRow row = rowOf("disaggregation", set, metric, errors);
      if (judged) row.aim_pct = aim;
      row.calibrated = true;
      result.rows.push_back(row);
    };
    add("ttft mean", ttft, kAimPct);
    add("tpot mean", tpot, kAimPct);
    add("set-ups in the wrong order by ttft (share of pairs)", wrong_ttft, 0);
    add("set-ups in the wrong order by tpot (share of pairs)", wrong_tpot, 0);
  }
}

}  // namespace

Validation validateDisaggregation(const std::filesystem::path& data) {
  Validation result;
  addLlmd(data, result);
  return result;
}

}  // namespace headroom::sim
