// The ladder of measurements that `headroom validate` climbs above the kernels: single engine steps, exact replays of
// recorded runs, load sweeps, prompts and answers on different replicas. What each rung compares and assumes:
// docs/validation.md.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/cost/validation_row.h"
#include "sim/validation/serve_point.h"

namespace headroom::sim {

/// One point of a load sweep, measured and simulated.
struct SweepPoint {
  ServingPoint measured;
  ServedPoint bare;     ///< without engine constants
  ServedPoint shipped;  ///< with them
  bool fitted = false;  ///< in the half that the constants were fitted on
};

struct Validation {
  std::vector<models::ValidationRow> rows;
  std::vector<std::string> notes;      ///< what was assumed or observed beside the errors
  std::map<std::string, int> skipped;  ///< reason -> points not used
  std::vector<SweepPoint> points;      ///< of closed-loop sweeps
};

/// `data`: the folder that holds `measured/` and `traces/`. Each throws InputError if a file is missing or broken.
Validation validateSteps(const std::filesystem::path& data);
Validation validateRuns(const std::filesystem::path& data);
Validation validateSweeps(const std::filesystem::path& data);
Validation validateDisaggregation(const std::filesystem::path& data);
Validation validatePdPoints(const std::filesystem::path& data);

/// A header and a row a point, for a spreadsheet: which rows miss.
std::string pointsCsv(const std::vector<SweepPoint>& points);

}  // namespace headroom::sim
