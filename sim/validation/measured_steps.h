// Single engine steps as an engine recorded them: what was in the batch and how long until the next one.
// Source: inference-sim's step experiments, Llama-2-70B on four H100, vLLM, experiments `general` and `codegen`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/base/quantity.h"
#include "sim/engine/step_cost.h"

namespace headroom::sim {

struct MeasuredStep {
  std::string experiment;  ///< general, codegen
  BatchShape batch;
  Seconds measured;
  bool decodeOnly() const { return batch.chunks.empty(); }
};

/// Not recorded and therefore assumed: every sequence of a step holds the mean of the cached tokens; its prompts are
/// equal, start at 0 and end in it. Throws InputError if the file is missing or broken.
std::vector<MeasuredStep> readMeasuredSteps(const std::filesystem::path& file);

}  // namespace headroom::sim
