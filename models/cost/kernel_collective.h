// Collectives among the ranks of a group. Inside a node (or any scale-up domain) from tables; across nodes the measured
// curve of one node's share, and on top the exchange between nodes over the scale-out network:
//   all-reduce  + 2 (N-1)/N (bytes / ranks per node) / bandwidth + 2 ceil(log2 N) latency        N: nodes
//   all-gather, reduce-scatter  + (N-1)/N bytes / ranks per node / bandwidth + ceil(log2 N) latency
// Left out: contention with other groups on the network, and reduction inside switches.
#pragma once

#include <vector>

#include "models/cost/kernel_table.h"
#include "models/cost/profile.h"

namespace headroom::models {

/// The network between nodes, as one accelerator sees it.
struct ScaleOut {
  BytesPerSecond bandwidth{50e9};  ///< one way per accelerator: one 400 Gb/s port each
  Seconds latency{10e-6};          ///< of one message
};

/// Ranks of a group, and how many of them share a node.
struct RankGroup {
  int ranks = 1;
  int per_node = 1;
  int nodes() const { return (ranks + per_node - 1) / per_node; }
  int inNode() const { return (ranks + nodes() - 1) / nodes(); }
};

class CollectiveKernel {
 public:
  enum class Kind { all_reduce, all_gather, reduce_scatter };
  CollectiveKernel(const Profile& profile, Kind kind, RankGroup group, const ScaleOut& network = {});
  CollectiveKernel(const Profile& profile, Kind kind, int devices)
      : CollectiveKernel(profile, kind, RankGroup{devices, devices}) {}
  /// `bytes` of the whole message. The faster of the implementations the profile knows.
  KernelTime time(double bytes) const;

 private:
  KernelTime inNode(double bytes) const;
  KernelTime betweenNodes(double bytes) const;

  Peaks peaks_;
  Kind kind_;
  RankGroup group_;
  ScaleOut network_;
  std::vector<TableKernel> tables_;
};

/// One message from a device to another: of the next pipeline stage.
KernelTime sendTime(const Profile& profile, double bytes, bool same_node, const ScaleOut& network);

}  // namespace headroom::models
