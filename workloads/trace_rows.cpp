#include "workloads/trace_rows.h"

#include <fmt/format.h>

#include <set>

#include "models/base/error.h"
#include "workloads/trace_generator.h"

namespace headroom::workloads {
namespace {

constexpr std::size_t kClassesRemembered = 100;

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

/// Picks the rows of one class and decides about failed requests.
class ChosenRows : public TraceFilter {
 public:
  ChosenRows(std::unique_ptr<TraceReader> trace, const TraceArrivals& spec, std::string workload)
      : TraceFilter(std::move(trace)), spec_(spec), workload_(std::move(workload)) {}

  bool next(TraceRow& row) override {
    while (trace_->next(row)) {
      if (!row.class_name.empty() && classes_.size() < kClassesRemembered) classes_.insert(row.class_name);
      if (spec_.trace_class && row.class_name != *spec_.trace_class) continue;
      any_ = true;
      if (!row.failed) return true;
      ++failed_;
      if (spec_.failed_requests == TraceArrivals::Failed::leave_out) continue;
      row.prompt_tokens = std::max(row.prompt_tokens, 1);
      row.output_tokens = 1;
      return true;
    }
    if (!any_ && spec_.trace_class) failWithoutRows();
    return false;
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = TraceFilter::warnings();
    if (failed_ > 0) {
      all.push_back(fmt::format(
          "workload {}: {} requests failed when the trace was recorded and have no answer: {}", workload_, failed_,
          spec_.failed_requests == TraceArrivals::Failed::keep ? "replayed with one of 1 token" : "left out"));
    }
    if (classes_.size() > 1 && !spec_.trace_class) {
      all.push_back(
          fmt::format("workload {}: requests of {} classes of the trace count as one: {}; trace_class picks "
                      "one of them",
                      workload_, classes_.size(), fmt::join(classes_, ", ")));
    }
    return all;
  }

 private:
  [[noreturn]] void failWithoutRows() const {
    throw InputError(
        {.file = spec_.file.string(), .line = 0, .path = "workload " + workload_},
        fmt::format("no row is of trace_class \"{}\"", *spec_.trace_class),
        classes_.empty() ? "the trace has no classes" : fmt::format("it has {}", fmt::join(classes_, ", ")));
  }

  TraceArrivals spec_;
  std::string workload_;
  std::set<std::string> classes_;
  std::int64_t failed_ = 0;
  bool any_ = false;
};

}  // namespace

std::unique_ptr<TraceReader> openWorkloadRows(const WorkloadSpec& spec, std::uint64_t seed) {
  if (const auto* trace = std::get_if<TraceArrivals>(&spec.arrivals)) {
    const TraceOptions options{.hash_block_tokens = trace->hash_block_tokens, .seed = seed, .name = spec.name};
    auto rows = std::make_unique<ChosenRows>(openTrace(trace->format, trace->file, options), *trace, spec.name);
    return scaleRate(std::move(rows), trace->rate_scale);
  }
  if (const auto* model = std::get_if<TraceModelArrivals>(&spec.arrivals)) {
    return scaleRate(openTraceModel(loadTraceModel(model->file), seed, spec.name), model->rate_scale);
  }
  return std::make_unique<ProcessRows>(makeArrivalProcess(spec.arrivals, seed, spec.name));
}

}  // namespace headroom::workloads
