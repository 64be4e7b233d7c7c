// One combination of the search domains while its number of replicas is being searched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "planner/plan.h"

namespace headroom::planner {

class Shape {
 public:
  Shape(Assignment assignment, double usd_per_h_per_replica, int accelerators_per_replica, const ReplicaRange& range)
      : usd_per_replica_(usd_per_h_per_replica),
        accelerators_(accelerators_per_replica),
        range_(range),
        least_(range.min) {
    entry_.candidate = std::move(assignment);
  }

  /// A fleet that sustains less than the mean load builds up a queue for as long as requests come: `offered` over
  /// `sustained` per replica bounds the replicas from below, less a tenth for what the estimate may be off.
  void bound(double offered_per_s, double sustained_per_s);
  bool open() const { return open_; }
  int leastReplicas() const { return std::max(least_, failed_ + 1); }
  double leastCost() const { return leastReplicas() * usd_per_replica_; }
  /// The next number of replicas to run. Only while open().
  int next() const;
  /// The outcome of a run with that many.
  void learn(int replicas, const sim::Result& result);
  void close(LedgerEntry::Status status, std::string code, std::string reason);
  double costOf(int replicas) const { return replicas * usd_per_replica_; }
  int acceleratorsOf(int replicas) const { return replicas * accelerators_; }
  const LedgerEntry& entry() const { return entry_; }

 private:
  void settle();
  LedgerEntry entry_;
  double usd_per_replica_;
  int accelerators_;
  ReplicaRange range_;
  int least_;       // from the bound
  int guess_ = 0;   // from the bound: where to start
  int failed_ = 0;  // most replicas known to miss the SLO
  int met_ = 0;     // fewest known to meet it; 0: none
  std::optional<sim::Result> failed_result_;
  bool open_ = true;
};

/// Attainment less its target, of the class that is worst off.
double marginOf(const sim::Result& result);

}  // namespace headroom::planner
