#include "models/cost/fit_power.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "models/base/error.h"

namespace headroom::models {
namespace {

constexpr std::size_t kTerms = 3;
constexpr double kNearLimit = 0.95;
using Terms = std::array<double, kTerms>;  // constant, compute, memory

Terms termsOf(const PowerSample& sample) {
  return {1, sample.compute, sample.memory};
}

/// Normal equations of sum ((terms . x) / y - 1)^2 over the terms in use.
struct Equations {
  std::array<Terms, kTerms> left{};
  Terms right{};

  void add(const Terms& terms, double y) {
    for (std::size_t i = 0; i < kTerms; ++i) {
      for (std::size_t j = 0; j < kTerms; ++j) left[i][j] += terms[i] * terms[j] / (y * y);
      right[i] += terms[i] / y;
    }
  }

  /// Gauss-Jordan; unused terms are zero. The matrix is positive definite where the terms differ.
  Terms solve(const std::array<bool, kTerms>& used) const {
    Equations e = *this;
    for (std::size_t i = 0; i < kTerms; ++i) {
      if (used[i]) continue;
      for (std::size_t j = 0; j < kTerms; ++j) e.left[i][j] = e.left[j][i] = i == j ? 1 : 0;
      e.right[i] = 0;
    }
    for (std::size_t i = 0; i < kTerms; ++i) {
      for (std::size_t j = 0; j < kTerms; ++j) {
        if (j == i) continue;
        const double factor = e.left[j][i] / e.left[i][i];
        for (std::size_t k = 0; k < kTerms; ++k) e.left[j][k] -= factor * e.left[i][k];
        e.right[j] -= factor * e.right[i];
      }
    }
    Terms x{};
    for (std::size_t i = 0; i < kTerms; ++i) x[i] = e.right[i] / e.left[i][i];
    return x;
  }
};

/// Drops the most negative term until none is.
Terms solveNotNegative(const Equations& equations) {
  std::array<bool, kTerms> used{true, true, true};
  for (;;) {
    const Terms x = equations.solve(used);
    const auto lowest = std::min_element(x.begin(), x.end());
    if (*lowest >= 0) return x;
    used[static_cast<std::size_t>(lowest - x.begin())] = false;
  }
}

void add(PowerErrors& errors, std::vector<double>& all, double error) {
  ++errors.points;
  errors.mean_pct += std::abs(error);
  errors.bias_pct += error;
  all.push_back(std::abs(error));
}

PowerErrors summed(PowerErrors errors, std::vector<double> all) {
  if (all.empty()) return errors;
  std::sort(all.begin(), all.end());
  errors.median_pct = all[all.size() / 2];
  errors.mean_pct /= errors.points;
  errors.bias_pct /= errors.points;
  return errors;
}

double errorPct(const PowerModel& model, const PowerSample& sample) {
  return 100 * (predictedPower(model, sample) / sample.power - 1);
}

}  // namespace

PowerModel fitPower(const std::vector<PowerSample>& samples, Watts idle, Watts limit) {
  Equations equations;
  int used = 0;
  for (const PowerSample& sample : samples) {
    if (sample.power >= kNearLimit * limit) continue;
    equations.add(termsOf(sample), sample.power.value());
    ++used;
  }
  if (used < 4) throw InputError("too few measurements of power below the limit to fit", "at least 4");
  const Terms x = solveNotNegative(equations);
  PowerModel model;
  model.idle = idle;
  model.active = std::max(Watts(), Watts(x[0]) - idle);
  model.compute = Watts(x[1]);
  model.memory = Watts(x[2]);
  model.limit = limit;
  model.tier = Tier::interpolated;
  return model;
}

Watts predictedPower(const PowerModel& model, const PowerSample& sample) {
  return model.inStep({Seconds(sample.compute), Seconds(sample.memory)}, Seconds(1), 1);
}

PowerErrors powerErrors(const PowerModel& model, const std::vector<PowerSample>& samples) {
  PowerErrors errors;
  std::vector<double> all;
  for (const PowerSample& sample : samples) add(errors, all, errorPct(model, sample));
  return summed(errors, std::move(all));
}

PowerErrors heldOutErrors(const std::vector<PowerSample>& samples, Watts idle, Watts limit) {
  std::set<std::string> models;
  for (const PowerSample& sample : samples) models.insert(sample.model);
  PowerErrors errors;
  std::vector<double> all;
  for (const std::string& left_out : models) {
    std::vector<PowerSample> others;
    for (const PowerSample& sample : samples) {
      if (sample.model != left_out) others.push_back(sample);
    }
    const PowerModel model = fitPower(others, idle, limit);
    for (const PowerSample& sample : samples) {
      if (sample.model == left_out) add(errors, all, errorPct(model, sample));
    }
  }
  return summed(errors, std::move(all));
}

std::string toPowerYaml(const PowerModel& model, const std::string& accelerator, const std::string& note) {
  return fmt::format(
      "schema: headroom.power/1\naccelerator: {}\nidle: {:.0f} W\nactive: {:.0f} W\ncompute: {:.0f} W\nmemory: {:.0f} "
      "W\nsource: {}\nnote: {}\n",
      accelerator, model.idle.value(), model.active.value(), model.compute.value(), model.memory.value(),
      nlohmann::json(model.source).dump(), nlohmann::json(note).dump());
}

}  // namespace headroom::models
