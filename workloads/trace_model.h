// A generator in place of a trace: derived statistics of a real one, none of its rows. YAML schema
// headroom.trace-model/1. Arrivals come in trains between quiet times (spiky traces) or follow a rate curve; lengths
// are drawn jointly, the output given the prompt. Leaves out: correlation between lengths and times, sessions,
// prefixes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "workloads/trace_reader.h"

namespace headroom::workloads {

/// (share, value) points of an inverse CDF, linear between them.
using QuantileTable = std::vector<std::pair<double, double>>;

/// A quantity >= 0; draws from `quantiles` are scaled so that their mean is exactly `mean`.
struct FittedDistribution {
  double mean = 1;
  QuantileTable quantiles;
  bool operator==(const FittedDistribution&) const = default;
};

/// Quiet, then a train of requests, quiet, train...; sizes, gaps and quiet times are independent.
struct TrainArrivals {
  std::int64_t trains = 1;      ///< in the span of the original; strata of the draws
  FittedDistribution quiet;     ///< seconds from the last request of a train to the first of the next
  FittedDistribution requests;  ///< in a train
  FittedDistribution gap;       ///< seconds between requests of a train
  bool operator==(const TrainArrivals&) const = default;
};

/// A rate that is constant within windows and repeats after the last; gaps independent in units of 1/rate.
struct CurveArrivals {
  PerSecond rate{};
  Seconds window{};
  std::vector<double> relative_rate;  ///< of each window, against `rate`
  FittedDistribution gap;             ///< of mean near 1
  bool operator==(const CurveArrivals&) const = default;
};

/// Prompt by inverse CDF, output by inverse CDF of the prompt's bin.
struct JointLengths {
  struct Bin {
    double prompt_up_to = 0;  ///< tokens, included; the last bin takes everything above too
    QuantileTable output_tokens;
    bool operator==(const Bin&) const = default;
  };
  QuantileTable prompt_tokens;
  std::vector<Bin> bins;  ///< by rising prompt_up_to
  bool operator==(const JointLengths&) const = default;
};

struct TraceModel {
  std::string name;
  std::string source;         ///< whose statistics these are, with licence
  std::int64_t requests = 0;  ///< of the original
  Seconds span{};             ///< of the original
  std::variant<TrainArrivals, CurveArrivals> arrivals;
  JointLengths lengths;
  bool operator==(const TraceModel&) const = default;
};

/// Statistics of a trace as a generator: a rate curve if it leaves gaps of cv <= 2, else trains, which end at gaps of
/// 10 times the median and more. InputError on a trace of fewer than 200 rows. Holds the trace in memory.
TraceModel fitTraceModel(TraceReader& trace, const std::string& name, const std::string& source);

/// Throws InputError if the file is no proper trace model.
TraceModel loadTraceModel(const std::filesystem::path& file);
TraceModel readTraceModel(const Value& value);
DocumentNode toDocument(const TraceModel& model);

}  // namespace headroom::workloads
