#include "sim/engine/make_replica.h"

#include "sim/engine/fast_replica.h"
#include "sim/engine/stepping_replica.h"

namespace headroom::sim {

std::unique_ptr<Replica> makeReplica(ReplicaId id, const EngineConfig& config, const models::StepTimes& times,
                                     ReplicaObserver& observer, bool exact_steps) {
  using Mode = SteppingReplica::Mode;
  if (exact_steps) return std::make_unique<SteppingReplica>(id, config, times, observer, Mode::exact);
  if (config.pipeline_parallel == 1 && FastReplica::covers(config))
    return std::make_unique<FastReplica>(id, config, times, observer);
  return std::make_unique<SteppingReplica>(id, config, times, observer, Mode::skip);
}

}  // namespace headroom::sim
