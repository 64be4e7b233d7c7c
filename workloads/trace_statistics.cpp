#include "workloads/trace_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/base/files.h"

namespace headroom::workloads {
namespace {

constexpr Ticks kMinute = 60 * static_cast<Ticks>(kTicksPerSecond);

using Counts = std::map<std::int32_t, std::int64_t>;

/// The order statistics `rank` and `rank + 1` (from 0), mixed by `mix`.
double orderStatistic(const Counts& counts, std::int64_t rank, double mix) {
  std::int64_t below = 0;
  for (auto at = counts.begin(); at != counts.end(); ++at) {
    below += at->second;
    if (below <= rank) continue;
    const auto above = below > rank + 1 || std::next(at) == counts.end() ? at : std::next(at);
    return at->first + mix * (above->first - at->first);
  }
  return 0;
}

LengthStatistics lengthsOf(const Counts& counts, std::int64_t rows, double mean) {
  LengthStatistics statistics{.mean = mean};
  for (std::size_t i = 0; i < kLengthShares.size() && rows > 0; ++i) {
    const double position = kLengthShares[i] * static_cast<double>(rows - 1);
    const double rank = std::floor(position);
    statistics.quantiles[i] = orderStatistic(counts, static_cast<std::int64_t>(rank), position - rank);
  }
  return statistics;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

ComparedStatistic compared(std::string name, double original, double synthetic) {
  ComparedStatistic line{.name = std::move(name), .original = original, .synthetic = synthetic};
  if (original != 0) line.difference_pct = (synthetic / original - 1) * 100;
  return line;
}

void compareLengths(const std::string& name, const LengthStatistics& original, const LengthStatistics& synthetic,
                    std::vector<ComparedStatistic>& table) {
  table.push_back(compared(name + " mean", original.mean, synthetic.mean));
  for (std::size_t i = 0; i < kLengthShares.size(); ++i) {
    const std::string share = kLengthShares[i] == 1 ? "max" : fmt::format("p{:.0f}", kLengthShares[i] * 100);
    table.push_back(compared(name + " " + share, original.quantiles[i], synthetic.quantiles[i]));
  }
}

}  // namespace

void RunningMoments::add(double value) {
  ++count_;
  const double from_old_mean = value - mean_;
  mean_ += from_old_mean / static_cast<double>(count_);
  squares_ += from_old_mean * (value - mean_);
}

double RunningMoments::cv() const {
  return mean_ > 0 ? std::sqrt(variance()) / mean_ : 0;
}

std::int64_t PrefixMeter::add(const std::vector<ContentSpan>& content) {
  std::int64_t shared = 0;
  bool as_before = true;
  std::uint64_t text_before = hashBytes("");
  for (const ContentSpan& span : content) {
    if (span.id == kUnsharedText) break;
    text_before = hashBytes({reinterpret_cast<const char*>(&span.id), sizeof span.id}, text_before);
    std::int32_t& longest = longest_[text_before];
    if (as_before) shared += std::min(span.tokens, longest);
    as_before = as_before && longest == span.tokens;
    longest = std::max(longest, span.tokens);
    text_before = hashBytes({reinterpret_cast<const char*>(&span.tokens), sizeof span.tokens}, text_before);
  }
  return shared;
}

void TraceMeter::add(const TraceRow& row) {
  addArrival(row.arrival);
  ++rows_;
  if (!row.failed) addLengths(row);
  prompt_tokens_ += row.prompt_tokens;
  shared_tokens_ += prefixes_.add(row.content);
}

void TraceMeter::addLengths(const TraceRow& row) {
  ++prompts_[row.prompt_tokens];
  ++outputs_[row.output_tokens];
  const double n = static_cast<double>(++with_lengths_);
  const double prompt = row.prompt_tokens - mean_prompt_, output = row.output_tokens - mean_output_;
  mean_prompt_ += prompt / n;
  mean_output_ += output / n;
  covariance_ += prompt * (row.output_tokens - mean_output_);
  prompt_squares_ += prompt * (row.prompt_tokens - mean_prompt_);
  output_squares_ += output * (row.output_tokens - mean_output_);
}

void TraceMeter::addArrival(Ticks arrival) {
  if (rows_ == 0) first_ = last_ = arrival;
  const double gap = toSeconds(arrival - last_).value();
  const std::int64_t window = (arrival - first_) / (10 * kMinute);
  if (window != window_) {  // a gap across the border belongs to neither window
    if (window_gaps_.count() >= 2) window_cvs_.push_back(window_gaps_.cv());
    window_gaps_ = {};
    window_ = window;
  } else if (rows_ > 0) {
    window_gaps_.add(gap);
  }
  if (rows_ > 0) gaps_.add(gap);
  closeMinutesBefore((arrival - first_) / kMinute);
  ++minute_count_;
  last_ = arrival;
}

void TraceMeter::closeMinutesBefore(std::int64_t minute) {
  for (; minute_ < minute; ++minute_) {
    minute_counts_.add(static_cast<double>(minute_count_));
    peak_ = std::max(peak_, static_cast<double>(minute_count_));
    minute_count_ = 0;
  }
}

TraceStatistics TraceMeter::statistics() const {
  TraceStatistics result{.rows = rows_, .failed = rows_ - with_lengths_, .span = toSeconds(last_ - first_)};
  if (last_ > first_) result.rate_per_s = static_cast<double>(rows_) / result.span.value();
  result.cv = gaps_.cv();
  std::vector<double> cvs = window_cvs_;
  if (window_gaps_.count() >= 2) cvs.push_back(window_gaps_.cv());
  result.cv_10min = median(std::move(cvs));
  if (minute_counts_.mean() > 0) {
    result.peak_to_mean = peak_ / minute_counts_.mean();
    result.dispersion = minute_counts_.variance() / minute_counts_.mean();
  }
  result.prompt_tokens = lengthsOf(prompts_, with_lengths_, mean_prompt_);
  result.output_tokens = lengthsOf(outputs_, with_lengths_, mean_output_);
  const double spread = std::sqrt(prompt_squares_) * std::sqrt(output_squares_);
  if (spread > 0) result.correlation = covariance_ / spread;
  if (prompt_tokens_ > 0) {
    result.shared_prefix = static_cast<double>(shared_tokens_) / static_cast<double>(prompt_tokens_);
  }
  return result;
}

TraceStatistics measureTrace(TraceReader& trace) {
  TraceMeter meter;
  for (TraceRow row; trace.next(row);) meter.add(row);
  return meter.statistics();
}

std::vector<ComparedStatistic> compareTraces(const TraceStatistics& original, const TraceStatistics& synthetic) {
  std::vector<ComparedStatistic> table;
  table.push_back(compared("rows", static_cast<double>(original.rows), static_cast<double>(synthetic.rows)));
  table.push_back(compared("span_s", original.span.value(), synthetic.span.value()));
  table.push_back(compared("rate_per_s", original.rate_per_s, synthetic.rate_per_s));
  table.push_back(compared("cv", original.cv, synthetic.cv));
  table.push_back(compared("cv_10min", original.cv_10min, synthetic.cv_10min));
  table.push_back(compared("peak_to_mean", original.peak_to_mean, synthetic.peak_to_mean));
  table.push_back(compared("dispersion", original.dispersion, synthetic.dispersion));
  compareLengths("prompt_tokens", original.prompt_tokens, synthetic.prompt_tokens, table);
  compareLengths("output_tokens", original.output_tokens, synthetic.output_tokens, table);
  table.push_back({.name = "correlation", .original = original.correlation, .synthetic = synthetic.correlation});
  return table;
}

}  // namespace headroom::workloads
