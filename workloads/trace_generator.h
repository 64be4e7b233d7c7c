// Makes a trace from a trace model, row by row. Draws are stratified: within as many draws as the original had trains
// (or 1000 gaps or lengths) every stratum of the distribution occurs once, in random order, so that an hour of it is
// as typical as the hour it was fitted on. Leaves out: the spread between one such hour and another.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workloads/trace_model.h"
#include "workloads/trace_reader.h"

namespace headroom::workloads {

/// An endless trace; its random streams are named "arrivals/<name>/..." and "lengths/<name>/...".
std::unique_ptr<TraceReader> openTraceModel(const TraceModel& model, std::uint64_t seed, const std::string& name);

/// Ends a trace after `requests` rows or before the first arrival at or after `duration`, whichever comes first.
struct TraceLimit {
  std::optional<std::int64_t> requests{};
  std::optional<Seconds> duration{};
};
std::unique_ptr<TraceReader> limitTrace(std::unique_ptr<TraceReader> trace, const TraceLimit& limit);

/// The rows of `headroom trace generate`; without a limit as many requests as the original had.
std::vector<TraceRow> generateTrace(const TraceModel& model, std::uint64_t seed, const TraceLimit& limit = {});

}  // namespace headroom::workloads
