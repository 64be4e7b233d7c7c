// The LoRA adapters of one rank, as vLLM keeps them (lora/worker_manager.py): `slots` on the accelerator and `in_host`
// in host memory, the least recently used goes. A step whose rows use an adapter without a slot waits for its copy from
// the host, and if it is not there either, for storage first; so all its rows wait. What the adapters of a batch take
// in kernels: models/cost/lora_cost.h. Left out: loading ahead, tokens of adapters counted by rank.
#pragma once

#include <list>
#include <vector>

#include "sim/engine/batch.h"

namespace headroom::sim {

class AdapterSlots {
 public:
  explicit AdapterSlots(const LoraConfig& config) : config_(config) {}
  bool empty() const { return config_.adapters.empty(); }

  /// The adapter that is modelled of the request, or -1.
  int adapterOf(const workloads::Request& request) const;
  /// Could the request run beside the `running` ones? Not if it brings one adapter too many.
  bool hasSlot(const workloads::Request& request, const std::vector<Sequence*>& running) const;
  /// Loads what the batch needs, and sets its times.
  void settle(Batch& batch);

 private:
  Ticks load(int adapter, const std::vector<int>& needed);
  Ticks costOf(const Batch& batch, bool decode_only) const;

  const LoraConfig& config_;
  std::list<int> slots_, host_;  // least recently used first
};

}  // namespace headroom::sim
