// Published load sweeps of prefill and decode workers: N clients in a closed loop, means of TTFT and TPOT.
// Source: the disaggregated rows of serving_points.csv (InferenceX, DeepSeek-R1 on H100, B200 and GB200). They record
// the parallelism of a worker and not how many workers there were, nor speculation (MTP) and attention-DP. So every
// sweep is simulated with several ratios of workers, and the one that fits it best is shown.
// Assumed: vLLM's rules and kernels, the only engine with roles, for SGLang's and TensorRT-LLM's workers; transfers of
// whole prompts over the node type's NICs, one star.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/validation/measured_scenario.h"

namespace headroom::sim {

struct PdWorker {
  int tp = 1, ep = 1;
  auto operator<=>(const PdWorker&) const = default;
};

/// One load of a sweep.
struct PdLoad {
  int concurrency = 0;  ///< N
  double ttft_ms = 0, tpot_ms = 0;
  auto operator<=>(const PdLoad&) const = default;
};

/// All loads under which the same workers were measured, by N. Different numbers of workers may be among them.
struct PdSweep {
  std::string engine, release, model, accelerator;
  std::string weights;                       ///< empty: as published
  int prompt_tokens = 0, output_tokens = 0;  ///< nominal
  PdWorker prefill, decode;
  std::vector<PdLoad> loads;
  std::string name() const;
};

/// In a fixed order; a run that the file has twice is one. Throws InputError if the file is missing or broken.
std::vector<PdSweep> readPdSweeps(const std::filesystem::path& file);

/// Of every N the run with the longest tpot: recipes with and without speculation stand side by side, and the simulated
/// workers do not speculate.
PdSweep slowestRuns(PdSweep sweep);

struct PdRatio {
  int prefill = 1, decode = 1;  ///< workers
};
/// Throws InputError if it cannot be costed or does not fit.
PlannedScenario planPdLoad(const PdSweep& sweep, int concurrency, PdRatio ratio);

/// A sweep simulated with the ratio of workers, of five, that fits it best: with the least median over the loads of
/// |ln ttft| + |ln tpot| against the measured ones.
struct PdFit {
  PdRatio ratio;
  std::vector<double> ttft_ms, tpot_ms;  ///< by load
};
/// Throws InputError if no ratio can be simulated.
PdFit fitPdSweep(const PdSweep& sweep);
/// Rank correlations over a sweep's loads, of what was simulated.
struct PdOrders {
  double tpot_with_clients = 0, rate_with_clients = 0;
  double tpot_with_measured = 0, rate_with_measured = 0;
};
PdOrders ordersOf(const PdSweep& sweep, const PdFit& fit);
/// Requests a second of all clients, each of which has one under way all the time.
double pdRate(const PdSweep& sweep, const PdLoad& load);

}  // namespace headroom::sim
