#include "sim/validation/calibration.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/base/error.h"
#include "models/base/files.h"

namespace headroom::sim {
namespace {

constexpr std::size_t kFewest = 4;

double meanAbsolute(const std::vector<double>& errors) {
  double sum = 0;
  for (const double error : errors) sum += std::abs(error);
  return sum / static_cast<double>(errors.size());
}

/// Of `steps` + 1 equal steps from 0 to `most`, the value with the least `loss`; ties go to the smaller.
template <class Loss>
Seconds leastOf(Seconds most, int steps, Loss loss) {
  Seconds best{};
  double least = loss(best);
  for (int i = 1; i <= steps; ++i) {
    const Seconds value = most * i / steps;
    if (const double now = loss(value); now < least) {
      least = now;
      best = value;
    }
  }
  return best;
}

double between(double bare, double longer_ms, Seconds overhead) {
  return bare + (longer_ms - bare) * overhead.value() * 1e3;
}

}  // namespace

double predictedTpot(const LoadPoint& point, const EngineConstants& constants) {
  return between(point.bare.tpot_ms, point.longer_ms.tpot_ms, constants.step_overhead);
}

double predictedTtft(const LoadPoint& point, const EngineConstants& constants) {
  const Seconds before = constants.front_end + constants.front_end_per_prompt_token * point.prompt_tokens;
  return between(point.bare.ttft_ms, point.longer_ms.ttft_ms, constants.step_overhead) + before.value() * 1e3;
}

Halves split(const std::vector<LoadPoint>& points) {
  if (points.size() < kFewest) return {points, {}};
  std::vector<LoadPoint> drawn = points;
  std::sort(drawn.begin(), drawn.end(), [](const LoadPoint& a, const LoadPoint& b) {
    return std::pair(hashBytes(a.name), a.name) < std::pair(hashBytes(b.name), b.name);
  });
  const auto middle = drawn.begin() + static_cast<std::ptrdiff_t>((drawn.size() + 1) / 2);
  return {{drawn.begin(), middle}, {middle, drawn.end()}};
}

std::vector<double> tpotErrors(const std::vector<LoadPoint>& points, const EngineConstants& constants) {
  std::vector<double> errors;
  for (const LoadPoint& point : points) errors.push_back(predictedTpot(point, constants) / point.tpot_ms - 1);
  return errors;
}

std::vector<double> ttftErrors(const std::vector<LoadPoint>& points, const EngineConstants& constants) {
  std::vector<double> errors;
  for (const LoadPoint& point : points) errors.push_back(predictedTtft(point, constants) / point.ttft_ms - 1);
  return errors;
}

EngineConstants fitConstants(const std::vector<LoadPoint>& points) {
  CHECK(!points.empty(), "constants of nothing");
  EngineConstants constants;
  constants.step_overhead = leastOf(
      Seconds(5e-3), 500, [&](Seconds value) { return meanAbsolute(tpotErrors(points, {.step_overhead = value})); });
  double least = INFINITY;
  for (int i = 0; i <= 80; ++i) {  // up to 20 us a token
    EngineConstants trial = constants;
    trial.front_end_per_prompt_token = Seconds(0.25e-6 * i);
    trial.front_end = leastOf(Seconds(0.2), 200, [&](Seconds value) {
      trial.front_end = value;
      return meanAbsolute(ttftErrors(points, trial));
    });
    if (const double now = meanAbsolute(ttftErrors(points, trial)); now < least) {
      least = now;
      constants = trial;
    }
  }
  return constants;
}

}  // namespace headroom::sim
