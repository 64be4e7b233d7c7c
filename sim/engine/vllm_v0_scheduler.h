// vLLM before V1 (Kwon et al., SOSP 2023): a step is either whole prompts, as long as any can be admitted, or one token
// for every running sequence. A prompt must leave the watermark free; its step costs as if all were as long as the
// longest. When blocks run out, the newest starts over.
#pragma once

#include "sim/engine/research_scheduler.h"

namespace headroom::sim {

class VllmV0Scheduler final : public ResearchScheduler {
 public:
  using ResearchScheduler::ResearchScheduler;

 private:
  void schedule(Ticks now, Batch& batch) override;
  bool admits(const Sequence& next, const Batch& batch) const override;
};

}  // namespace headroom::sim
