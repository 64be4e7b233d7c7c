#include "workloads/trace_generator.h"

#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "workloads/inverse_cdf.h"
#include "workloads/rng.h"

namespace headroom::workloads {
namespace {

constexpr std::int64_t kGapStrata = 1000;
constexpr std::int64_t kPromptStrata = 1000;
constexpr std::int64_t kOutputStrata = 100;

/// Uniform numbers in [0, 1) of which every `strata` in a row hit each of `strata` equal intervals once.
class StratifiedUniform {
 public:
  StratifiedUniform(std::uint64_t seed, const std::string& name, std::int64_t strata)
      : rng_(seed, name), order_(static_cast<std::size_t>(strata)), used_(order_.size()) {
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<double>(i);
  }
  double next() {
    if (used_ == order_.size()) shuffle();
    return (order_[used_++] + rng_.uniform()) / static_cast<double>(order_.size());
  }

 private:
  void shuffle() {
    for (std::size_t i = order_.size() - 1; i > 0; --i) {
      std::swap(order_[i], order_[static_cast<std::size_t>(rng_.integer(0, static_cast<std::int64_t>(i)))]);
    }
    used_ = 0;
  }
  Rng rng_;
  std::vector<double> order_;
  std::size_t used_;
};

double meanOf(const QuantileTable& table) {
  double sum = 0;
  for (std::size_t i = 1; i < table.size(); ++i) {
    sum += (table[i].first - table[i - 1].first) * 0.5 * (table[i].second + table[i - 1].second);
  }
  return sum;
}

/// Draws from a fitted distribution with its exact mean.
class Sampler {
 public:
  Sampler(const FittedDistribution& distribution, std::uint64_t seed, const std::string& name, std::int64_t strata)
      : quantiles_(distribution.quantiles),
        scale_(distribution.mean > 0 ? distribution.mean / meanOf(distribution.quantiles) : 0),
        uniform_(seed, name, strata) {}
  double next() { return scale_ * quantiles_.at(uniform_.next()); }

 private:
  InverseCdf quantiles_;
  double scale_;
  StratifiedUniform uniform_;
};

/// Seconds from one arrival to the next.
class GapSource {
 public:
  virtual ~GapSource() = default;
  virtual double next() = 0;
};

class TrainGaps : public GapSource {
 public:
  TrainGaps(const TrainArrivals& arrivals, std::uint64_t seed, const std::string& name)
      : quiet_(arrivals.quiet, seed, name + "/quiet", arrivals.trains),
        requests_(arrivals.requests, seed, name + "/requests", arrivals.trains),
        gap_(arrivals.gap, seed, name + "/gap", kGapStrata),
        left_(drawTrain()) {}

  double next() override {
    if (--left_ > 0) return gap_.next();
    left_ = drawTrain();
    return quiet_.next();
  }

 private:
  /// Requests of the next train. What rounding takes from one train the next one gets, so that the mean stays.
  std::int64_t drawTrain() {
    owed_ += requests_.next();
    const auto size = std::max<std::int64_t>(1, std::llround(owed_));
    owed_ -= static_cast<double>(size);
    return size;
  }
  Sampler quiet_, requests_, gap_;
  double owed_ = 0;
  std::int64_t left_;
};

class CurveGaps : public GapSource {
 public:
  CurveGaps(const CurveArrivals& curve, std::uint64_t seed, const std::string& name)
      : curve_(curve), gap_(curve.gap, seed, name + "/gap", kGapStrata) {}

  double next() override {
    double expected = gap_.next(), waited = 0;  // `expected` arrivals must pass under the curve
    for (;;) {
      const double rate = curve_.relative_rate[window_] * curve_.rate.value();
      const double rest = curve_.window.value() - into_window_;
      if (expected <= rate * rest && rate > 0) {
        into_window_ += expected / rate;
        return waited + expected / rate;
      }
      expected -= rate * rest;
      waited += rest;
      into_window_ = 0;
      window_ = (window_ + 1) % curve_.relative_rate.size();
    }
  }

