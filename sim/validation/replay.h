// Plays a measured run again: same arrivals, same lengths, same engine options.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/validation/measured_run.h"
#include "sim/validation/measured_scenario.h"
#include "sim/validation/temporary_trace.h"

namespace headroom::sim {

/// What is replayed and where it ran; the files' own names are `name` and `trace`.
struct ReplaySource {
  const char* name;
  const char* trace;
  const char* model;
  const char* accelerator;
};

class Replay {
 public:
  /// Throws InputError if a file is missing or broken.
  Replay(const std::filesystem::path& data, const ReplaySource& source);

  const MeasuredRun& measured() const { return measured_; }
  /// Why the simulator cannot do what this run did, or "".
  const std::string& problem() const { return problem_; }
  /// Only without a problem.
  const PlannedScenario& planned() const { return planned_; }
  bool hasPrefixes() const { return trace_.format == "llmservingsim"; }

 private:
  MeasuredRun measured_;
  ReplayTrace trace_;
  TemporaryTrace file_;
  PlannedScenario planned_;
  std::string problem_;
};

}  // namespace headroom::sim
