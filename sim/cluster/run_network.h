// The network of a run: the topology of its sites, where its replicas stand, and a loop that shares the links among
// the transfers. Only scenarios in which something is sent have one; the others run on a plain event loop.
#pragma once

#include <memory>
#include <vector>

#include "sim/cluster/placement.h"
#include "sim/cluster/topology.h"
#include "sim/cluster/transfers.h"
#include "sim/loop/network_loop.h"
#include "sim/orchestration/pair_router.h"
#include "sim/scenario.h"

namespace headroom::sim {

/// Does anything in this scenario go over the fabric?
bool sendsAnything(const Scenario& scenario);

class RunNetwork {
 public:
  explicit RunNetwork(const Scenario& scenario);
  RunNetwork(const RunNetwork&) = delete;
  RunNetwork& operator=(const RunNetwork&) = delete;

  NetworkLoop& loop() { return *loop_; }
  Transfers& transfers() { return *transfers_; }
  const Topology& topology() const { return topology_; }
  const Transfers& transfers() const { return *transfers_; }

  /// By replica of the run: its ends, one a node it stands on.
  const std::vector<Endpoint>& endsOf(std::uint32_t replica) const { return ends_[replica]; }
  ReplicaPlace placeOf(std::uint32_t replica) const;

 private:
  Topology topology_;
  std::unique_ptr<NetworkLoop> own_loop_;
  NetworkLoop* loop_;
  std::unique_ptr<Transfers> transfers_;
  std::vector<std::vector<Endpoint>> ends_;
};

/// Ways on which nodes of one replica send to nodes of another: every node of the larger takes part.
std::vector<Way> waysBetween(const std::vector<Endpoint>& from, const std::vector<Endpoint>& to);

}  // namespace headroom::sim
