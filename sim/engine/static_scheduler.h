// Static batching (FasterTransformer): a batch is formed when nothing runs, its prompts are one step, and nobody joins
// until its longest answer has ended. An answer that ends earlier is delivered and leaves its slot empty.
#pragma once

#include "sim/engine/research_scheduler.h"

namespace headroom::sim {

class StaticScheduler final : public ResearchScheduler {
 public:
  using ResearchScheduler::ResearchScheduler;

 private:
  void schedule(Ticks now, Batch& batch) override;
  bool admits(const Sequence& next, const Batch& batch) const override;
  bool reservesAll() const override { return true; }

  bool forming_ = false;
};

}  // namespace headroom::sim
