// All faults of a scenario in the order of time. Each domain's up and down times follow each other (an alternating
// renewal process) and come from a random stream of its own: one more changes no other.
#pragma once

#include <cstdint>
#include <map>
#include <queue>
#include <string>
#include <vector>

#include "models/base/ticks.h"
#include "sim/cluster/fault_targets.h"
#include "workloads/rng.h"

namespace headroom::sim {

/// The time in ticks; kNever beyond the longest run.
Ticks drawFaultTime(const FaultTime& time, workloads::Rng& rng);

struct Fault {
  FaultTarget target;
  FaultEffect effect = FaultEffect::down;
  double factor = 1;
  bool reclaimed = false;  ///< by the provider of spot capacity
  bool warned = false;     ///< drains first
};

struct FaultEvent {
  enum class Phase : std::uint8_t { end, notice, begin };
  Ticks at = 0;
  std::uint32_t fault = 0;  ///< index into faults()
  Phase phase = Phase::begin;
  bool for_good = false;  ///< it begins and never ends
};

class FaultStream {
 public:
  FaultStream(const Scenario& scenario, std::shared_ptr<const PlacedSites> sites);
  explicit FaultStream(const Scenario& scenario) : FaultStream(scenario, placedSites(scenario)) {}

  const std::vector<Fault>& faults() const { return faults_; }
  /// All links that one of them may change.
  std::vector<FabricLinkId> links() const;
  /// kNever if nothing is left.
  Ticks nextTime() const { return due_.empty() ? kNever : due_.top().at; }
  /// Ties: ends first, then in the order of the scenario.
  FaultEvent next();

 private:
  struct Process {
    FaultSpec spec;
    workloads::Rng rng;
  };
  struct Later {
    bool operator()(const FaultEvent& a, const FaultEvent& b) const {
      if (a.at != b.at) return a.at > b.at;
      return a.phase != b.phase ? a.phase > b.phase : a.fault > b.fault;
    }
  };
  void add(const FaultSpec& spec, FaultTarget target, std::uint64_t seed, bool reclaimed);
  void schedule(std::uint32_t fault, Ticks at, FaultEvent::Phase phase);
  void scheduleFailure(std::uint32_t fault, Ticks from, Ticks after);

  std::vector<Fault> faults_;
  std::vector<Process> processes_;                // by fault
  std::map<std::string, std::uint64_t> streams_;  // entries that have it
  std::priority_queue<FaultEvent, std::vector<FaultEvent>, Later> due_;
};

}  // namespace headroom::sim
