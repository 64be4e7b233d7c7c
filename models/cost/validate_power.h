// `headroom validate --power`: the power model against published measurements. Aim: 12 % median.
//   mlenergy H100    in the fit; each model left out of it
//   argonne A100     in the fit; each model left out of it
//   argonne H100     not in any fit
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/cost/validation_row.h"

namespace headroom::models {

inline constexpr double kPowerAimPct = 12;

struct PowerValidation {
  std::vector<ValidationRow> rows;
  std::map<std::string, int> skipped;  ///< reason -> rows
};

/// `data`: the folder that holds `measured/mlenergy_v3_llm.csv` and `measured/argonne_power.csv`. Throws InputError if
/// either is missing or broken.
PowerValidation validatePower(const std::filesystem::path& data);

}  // namespace headroom::models
