// Orca (Yu et al., OSDI 2022): iteration-level scheduling. Every step takes one token of each running sequence and
// whole prompts of new ones. A sequence holds blocks for max_model_len tokens from its first step on.
#pragma once

#include "sim/engine/research_scheduler.h"

namespace headroom::sim {

class OrcaScheduler final : public ResearchScheduler {
 public:
  using ResearchScheduler::ResearchScheduler;

 private:
  void schedule(Ticks now, Batch& batch) override;
  bool admits(const Sequence& next, const Batch& batch) const override;
  bool reservesAll() const override { return true; }
};

}  // namespace headroom::sim
