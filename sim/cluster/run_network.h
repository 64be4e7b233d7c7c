// The network of a run: the topology of its sites, where its replicas stand, and a loop that shares the links among
// the transfers. Only scenarios in which something is sent have one; the others run on a plain event loop.
#pragma once

#include <map>
#include <memory>
#include <span>
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
  /// `changing`: links that may lose bandwidth or go down.
  RunNetwork(const Scenario& scenario, std::shared_ptr<const PlacedSites> sites,
             std::span<const FabricLinkId> changing);
  RunNetwork(const RunNetwork&) = delete;
  RunNetwork& operator=(const RunNetwork&) = delete;

  NetworkLoop& loop() { return *loop_; }
  Transfers& transfers() { return *transfers_; }
  const Topology& topology() const { return topology_; }
  const Transfers& transfers() const { return *transfers_; }

  /// The traffic within replicas that span nodes, as flows of a fixed rate at most, from now() until they are ended.
  /// One that a dead link cuts is left out until its replica comes back.
  void reserveCollectives();
  void endCollectives();
  /// Of one replica, as it comes and goes.
  void reserveCollective(std::uint32_t replica);
  void endCollective(std::uint32_t replica);

  /// By replica of the run: its ends, one a node it stands on.
  const std::vector<Endpoint>& endsOf(std::uint32_t replica) const { return ends_[replica]; }
  ReplicaPlace placeOf(std::uint32_t replica) const;
  int acceleratorsOf(std::uint32_t replica) const { return accelerators_[replica]; }
  /// Into the nodes of a replica; each has a port for its site's storage, and one for its own drives.
  std::vector<Way> waysFromStorage(std::uint32_t replica) const;
  std::vector<Way> waysFromLocalStorage(std::uint32_t replica) const;

 private:
  std::shared_ptr<const PlacedSites> sites_;
  const Topology& topology_;
  std::unique_ptr<NetworkLoop> own_loop_;
  NetworkLoop* loop_;
  std::unique_ptr<Transfers> transfers_;
  void addStorage();

  struct Collective {
    std::uint32_t replica;
    BytesPerSecond rate;
  };
  struct Reserved final : TransferHandler {
    void onTransferEnd(const TransferEnd& end) override { flows.erase(static_cast<std::uint32_t>(end.tag)); }
    std::map<std::uint32_t, TransferId> flows;  // by replica
  };
  std::vector<Collective> collectives_;
  Reserved reserved_;

  std::vector<std::vector<Endpoint>> ends_;
  std::vector<int> accelerators_;              // by replica
  std::vector<PortId> storage_;                // by site
  std::vector<PortId> storage_port_, drives_;  // by node; kNoPort where no replica stands
};

/// Ways on which nodes of one replica send to nodes of another: every node of the larger takes part.
std::vector<Way> waysBetween(const std::vector<Endpoint>& from, const std::vector<Endpoint>& to);

}  // namespace headroom::sim
