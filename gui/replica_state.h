// How full each replica is at a moment or over a time: what the topology colours.
#pragma once

#include <optional>
#include <vector>

#include "gui/run_data.h"

namespace headroom::gui {

struct ReplicaState {
  double busy = 0;      ///< share of the time in steps; over requests if the run has no replicas.csv.zst
  double kv_usage = 0;  ///< 0 if the run has no replicas.csv.zst
  double waiting = 0, running = 0;
  std::optional<sim::Absence> away{};  ///< at a moment
};

/// At a moment: in the bin around it.
std::vector<ReplicaState> replicaStatesAt(const RunData& run, double s);
/// Means over a time; none: the whole run.
std::vector<ReplicaState> replicaStatesOver(const RunData& run, const std::optional<TimeRange>& range);

}  // namespace headroom::gui
