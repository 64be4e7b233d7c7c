// All-to-all of tokens to the ranks that hold their experts, and back, where ranks have tokens of their own
// (data-parallel attention).
//   gather      all-gather of the hidden states of all ranks, and a reduce-scatter of the experts' outputs
//   deepep      DeepEP, normal kernels        deepep_low_latency   its decode kernels
//   nvlink      TensorRT-LLM's one-sided exchange inside an NVLink domain
// Across nodes the tables of one node, and what leaves the node at the scale-out bandwidth. Left out: overlap with
// experts or attention of another micro-batch.
#pragma once

#include "models/cost/kernel_collective.h"
#include "models/cost/kernel_moe.h"

namespace headroom::models {

enum class ExpertExchange { gather, deepep, deepep_low_latency, nvlink };

/// What the engine does unless told otherwise: nvlink for TensorRT-LLM where its tables are, gather elsewhere.
ExpertExchange defaultExchange(const Profile& profile);

class ExchangeKernel {
 public:
  ExchangeKernel(const Profile& profile, ExpertExchange how, const ExpertShape& shape, RankGroup group,
                 const ScaleOut& network);
  /// Both ways, for `tokens` of each rank.
  KernelTime time(double tokens) const;

 private:
  struct Leg {
    TableKey key;
    TableKernel table;
  };
  KernelTime at(const Leg& leg, double tokens) const;
  KernelTime leavesNode(double tokens) const;

  Peaks peaks_;
  ExpertShape shape_;
  RankGroup group_;
  ScaleOut network_;
  bool gathers_;
  CollectiveKernel gather_;
  CollectiveKernel scatter_;
  std::vector<Leg> legs_;
};

}  // namespace headroom::models
