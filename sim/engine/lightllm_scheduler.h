// LightLLM: token-wise KV (blocks of one token) and an exact look ahead. A prompt is admitted if the most tokens that
// will ever be held at once, every sequence running to its max_tokens, fits; so nothing is ever preempted. Prompts get
// a step of their own, tried when nothing runs and after every max_waiting_iters decode steps.
#pragma once

#include "sim/engine/research_scheduler.h"

namespace headroom::sim {

class LightllmScheduler final : public ResearchScheduler {
 public:
  using ResearchScheduler::ResearchScheduler;
  std::int64_t repeats(const Batch& last, std::int64_t limit) const override;
  void repeat(Batch& last, std::int64_t steps) override;

 private:
  void schedule(Ticks now, Batch& batch) override;
  bool admits(const Sequence& next, const Batch& batch) const override;
  std::int64_t peakWith(const Sequence& next) const;

  int decode_steps_ = 0;  // since prompts were tried
};

}  // namespace headroom::sim
