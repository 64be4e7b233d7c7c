// A run that someone recorded request by request, and what it takes to replay it. Files of LLMServingSim's benchmark:
//   NAME__meta.json       engine and its options
//   NAME__requests.csv    arrival (wall clock), queued, scheduled, first and last token (the engine's clock, same zero)
// and the prompts with their 16-token prefix blocks in a trace of their own: line i is request i.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::sim {

/// The life of one request, measured or simulated. Ticks since the first arrival.
struct RequestStamps {
  Ticks arrival = 0, queued = 0, scheduled = 0, first_token = 0, finished = 0;
  int prompt_tokens = 0, output_tokens = 0;
  double ttft() const { return toMilliseconds(first_token - arrival); }
  double engineTtft() const { return toMilliseconds(first_token - queued); }
  double e2e() const { return toMilliseconds(finished - arrival); }
  /// Only if there are two tokens or more.
  double tpot() const { return toMilliseconds(finished - first_token) / (output_tokens - 1); }
};

struct MeasuredRun {
  std::string engine_version;
  int max_num_seqs = 0, max_num_batched_tokens = 0;
  std::optional<int> max_model_len;
  int tp = 1, dp = 1;
  bool expert_parallel = false;
  std::optional<std::int64_t> num_gpu_blocks;
  std::vector<RequestStamps> requests;
};

/// `folder` / `name`__*. Throws InputError if a file is missing or broken.
MeasuredRun readMeasuredRun(const std::filesystem::path& folder, const std::string& name);

/// The run's prompts at its own arrival times.
struct ReplayTrace {
  std::string format;  ///< `llmservingsim` with the prefix blocks of `trace` if that can be read, else plain `csv`
  std::string content;
};
ReplayTrace replayTrace(const MeasuredRun& run, const std::filesystem::path& trace);

}  // namespace headroom::sim
