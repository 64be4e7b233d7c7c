// Arrival rates that change with time: a daily wave, ramps, spikes on top. A curve is linear piece by piece, so that
// the time by which a number of arrivals is expected has a closed form.
#pragma once

#include <memory>
#include <vector>

#include "workloads/arrivals.h"

namespace headroom::workloads {

/// rate(t + x) = rate + slope x for 0 <= x < end - t.
struct RateSegment {
  double rate = 0;   ///< per second, at the time asked for
  double slope = 0;  ///< per second squared
  double end = 0;    ///< seconds since the start; infinity if nothing changes any more
};

class RateCurve {
 public:
  virtual ~RateCurve() = default;
  /// The piece that begins at `time` (seconds >= 0); its end lies after `time`.
  virtual RateSegment from(double time) const = 0;
};

/// rate (1 + a cos(2 pi (t - peak_at) / period)), a = (p - 1) / (p + 1) for a peak of p times the trough; the cosine
/// linear between 288 points a period.
std::unique_ptr<RateCurve> makeDiurnalCurve(const DiurnalArrivals& spec);
/// Linear between the points, constant after the last.
std::unique_ptr<RateCurve> makeRampCurve(const RampArrivals& spec);
/// `curve` times the factors of the spikes that are on.
std::unique_ptr<RateCurve> withSpikes(std::unique_ptr<RateCurve> curve, const std::vector<Spike>& spikes);

}  // namespace headroom::workloads
