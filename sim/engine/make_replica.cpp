#include "sim/engine/make_replica.h"

#include "sim/engine/fast_replica.h"
#include "sim/engine/stepping_replica.h"

namespace headroom::sim {

std::unique_ptr<Replica> makeReplica(ReplicaId id, const EngineConfig& config, const models::StepTimes& times,
                                     ReplicaObserver& observer, bool exact_steps) {
  if (exact_steps || config.long_prefill_token_threshold > 0) {
    return std::make_unique<SteppingReplica>(id, config, times, observer);
  }
  return std::make_unique<FastReplica>(id, config, times, observer);
}

}  // namespace headroom::sim
