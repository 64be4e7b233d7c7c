// The search of a study, a thin first version: check that each combination fits, bound its replicas from below by the
// load it must sustain, bisect the replicas to the least that meets the SLO, confirm the cheapest over seeds.
// Combinations whose bound costs more than the best found are not run. Rounds of a fixed size keep the outcome
// independent of the number of workers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "planner/plan.h"
#include "planner/study.h"
#include "planner/worker_pool.h"

namespace headroom::planner {

struct SearchProgress {
  std::int64_t runs = 0;
  std::int64_t shapes_open = 0, shapes = 0;
  std::optional<double> best_usd_per_h;
};

/// One run of the search: a combination with a number of replicas.
struct Candidate {
  Assignment candidate;
  int replicas = 0, accelerators = 0;
  double cost_usd_per_h = 0;
  double margin = 0;  ///< attainment less its target, of the class that is worst off; >= 0: meets the SLO
  sim::Result result;
};

struct SearchOptions {
  std::function<void(const Candidate&)> candidate;  ///< told of each run, in the same order every time
  std::function<void(const SearchProgress&)> progress;
  const std::atomic<bool>* interrupted = nullptr;  ///< ends the search as a budget would
};

/// Throws InputError if an accelerator of the search has no price.
Plan search(const Study& study, WorkerPool& workers, const SearchOptions& options = {});

}  // namespace headroom::planner
