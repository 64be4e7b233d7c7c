// What a trace looks like, in one pass: rate, burstiness of gaps and of minute counts, lengths and their correlation.
// Memory grows with the span in 10-minute windows, the number of different lengths and, where a trace tells of text,
// with the amount of different text; not with the rows.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "workloads/trace_reader.h"

namespace headroom::workloads {

inline constexpr std::array kLengthShares{0.05, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1.0};

struct LengthStatistics {
  double mean = 0;                                       ///< tokens
  std::array<double, kLengthShares.size()> quantiles{};  ///< tokens at kLengthShares, linear between order statistics
  bool operator==(const LengthStatistics&) const = default;
};

/// What needs more rows or minutes than there are is 0.
struct TraceStatistics {
  std::int64_t rows = 0;
  std::int64_t failed = 0;  ///< of the rows; they count as arrivals and have no lengths
  Seconds span{};           ///< last arrival - first arrival
  double rate_per_s = 0;    ///< rows / span
  double cv = 0;            ///< standard deviation / mean of the gaps between arrivals
  double cv_10min = 0;      ///< median of the cv inside 10-minute windows that hold two gaps or more
  double peak_to_mean = 0;  ///< of the counts of whole minutes
  double dispersion = 0;    ///< index of dispersion: variance / mean of the counts of whole minutes
  LengthStatistics prompt_tokens{};
  LengthStatistics output_tokens{};
  double correlation = 0;  ///< Pearson, prompt against output
  /// Share of the prompt tokens that an earlier prompt began with too: the hit rate of an endless prefix cache that
  /// keeps single tokens. 0 where nothing is known of the text.
  double shared_prefix = 0;
  bool operator==(const TraceStatistics&) const = default;
};

/// Mean and variance by Welford's method.
class RunningMoments {
 public:
  void add(double value);
  std::int64_t count() const { return count_; }
  double mean() const { return mean_; }
  double variance() const { return count_ > 0 ? squares_ / static_cast<double>(count_) : 0; }
  /// Standard deviation / mean; 0 if the mean is 0.
  double cv() const;

 private:
  std::int64_t count_ = 0;
  double mean_ = 0, squares_ = 0;
};

/// How far each prompt begins like an earlier one. Memory grows with the number of different spans.
class PrefixMeter {
 public:
  /// Tokens at the start of `content` that were seen before, in this order.
  std::int64_t add(const std::vector<ContentSpan>& content);

 private:
  std::unordered_map<std::uint64_t, std::int32_t> longest_;  // text before the span and its id -> tokens seen of it
};

class TraceMeter {
 public:
  void add(const TraceRow& row);
  TraceStatistics statistics() const;

 private:
  void addArrival(Ticks arrival);
  void addLengths(const TraceRow& row);
  void closeMinutesBefore(std::int64_t minute);

  std::int64_t rows_ = 0, with_lengths_ = 0;
  Ticks first_ = 0, last_ = 0;
  RunningMoments gaps_, window_gaps_, minute_counts_;
  std::vector<double> window_cvs_;
  std::int64_t window_ = 0, minute_ = 0, minute_count_ = 0;
  double peak_ = 0;
  std::map<std::int32_t, std::int64_t> prompts_, outputs_;
  double mean_prompt_ = 0, mean_output_ = 0, covariance_ = 0, prompt_squares_ = 0, output_squares_ = 0;
  PrefixMeter prefixes_;
  std::int64_t prompt_tokens_ = 0, shared_tokens_ = 0;
};

/// Reads the trace to its end.
TraceStatistics measureTrace(TraceReader& trace);

/// One line of the table that sets a synthetic trace beside its original.
struct ComparedStatistic {
  std::string name;
  double original = 0;
  double synthetic = 0;
  /// (synthetic / original - 1) x 100; absent where a ratio says nothing (correlation, an original of 0).
  std::optional<double> difference_pct{};
  bool operator==(const ComparedStatistic&) const = default;
};
std::vector<ComparedStatistic> compareTraces(const TraceStatistics& original, const TraceStatistics& synthetic);

}  // namespace headroom::workloads
