// Measured kernel times as NVIDIA AIConfigurator publishes them: one folder of CSV (or .csv.gz) files per accelerator.
//   gemm, context_attention, generation_attention, custom_allreduce, nccl        latency in milliseconds
// Read: bf16 and fp8, full attention (window 0), one beam, unsharded message sizes in elements (2 bytes each).
// Left out by name in `skipped`: what the profile format does not hold yet, and tables known to be wrong.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/base/quantity.h"
#include "models/cost/operation.h"

namespace headroom::models {

struct Sample {
  TableKey key;
  GridPoint at{1, 1, 1, 1};
  Seconds time;
};

struct RawTables {
  std::vector<Sample> samples;
  std::map<std::string, int> skipped;  ///< reason -> rows
};

/// Throws InputError: no table in the folder, a column missing, a broken or non-positive number (file and line).
RawTables readRawTables(const std::filesystem::path& folder);

}  // namespace headroom::models
