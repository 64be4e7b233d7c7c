// When requests arrive. Open loop: a process draws the next arrival whatever the system does. Closed loop: a client
// sends when its last answer is complete, so only the simulator knows when; here it is a value.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "models/base/quantity.h"
#include "models/base/ticks.h"

namespace headroom::workloads {

/// Exponential gaps of mean 1/rate.
struct PoissonArrivals {
  PerSecond rate{};
  bool operator==(const PoissonArrivals&) const = default;
};
/// Gamma gaps of mean 1/rate; cv = standard deviation / mean of the gaps (vLLM's burstiness is 1/cv^2).
struct GammaArrivals {
  PerSecond rate{};
  double cv = 1;
  bool operator==(const GammaArrivals&) const = default;
};
/// One request every 1/rate, the first after one gap.
struct ConstantArrivals {
  PerSecond rate{};
  bool operator==(const ConstantArrivals&) const = default;
};
/// The arrival times of a recorded trace; gaps are divided by `rate_scale`.
struct TraceArrivals {
  std::string format;  ///< a name of traceFormats()
  std::filesystem::path file;
  double rate_scale = 1;
  bool operator==(const TraceArrivals&) const = default;
};
/// A trace made on the fly from a fitted trace model (trace_model.h); endless without `requests` or `duration`.
struct TraceModelArrivals {
  std::filesystem::path file;
  double rate_scale = 1;
  bool operator==(const TraceModelArrivals&) const = default;
};
/// `concurrency` clients; each sends, waits for the whole answer, thinks, sends again.
struct ClosedLoop {
  std::int32_t concurrency = 1;
  Seconds think_time{};
  bool operator==(const ClosedLoop&) const = default;
};

using ArrivalSpec =
    std::variant<PoissonArrivals, GammaArrivals, ConstantArrivals, TraceArrivals, TraceModelArrivals, ClosedLoop>;

/// An endless open-loop process.
class ArrivalProcess {
 public:
  virtual ~ArrivalProcess() = default;
  /// Time of the next arrival since the start; never less than the one before. kNever once the clock is exhausted.
  virtual Ticks next() = 0;
};

/// The process of `spec`, which must be Poisson, Gamma or constant (CHECKed); `name` names the random stream.
/// InputError if rate or cv is not a finite number above 0.
std::unique_ptr<ArrivalProcess> makeArrivalProcess(const ArrivalSpec& spec, std::uint64_t seed,
                                                   const std::string& name);

/// Throws InputError if a number of `spec` is out of range (rate, cv, rate_scale, concurrency, think time).
void checkArrivals(const ArrivalSpec& spec);

}  // namespace headroom::workloads
