// AccelMark's community runs of one accelerator: `offline` (100 requests at once), `online` (300 at a Poisson rate) and
// `interactive` (one at a time). Prompts come from its published list; answers end by themselves, at most at 512
// tokens.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/validation/measured_scenario.h"

namespace headroom::sim {

struct AccelMarkRun {
  enum class Kind { offline, online, interactive };
  Kind kind = Kind::offline;
  std::string engine, version, model, accelerator, weights;
  double rate = 0;         ///< requests per second, of online runs
  double mean_output = 0;  ///< tokens; of the offline run of the same engine and model
  std::optional<double> output_tokens_per_s, ttft_p50_ms, tpot_p50_ms;
};

struct AccelMark {
  std::vector<AccelMarkRun> runs;
  std::vector<int> prompts;            ///< lengths, in the order they are sent
  std::map<std::string, int> skipped;  ///< reason -> rows
};

/// Throws InputError if a file is missing or broken.
AccelMark readAccelMark(const std::filesystem::path& folder);

/// Not recorded, so assumed: answers are uniform in [2 mean - 512, 512].
std::string accelMarkTrace(const AccelMarkRun& run, const std::vector<int>& prompts);
PlannedScenario planAccelMark(const AccelMarkRun& run, const std::filesystem::path& trace);

}  // namespace headroom::sim
