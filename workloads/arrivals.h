// When requests arrive. Open loop: a process draws the next arrival whatever the system does. Closed loop: a client
// sends when its last answer is complete, so only the simulator knows when; here it is a value.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

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
/// Weibull gaps of mean 1/rate.
struct WeibullArrivals {
  PerSecond rate{};
  double cv = 1;
  bool operator==(const WeibullArrivals&) const = default;
};
/// Markov-modulated Poisson process: Poisson arrivals whose rate is that of a hidden state. A state lasts an
/// exponential time of mean `dwell`; the next one is any of the others with equal chances.
struct MmppArrivals {
  struct State {
    PerSecond rate{};
    Seconds dwell{};
    bool operator==(const State&) const = default;
  };
  std::vector<State> states;
  bool operator==(const MmppArrivals&) const = default;
};
/// The rate is `factor` times what it would be, from `at` for `duration`, once or again `every` so long.
struct Spike {
  Seconds at{};
  Seconds duration{};
  double factor = 1;
  std::optional<Seconds> every{};
  bool operator==(const Spike&) const = default;
};
/// A daily wave: a cosine around the mean `rate`. Gaps in expected arrivals have the given cv (1: Poisson).
struct DiurnalArrivals {
  PerSecond rate{};
  double peak_to_trough = 1;
  Seconds peak_at{};  ///< time of a peak since the start
  Seconds period{86400};
  double cv = 1;
  std::vector<Spike> spikes{};
  bool operator==(const DiurnalArrivals&) const = default;
};
/// A rate that is linear between points in time and constant after the last; two points at one time are a step.
struct RampArrivals {
  struct Point {
    Seconds at{};
    PerSecond rate{};
    bool operator==(const Point&) const = default;
  };
  std::vector<Point> points;
  double cv = 1;
  std::vector<Spike> spikes{};
  bool operator==(const RampArrivals&) const = default;
};
/// One request every 1/rate, the first after one gap.
struct ConstantArrivals {
  PerSecond rate{};
  bool operator==(const ConstantArrivals&) const = default;
};
/// The arrival times of a recorded trace; gaps are divided by `rate_scale`.
struct TraceArrivals {
  enum class Failed {
    keep,       ///< failed requests arrive and get an answer of one token
    leave_out,  ///< they do not arrive
  };
  std::string format;  ///< a name of traceFormats()
  std::filesystem::path file;
  double rate_scale = 1;
  std::optional<std::string> trace_class{};         ///< only the rows of this class
  std::optional<std::int32_t> hash_block_tokens{};  ///< of a block of `hash_ids`; unset: the format's own
  Failed failed_requests = Failed::keep;
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

using ArrivalSpec = std::variant<PoissonArrivals, GammaArrivals, WeibullArrivals, ConstantArrivals, MmppArrivals,
                                 DiurnalArrivals, RampArrivals, TraceArrivals, TraceModelArrivals, ClosedLoop>;

/// An endless open-loop process.
class ArrivalProcess {
 public:
  virtual ~ArrivalProcess() = default;
  /// Time of the next arrival since the start; never less than the one before. kNever once the clock is exhausted.
  virtual Ticks next() = 0;
};

/// The process of `spec`, which must be neither a trace, a trace model nor a closed loop (CHECKed); `name` names the
/// random streams. InputError as checkArrivals.
std::unique_ptr<ArrivalProcess> makeArrivalProcess(const ArrivalSpec& spec, std::uint64_t seed,
                                                   const std::string& name);

/// Shape k of the Weibull distribution with this cv: cv^2 = Gamma(1 + 2/k) / Gamma(1 + 1/k)^2 - 1.
double weibullShape(double cv);

/// Throws InputError if a number of `spec` is out of range.
void checkArrivals(const ArrivalSpec& spec);

}  // namespace headroom::workloads
