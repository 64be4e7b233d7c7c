// Measured power of serving runs, as work and watts per accelerator:
//   mlenergy   mlenergy_v3_llm.csv of the ML.ENERGY leaderboard: H100, vLLM, a closed loop of max_num_seqs. Text tasks
//              only (lm-arena-chat, gpqa). Prompt lengths are not recorded: every prompt is taken to have
//              kAssumedPrompt.
//   argonne    argonne_power.csv of LLM-Inference-Bench: static batches, prompts and outputs of the same length.
//   your own   CSV with the columns model, weights, accelerators, running (sequences at once), output_tokens_per_s,
//              prompt_tokens and output_tokens (means of a request), watts (mean of one accelerator); a row is a run at
//              constant load.
// Rows that cannot be used are counted by reason; of your own none is left out.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/base/quantity.h"
#include "models/cost/power.h"
#include "models/cost/step_work.h"

namespace headroom::models {

inline constexpr double kAssumedPrompt = 200;

/// A run at constant load.
struct PowerSample {
  std::string accelerator;  ///< catalogue name
  std::string model;        ///< catalogue name; models are left out of a fit whole
  double compute = 0;       ///< share of peak arithmetic that its work asks for
  double memory = 0;        ///< share of peak bandwidth
  Watts power;              ///< mean of one accelerator
};

struct PowerSamples {
  std::vector<PowerSample> samples;
  std::map<std::string, int> skipped;  ///< reason -> rows
};

/// Both throw InputError if the file is missing, a column is, or a number is broken.
PowerSamples readMlEnergy(const std::filesystem::path& file, double assumed_prompt = kAssumedPrompt);
PowerSamples readArgonnePower(const std::filesystem::path& file);
/// Throws InputError also for a model that is no name of the catalogue, an unknown number format, and a layout that
/// does not divide.
std::vector<PowerSample> readPowerRuns(const std::filesystem::path& file, const Accelerator& accelerator);

}  // namespace headroom::models
