// The compiled cost of one engine step: fixed-point tables (Ticks) that both execution modes of the engine use, and use
// alone, so that they agree bit for bit.
//
//   T = tokenwise(tokens) + decodeAttention(n, sum of contexts) + sum over chunks of prefillAttention(chunk, prior)
//       + perSequence(sequences that emit)                                     (engine overhead is added by the engine)
//
// decodeAttention is piecewise linear in the sum of contexts and prefillAttention in the prior context, with integer
// slopes: the time of k steps in one segment is an integer arithmetic series.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::models {

/// A line valid for contexts in [x0, x_end): value(x) = at_x0 + slope * (x - x0).
struct Segment {
  Ticks at_x0 = 0;
  Ticks slope = 0;  ///< ticks per token of context; never negative
  std::int64_t x0 = 0;
  std::int64_t x_end = 0;  ///< first x beyond the segment; INT64_MAX in the last
  Ticks at(std::int64_t x) const { return at_x0 + slope * (x - x0); }
};

/// How much of a step's time came from which source.
enum class Tier { measured, interpolated, extrapolated, transferred, spec };
inline constexpr int kTiers = 5;
const char* nameOf(Tier tier);

class StepTimes {
 public:
  virtual ~StepTimes() = default;
  /// Everything that depends on the number of tokens in the step only (padded as the engine pads). 1 <= tokens <=
  /// maxTokens().
  virtual Ticks tokenwise(int tokens) const = 0;
  /// LM head and sampling for `sequences` rows, 0 <= sequences.
  virtual Ticks perSequence(int sequences) const = 0;
  /// The segment that holds `context_sum`, the sum over n >= 1 decoding sequences of the tokens each attends to.
  virtual Segment decodeAttention(int n, std::int64_t context_sum) const = 0;
  /// The segment in the prior context that holds `prior`, for a chunk of 1 <= chunk <= maxTokens() new tokens.
  virtual Segment prefillAttention(int chunk, std::int64_t prior) const = 0;
  virtual int maxTokens() const = 0;

  /// Of the model that proposes draft tokens; null: none does.
  virtual const StepTimes* draft() const { return nullptr; }

  /// Whether a step with prompts and decoding sequences takes its attention from fusedAttention() instead of the sum of
  /// decodeAttention() and prefillAttention().
  virtual bool fusesAttention() const { return false; }
  /// `chunk` new tokens of prompts on top of `prior` (their mean), with n >= 1 decoding sequences, of which the longest
  /// attends to `longest` tokens. Not piecewise linear.
  virtual Ticks fusedAttention(int /*chunk*/, std::int64_t /*prior*/, int /*n*/, std::int64_t /*context_sum*/,
                               std::int64_t /*longest*/) const {
    return 0;
  }

  /// Whether the longest context of a batch matters beside the sum.
  virtual bool knowsUnevenContexts() const { return false; }
  /// What n >= 1 decoding sequences take longer than decodeAttention() says because the longest attends to more than
  /// the mean. `excess` = n x longest - sum of contexts, which stays as it is while all contexts grow by one.
  virtual Ticks unevenAttention(int /*n*/, std::int64_t /*excess*/) const { return 0; }
};

/// The step times of a model together with those of its draft model.
class WithDraft final : public StepTimes {
 public:
  WithDraft(std::shared_ptr<const StepTimes> times, std::shared_ptr<const StepTimes> draft)
      : times_(std::move(times)), draft_(std::move(draft)) {}
  Ticks tokenwise(int tokens) const override { return times_->tokenwise(tokens); }
  Ticks perSequence(int sequences) const override { return times_->perSequence(sequences); }
  Segment decodeAttention(int n, std::int64_t context_sum) const override {
    return times_->decodeAttention(n, context_sum);
  }
  Segment prefillAttention(int chunk, std::int64_t prior) const override {
    return times_->prefillAttention(chunk, prior);
  }
  int maxTokens() const override { return times_->maxTokens(); }
  const StepTimes* draft() const override { return draft_.get(); }
  bool fusesAttention() const override { return times_->fusesAttention(); }
  Ticks fusedAttention(int chunk, std::int64_t prior, int n, std::int64_t context_sum,
                       std::int64_t longest) const override {
    return times_->fusedAttention(chunk, prior, n, context_sum, longest);
  }
  bool knowsUnevenContexts() const override { return times_->knowsUnevenContexts(); }
  Ticks unevenAttention(int n, std::int64_t excess) const override { return times_->unevenAttention(n, excess); }

 private:
  std::shared_ptr<const StepTimes> times_, draft_;
};

/// Constants for tests and queueing theory: every step takes the same time, or a linear one.
class LinearStepTimes final : public StepTimes {
 public:
  struct Rates {
    Ticks step = 0;             ///< per step
    Ticks token = 0;            ///< per token in the step
    Ticks decode_context = 0;   ///< per token of context of decoding sequences
    Ticks prefill_context = 0;  ///< per token of prior context, for each chunk
    Ticks sequence = 0;         ///< per emitting sequence
  };
  LinearStepTimes(Rates rates, int max_tokens) : rates_(rates), max_tokens_(max_tokens) {}
  Ticks tokenwise(int tokens) const override { return rates_.step + rates_.token * tokens; }
  Ticks perSequence(int sequences) const override { return rates_.sequence * sequences; }
  Segment decodeAttention(int, std::int64_t) const override { return {0, rates_.decode_context, 0, INT64_MAX}; }
  Segment prefillAttention(int, std::int64_t) const override { return {0, rates_.prefill_context, 0, INT64_MAX}; }
  int maxTokens() const override { return max_tokens_; }

 private:
  Rates rates_;
  int max_tokens_;
};

}  // namespace headroom::models
