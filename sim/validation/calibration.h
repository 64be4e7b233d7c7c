// Engine constants from measured load points: what a step costs beyond its kernels, and what a request costs before it
// reaches the engine. Three numbers, whatever the number of points:
//   TPOT = simulated(step_overhead)                           linear between two simulations, 0 and 1 ms
//   TTFT = simulated(step_overhead) + front_end + front_end_per_prompt_token x prompt tokens
// The front end is the API server's own time (HTTP, tokenizer); requests do not wait for each other in it. Each is the
// value of a grid with the least mean absolute relative error, first the step on TPOT, then the front end on TTFT.
// Half of the points, drawn by a hash of their names, is kept out of the fit.
#pragma once

#include <string>
#include <vector>

#include "sim/engine/engine_constants.h"
#include "sim/validation/serve_point.h"

namespace headroom::sim {

struct LoadPoint {
  std::string name;
  double prompt_tokens = 0;  ///< mean
  double ttft_ms = 0, tpot_ms = 0;
  ServedPoint bare;       ///< simulated without step overhead and front end
  ServedPoint longer_ms;  ///< with steps 1 ms longer
  ServedPoint kernels{};  ///< without any constant; of published points only
  ServedPoint shipped{};  ///< with the constants of engine_constants.h; of published points only
  bool operator==(const LoadPoint&) const = default;
};

double predictedTpot(const LoadPoint& point, const EngineConstants& constants);
double predictedTtft(const LoadPoint& point, const EngineConstants& constants);

struct Halves {
  std::vector<LoadPoint> fitted, kept_out;
};
/// In the order of a hash of their names; with fewer than four points all are fitted.
Halves split(const std::vector<LoadPoint>& points);
/// `points` is not empty (CHECKed).
EngineConstants fitConstants(const std::vector<LoadPoint>& points);

/// Relative errors of TPOT and TTFT.
std::vector<double> tpotErrors(const std::vector<LoadPoint>& points, const EngineConstants& constants);
std::vector<double> ttftErrors(const std::vector<LoadPoint>& points, const EngineConstants& constants);

}  // namespace headroom::sim
