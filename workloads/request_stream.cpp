#include "workloads/request_stream.h"

#include <algorithm>
#include <optional>

#include "models/base/error.h"
#include "workloads/rng.h"
#include "workloads/sessions.h"
#include "workloads/trace_rows.h"

namespace headroom::workloads {
namespace {

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
    applyMaxTokens(max_tokens_, request);
  }

 private:
  static bool fromTrace(const LengthSpec& spec) { return std::holds_alternative<LengthFromTrace>(spec); }
  LengthSpec prompt_, output_;
  MaxTokens max_tokens_;
  Rng prompt_rng_, output_rng_;
};

class OpenLoopStream : public RequestStream {
 public:
  OpenLoopStream(const WorkloadSpec& spec, std::uint64_t seed, const RequestMarks& marks)
      : rows_(openWorkloadRows(spec, seed)),
        lengths_(spec, seed),
        details_(marks, spec.name),
        keep_text_(std::holds_alternative<LengthFromTrace>(spec.prompt_tokens)),
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
    request.details = details_.ofRow(row_, keep_text_);
    return true;
  }
  std::vector<std::string> warnings() const override { return rows_->warnings(); }

 private:
  std::unique_ptr<TraceReader> rows_;
  Lengths lengths_;
  DetailsMaker details_;
  bool keep_text_;
  TraceRow row_;
  std::int64_t left_;
  Ticks end_;
  std::uint64_t next_id_ = 0;
};

class ClosedLoopLengths : public LengthStream {
 public:
  ClosedLoopLengths(const WorkloadSpec& spec, std::uint64_t seed, const RequestMarks& marks)
      : lengths_(spec, seed), details_(marks, spec.name), left_(spec.requests.value_or(INT64_MAX)) {}

  bool nextLengths(Request& request) override {
    if (left_ == 0) return false;
    --left_;
    lengths_.fill(no_row_, request);
    request.details = details_.common();
    return true;
  }

 private:
  Lengths lengths_;
  DetailsMaker details_;
  TraceRow no_row_;
  std::int64_t left_;
};

/// The turns of one session after another.
class SessionLengths : public LengthStream {
 public:
  SessionLengths(const WorkloadSpec& spec, std::uint64_t seed, const RequestMarks& marks)
      : sessions_(spec, seed, marks) {}

  bool nextLengths(Request& request) override {
    while (!session_ || !session_->hasNext()) {
      std::optional<Session> next = sessions_.begin();
      if (!next) return false;
      session_.emplace(*next);
    }
    return sessions_.next(*session_, request);
  }

 private:
  Sessions sessions_;
  std::optional<Session> session_;
};

}  // namespace

std::unique_ptr<RequestStream> openStream(const WorkloadSpec& spec, std::uint64_t seed, const RequestMarks& marks) {
  CHECK(!needsAnswers(spec), "a closed loop has no arrivals of its own");
  checkWorkload(spec);
  return std::make_unique<OpenLoopStream>(spec, seed, marks);
}

std::unique_ptr<LengthStream> openLengths(const WorkloadSpec& spec, std::uint64_t seed, const RequestMarks& marks) {
  CHECK(needsAnswers(spec), "an open loop gives requests, not lengths");
  checkWorkload(spec);
  if (spec.sessions) return std::make_unique<SessionLengths>(spec, seed, marks);
  return std::make_unique<ClosedLoopLengths>(spec, seed, marks);
}

MergedStream::MergedStream(std::vector<Source> sources) {
  std::stable_sort(sources.begin(), sources.end(),
                   [](const Source& a, const Source& b) { return a.workload < b.workload; });
  for (Source& source : sources) {
    Waiting waiting{.head = {}, .stream = std::move(source.stream)};
    if (!waiting.stream->next(waiting.head)) {
      for (std::string& warning : waiting.stream->warnings()) warnings_.push_back(std::move(warning));
      continue;
    }
    waiting.head.workload = source.workload;
    waiting_.push_back(std::move(waiting));
  }
}

bool MergedStream::next(Request& request) {
  if (waiting_.empty()) return false;
  const auto first = std::min_element(waiting_.begin(), waiting_.end(), [](const Waiting& a, const Waiting& b) {
    return a.head.arrival < b.head.arrival;
  });
  request = std::move(first->head);
  request.id = next_id_++;
  if (first->stream->next(first->head)) {
    first->head.workload = request.workload;
  } else {
    for (std::string& warning : first->stream->warnings()) warnings_.push_back(std::move(warning));
    waiting_.erase(first);
  }
  return true;
}

std::vector<std::string> MergedStream::warnings() const {
  std::vector<std::string> all = warnings_;
  for (const Waiting& waiting : waiting_) {
    for (std::string& warning : waiting.stream->warnings()) all.push_back(std::move(warning));
  }
  return all;
}

}  // namespace headroom::workloads
