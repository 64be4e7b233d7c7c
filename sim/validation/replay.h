// Plays a measured run again: same arrivals, same lengths, same engine options.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/validation/measured_run.h"
#include "sim/validation/measured_scenario.h"

namespace headroom::sim {

/// What is replayed and where it ran; the files' own names are `name` and `trace`.
struct ReplaySource {
  const char* name;
  const char* trace;
  const char* model;
  const char* accelerator;
};

struct SimulatedRun {
  std::vector<RequestStamps> requests;  ///< in the order of the measured ones
  std::int64_t preemptions = 0;
};

class Replay {
 public:
  /// Throws InputError if a file is missing or broken.
  Replay(const std::filesystem::path& data, const ReplaySource& source);
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  const MeasuredRun& measured() const { return measured_; }
  /// Why the simulator cannot do what this run did, or "".
  const std::string& problem() const { return problem_; }
  /// Only without a problem.
  const PlannedScenario& planned() const { return planned_; }
  bool hasPrefixes() const { return format_ == "llmservingsim"; }
  /// `planned` is planned() or a variant of it.
  SimulatedRun run(const PlannedScenario& planned) const;

 private:
  MeasuredRun measured_;
  std::filesystem::path file_;  // the trace as replayed; removed at the end
  std::string format_;
  PlannedScenario planned_;
  std::string problem_;
};

}  // namespace headroom::sim