 private:
  CurveArrivals curve_;
  Sampler gap_;
  std::size_t window_ = 0;
  double into_window_ = 0;
};

std::unique_ptr<GapSource> openGaps(const TraceModel& model, std::uint64_t seed, const std::string& name) {
  if (const auto* trains = std::get_if<TrainArrivals>(&model.arrivals)) {
    return std::make_unique<TrainGaps>(*trains, seed, name);
  }
  return std::make_unique<CurveGaps>(std::get<CurveArrivals>(model.arrivals), seed, name);
}

class JointSampler {
 public:
  JointSampler(const JointLengths& lengths, std::uint64_t seed, const std::string& name)
      : prompt_tokens_(lengths.prompt_tokens), prompt_(seed, name + "/prompt", kPromptStrata) {
    for (std::size_t i = 0; i < lengths.bins.size(); ++i) {
      bins_.push_back({lengths.bins[i].prompt_up_to, InverseCdf(lengths.bins[i].output_tokens)});
      outputs_.emplace_back(seed, name + "/output/" + std::to_string(i), kOutputStrata);
    }
  }
  void fill(TraceRow& row) {
    const double prompt = std::floor(prompt_tokens_.at(prompt_.next()) + 0.5);
    std::size_t bin = 0;
    while (bin + 1 < bins_.size() && prompt > bins_[bin].prompt_up_to) ++bin;
    const double output = std::floor(bins_[bin].output_tokens.at(outputs_[bin].next()) + 0.5);
    row.prompt_tokens = static_cast<std::int32_t>(prompt);
    row.output_tokens = static_cast<std::int32_t>(output);
  }

 private:
  struct Bin {
    double prompt_up_to;
    InverseCdf output_tokens;
  };
  InverseCdf prompt_tokens_;
  std::vector<Bin> bins_;
  StratifiedUniform prompt_;
  std::vector<StratifiedUniform> outputs_;
};

class GeneratedTrace : public TraceReader {
 public:
  GeneratedTrace(const TraceModel& model, std::uint64_t seed, const std::string& name)
      : gaps_(openGaps(model, seed, "arrivals/" + name)), lengths_(model.lengths, seed, "lengths/" + name) {}

  bool next(TraceRow& row) override {
    if (started_) now_ += toTicks(Seconds(std::min(gaps_->next(), kLongestRun.value())));
    started_ = true;
    if (now_ > toTicks(kLongestRun)) return false;
    row = TraceRow{.arrival = now_};
    lengths_.fill(row);
    return true;
  }

 private:
  std::unique_ptr<GapSource> gaps_;
  JointSampler lengths_;
  Ticks now_ = 0;
  bool started_ = false;
};

class LimitedTrace : public TraceFilter {
 public:
  LimitedTrace(std::unique_ptr<TraceReader> trace, const TraceLimit& limit)
      : TraceFilter(std::move(trace)),
        left_(limit.requests.value_or(INT64_MAX)),
        end_(limit.duration ? toTicks(*limit.duration) : kNever) {}
  bool next(TraceRow& row) override {
    if (left_ <= 0 || !trace_->next(row) || row.arrival >= end_) return (left_ = 0) != 0;
    --left_;
    return true;
  }

 private:
  std::int64_t left_;
  Ticks end_;
};

}  // namespace

std::unique_ptr<TraceReader> openTraceModel(const TraceModel& model, std::uint64_t seed, const std::string& name) {
  return std::make_unique<GeneratedTrace>(model, seed, name);
}

std::unique_ptr<TraceReader> limitTrace(std::unique_ptr<TraceReader> trace, const TraceLimit& limit) {
  return std::make_unique<LimitedTrace>(std::move(trace), limit);
}

std::vector<TraceRow> generateTrace(const TraceModel& model, std::uint64_t seed, const TraceLimit& limit) {
  TraceLimit until = limit;
  if (!until.requests && !until.duration) until.requests = model.requests;
  return readAll(*limitTrace(openTraceModel(model, seed, model.name), until));
}

}  // namespace headroom::workloads
