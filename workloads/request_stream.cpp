#include "workloads/request_stream.h"

#include <algorithm>
#include <optional>

#include "models/base/error.h"
#include "workloads/rng.h"
#include "workloads/trace_generator.h"
#include "workloads/trace_reader.h"

namespace headroom::workloads {
namespace {

/// An arrival process seen as a trace whose rows have no lengths.
class ProcessRows : public TraceReader {
 public:
  explicit ProcessRows(std::unique_ptr<ArrivalProcess> process) : process_(std::move(process)) {}
  bool next(TraceRow& row) override {
    row.arrival = process_->next();
    return row.arrival != kNever;
  }

 private:
  std::unique_ptr<ArrivalProcess> process_;
};

std::unique_ptr<TraceReader> openArrivals(const WorkloadSpec& spec, std::uint64_t seed) {
  if (const auto* trace = std::get_if<TraceArrivals>(&spec.arrivals)) {
    return scaleRate(openTrace(trace->format, trace->file), trace->rate_scale);
  }
  if (const auto* model = std::get_if<TraceModelArrivals>(&spec.arrivals)) {
    return scaleRate(openTraceModel(loadTraceModel(model->file), seed, spec.name), model->rate_scale);
  }
  return std::make_unique<ProcessRows>(makeArrivalProcess(spec.arrivals, seed, spec.name));
}

/// Draws what the trace does not give and applies the max_tokens rule.
class Lengths {
 public:
  Lengths(const WorkloadSpec& spec, std::uint64_t seed)
      : prompt_(spec.prompt_tokens),
        output_(spec.output_tokens),
        max_tokens_(spec.max_tokens),
        prompt_rng_(seed, "lengths/" + spec.name + "/prompt"),
        output_rng_(seed, "lengths/" + spec.name + "/output") {}

  /// `row` is only looked at for lengths {from: trace}.
  void fill(const TraceRow& row, Request& request) {
    request.prompt_tokens = fromTrace(prompt_) ? row.prompt_tokens : drawLength(prompt_, prompt_rng_);
    request.output_tokens = fromTrace(output_) ? row.output_tokens : drawLength(output_, output_rng_);
    switch (max_tokens_.rule) {
      case MaxTokens::Rule::same_as_output:
        request.max_tokens = request.output_tokens;
        break;
      case MaxTokens::Rule::omitted:
        request.max_tokens = 0;
        break;
      case MaxTokens::Rule::fixed:
        request.max_tokens = max_tokens_.tokens;
        request.output_tokens = std::min(request.output_tokens, max_tokens_.tokens);
        break;
    }
  }

 private:
  static bool fromTrace(const LengthSpec& spec) { return std::holds_alternative<LengthFromTrace>(spec); }
  LengthSpec prompt_, output_;
  MaxTokens max_tokens_;
  Rng prompt_rng_, output_rng_;
};

class OpenLoopStream : public RequestStream {
 public:
  OpenLoopStream(const WorkloadSpec& spec, std::uint64_t seed)
      : rows_(openArrivals(spec, seed)),
        lengths_(spec, seed),
        left_(spec.requests.value_or(INT64_MAX)),
        end_(spec.duration ? toTicks(*spec.duration) : kNever) {}

  bool next(Request& request) override {
    if (left_ == 0 || !rows_->next(row_) || row_.arrival >= end_) {
      left_ = 0;  // what ended stays ended: the rows may not be asked again
      return false;
    }
    --left_;
    request = Request{.id = next_id_++, .workload = 0, .arrival = row_.arrival};
    lengths_.fill(row_, request);
    return true;
  }

 private:
  std::unique_ptr<TraceReader> rows_;
  Lengths lengths_;
  TraceRow row_;
  std::int64_t left_;
  Ticks end_;
  std::uint64_t next_id_ = 0;
};

class ClosedLoopLengths : public LengthStream {
 public:
  ClosedLoopLengths(const WorkloadSpec& spec, std::uint64_t seed)
      : lengths_(spec, seed), left_(spec.requests.value_or(INT64_MAX)) {}

  bool nextLengths(Request& request) override {
    if (left_ == 0) return false;
    --left_;
    lengths_.fill(no_row_, request);
    return true;
  }

 private:
  Lengths lengths_;
  TraceRow no_row_;
  std::int64_t left_;
};

}  // namespace

std::unique_ptr<RequestStream> openStream(const WorkloadSpec& spec, std::uint64_t seed) {
  CHECK(!isClosedLoop(spec), "a closed loop has no arrivals of its own");
  checkWorkload(spec);
  return std::make_unique<OpenLoopStream>(spec, seed);
}

std::unique_ptr<LengthStream> openLengths(const WorkloadSpec& spec, std::uint64_t seed) {
  CHECK(isClosedLoop(spec), "an open loop gives requests, not lengths");
  checkWorkload(spec);
  return std::make_unique<ClosedLoopLengths>(spec, seed);
}

MergedStream::MergedStream(std::vector<Source> sources) {
  std::stable_sort(sources.begin(), sources.end(),
                   [](const Source& a, const Source& b) { return a.workload < b.workload; });
  for (Source& source : sources) {
    Waiting waiting{.head = {}, .stream = std::move(source.stream)};
    if (!waiting.stream->next(waiting.head)) continue;
    waiting.head.workload = source.workload;
    waiting_.push_back(std::move(waiting));
  }
}

bool MergedStream::next(Request& request) {
  if (waiting_.empty()) return false;
  const auto first = std::min_element(waiting_.begin(), waiting_.end(), [](const Waiting& a, const Waiting& b) {
    return a.head.arrival < b.head.arrival;
  });
  request = first->head;
  request.id = next_id_++;
  if (first->stream->next(first->head)) {
    first->head.workload = request.workload;
  } else {
    waiting_.erase(first);
  }
  return true;
}

}  // namespace headroom::workloads
