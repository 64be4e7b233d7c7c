// Step times multiplied by a factor and rounded to ticks: of a replica that is slower than its kind, or to see how much
// a result depends on them. All ways of running an engine see the same tables.
#pragma once

#include <cmath>
#include <memory>

#include "models/cost/step_times.h"

namespace headroom::sim {

class ScaledStepTimes final : public models::StepTimes {
 public:
  ScaledStepTimes(std::shared_ptr<const models::StepTimes> times, double factor)
      : times_(std::move(times)), factor_(factor) {
    if (times_->draft() == nullptr) return;
    draft_ =
        std::make_unique<ScaledStepTimes>(std::shared_ptr<const models::StepTimes>(times_, times_->draft()), factor);
  }
  Ticks tokenwise(int tokens) const override { return scaled(times_->tokenwise(tokens)); }
  Ticks perSequence(int sequences) const override { return scaled(times_->perSequence(sequences)); }
  models::Segment decodeAttention(int n, std::int64_t sum) const override {
    return scaled(times_->decodeAttention(n, sum));
  }
  models::Segment prefillAttention(int chunk, std::int64_t prior) const override {
    return scaled(times_->prefillAttention(chunk, prior));
  }
  int maxTokens() const override { return times_->maxTokens(); }
  const models::StepTimes* draft() const override { return draft_.get(); }
  bool fusesAttention() const override { return times_->fusesAttention(); }
  Ticks fusedAttention(int chunk, std::int64_t prior, int n, std::int64_t sum, std::int64_t longest) const override {
    return scaled(times_->fusedAttention(chunk, prior, n, sum, longest));
  }
  bool knowsUnevenContexts() const override { return times_->knowsUnevenContexts(); }
  Ticks unevenAttention(int n, std::int64_t excess) const override {
    return scaled(times_->unevenAttention(n, excess));
  }

 private:
  Ticks scaled(Ticks ticks) const { return std::llround(static_cast<double>(ticks) * factor_); }
  models::Segment scaled(models::Segment segment) const {
    segment.at_x0 = scaled(segment.at_x0);
    segment.slope = scaled(segment.slope);
    return segment;
  }
  std::shared_ptr<const models::StepTimes> times_;
  double factor_;
  std::unique_ptr<ScaledStepTimes> draft_;
};

}  // namespace headroom::sim
