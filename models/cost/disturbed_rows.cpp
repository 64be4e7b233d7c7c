#include "models/cost/disturbed_rows.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <tuple>

namespace headroom::models {
namespace {

constexpr double kDisturbed = 1.3;
constexpr std::size_t kNeighbours = 5;  // on each side

/// The lower one of two.
Seconds medianTime(std::span<const Sample> samples) {
  std::vector<Seconds> times;
  std::transform(samples.begin(), samples.end(), std::back_inserter(times), [](const Sample& s) { return s.time; });
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

bool isDisturbed(std::span<const Sample> by_rows, std::size_t i) {
  const std::size_t below = std::min(i, kNeighbours), above = std::min(by_rows.size() - 1 - i, kNeighbours);
  if (below == 0 || above == 0) return false;
  return by_rows[i].time > kDisturbed * std::max(medianTime(by_rows.subspan(i - below, below)),
                                                 medianTime(by_rows.subspan(i + 1, above)));
}

}  // namespace

std::vector<Sample> withoutDisturbedRows(std::vector<Sample> samples) {
  const auto weights = [](const Sample& s) { return std::tuple(s.at[1], s.at[2]); };
  const auto order = [](const Sample& s) { return std::tuple(s.at[1], s.at[2], s.at[0]); };
  std::sort(samples.begin(), samples.end(), [&](const Sample& a, const Sample& b) { return order(a) < order(b); });
  std::vector<Sample> kept;
  for (auto first = samples.begin(); first != samples.end();) {
    const auto last =
        std::find_if(first, samples.end(), [&](const Sample& s) { return weights(s) != weights(*first); });
    const std::span<const Sample> by_rows(first, last);
    for (std::size_t i = 0; i < by_rows.size(); ++i) {
      if (!isDisturbed(by_rows, i)) kept.push_back(by_rows[i]);
    }
    first = last;
  }
  return kept;
}

}  // namespace headroom::models
