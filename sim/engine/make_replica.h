// Picks the implementation of a replica: fast-forward where it is exact, step by step where asked or needed.
#pragma once

#include <memory>

#include "models/cost/step_times.h"
#include "sim/engine/replica.h"

namespace headroom::sim {

/// `times` and `observer` must outlive the replica.
std::unique_ptr<Replica> makeReplica(ReplicaId id, const EngineConfig& config, const models::StepTimes& times,
                                     ReplicaObserver& observer, bool exact_steps);

}  // namespace headroom::sim
