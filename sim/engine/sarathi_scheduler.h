// Sarathi-Serve (Agrawal et al., OSDI 2024): stall-free steps. Each takes one token of every decoding sequence and
// fills up to the chunk size (max_num_batched_tokens) with prompts under way, then with new ones.
#pragma once

#include "sim/engine/research_scheduler.h"

namespace headroom::sim {

class SarathiScheduler final : public ResearchScheduler {
 public:
  using ResearchScheduler::ResearchScheduler;

 private:
  void schedule(Ticks now, Batch& batch) override;
  bool admits(const Sequence& next, const Batch& batch) const override;
  void continuePrompts(Batch& batch, std::size_t count);
  std::int64_t room(const Batch& batch) const;
};

}  // namespace headroom::sim
