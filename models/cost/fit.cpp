#include "models/cost/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>

#include "models/cost/fill_grid.h"
#include "models/cost/kernel.h"

namespace headroom::models {
namespace {

using Axis = std::vector<std::int64_t>;

Axis thinned(const std::set<std::int64_t>& points, int step) {
  const Axis all(points.begin(), points.end());
  Axis kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % static_cast<std::size_t>(step) == 0 || i + 1 == all.size()) kept.push_back(all[i]);
  }
  return kept;
}

/// Rows of GEMMs: powers of two, which engines run most, and every step-th of the others.
Axis thinnedRows(const std::set<std::int64_t>& points, int step) {
  Axis kept;
  int others = 0;
  for (const std::int64_t point : points) {
    const bool power = std::has_single_bit(static_cast<std::uint64_t>(point));
    if (power || others++ % step == 0) kept.push_back(point);
  }
  return kept;
}

/// Step of each axis of an operation.
std::array<int, kMaxAxes> steps(Operation operation, const Thinning& thinning) {
  switch (operation) {
    case Operation::gemm:
      return {thinning.gemm_rows_step, thinning.gemm_features_step, thinning.gemm_features_step, 1};
    case Operation::prefill_attention:
      return {thinning.prefill_batch_step, thinning.length_step, 1, 1};
    case Operation::decode_attention:
      return {thinning.decode_batch_step, thinning.length_step, 1, 1};
    default:
      return {1, 1, 1, 1};
  }
}

bool wanted(const Sample& sample, const Thinning& thinning) {
  const auto among = [](const std::vector<int>& list, int value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  if (infoOf(sample.key.operation).key == KeyKind::heads) {
    constexpr int kCommonHeadDim = 128;
    const bool all_kept = sample.key.head_dim == kCommonHeadDim || sample.key.heads == sample.key.kv_heads;
    return among(thinning.head_dims, sample.key.head_dim) &&
           (all_kept || among(thinning.rare_kv_heads, sample.key.kv_heads));
  }
  if (sample.key.operation != Operation::gemm) return true;
  const int rows = static_cast<int>(sample.at[0]);
  return alignedRows(rows) == rows;
}

std::vector<Axis> axesOf(const TableKey& key, const std::vector<Sample>& samples, const Thinning& thinning) {
  const std::array<int, kMaxAxes> step = steps(key.operation, thinning);
  std::vector<Axis> axes;
  for (std::size_t d = 0; d < infoOf(key.operation).dimensions(); ++d) {
    std::set<std::int64_t> points;
    for (const Sample& sample : samples) points.insert(static_cast<std::int64_t>(sample.at[d]));
    const bool rows = key.operation == Operation::gemm && d == 0;
    axes.push_back(rows ? thinnedRows(points, step[d]) : thinned(points, step[d]));
  }
  return axes;
}

/// Index of a point in the grid, or nothing if it is not on the grid.
std::optional<std::size_t> gridIndex(const std::vector<Axis>& axes, const GridPoint& at) {
  std::size_t index = 0;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    const auto found = std::lower_bound(axes[d].begin(), axes[d].end(), static_cast<std::int64_t>(at[d]));
    if (found == axes[d].end() || *found != static_cast<std::int64_t>(at[d])) return std::nullopt;
    index = index * axes[d].size() + static_cast<std::size_t>(found - axes[d].begin());
  }
  return index;
}

Seconds shortest(const std::vector<Sample>& samples) {
  Seconds least = samples.front().time;
  for (const Sample& sample : samples) least = std::min(least, sample.time);
  return Seconds(std::max(1.0, std::round(least.value() * 1e9)) / 1e3 / 1e6);  // as the file holds it
}

Table fitTable(const TableKey& key, const std::vector<Sample>& samples, const Peaks& peaks, const FitRequest& request) {
  Table table;
  table.key = key;
  table.launch_floor = shortest(samples);
  table.axes = axesOf(key, samples, request.thinning);
  std::size_t size = 1;
  for (const Axis& axis : table.axes) size *= axis.size();
  std::vector<std::vector<double>> measured(size);
  for (const Sample& sample : samples) {
    if (request.leave_out && request.leave_out(sample)) continue;
    const auto index = gridIndex(table.axes, sample.at);
    if (!index) continue;
    const Seconds least = speedOfLight(peaks, key, sample.at);
    measured[*index].push_back(std::log(std::max(sample.time, least) / (least + table.launch_floor)));
  }
  GridFill grid = fillGrid(table.axes, measured);
  for (const double value : grid.values)
    table.values.push_back(static_cast<std::int32_t>(std::lround(value * kValuesPerE)));
  table.filled = std::move(grid.held);
  return table;
}

}  // namespace

Profile fitProfile(const RawTables& raw, const FitRequest& request) {
  std::map<TableKey, std::vector<Sample>> groups;
  for (const Sample& sample : raw.samples) {
    if (wanted(sample, request.thinning)) groups[sample.key].push_back(sample);
  }
  if (groups.empty()) throw InputError("no kernel table to fit a profile from");
  Profile profile;
  profile.header = {.name = fmt::format("{}/{}-{}", request.accelerator.name, request.engine, request.engine_version),
                    .accelerator = request.accelerator.name,
                    .engine = request.engine,
                    .engine_version = request.engine_version,
                    .origin = request.origin,
                    .date = request.date,
                    .licence = request.licence,
                    .peaks = peaksOf(request.accelerator)};
  for (const auto& [key, samples] : groups)
    profile.tables.push_back(fitTable(key, samples, profile.header.peaks, request));
  return profile;
}

Profile fitProfile(const std::filesystem::path& folder, const FitRequest& request) {
  return fitProfile(readRawTables(folder), request);
}

}  // namespace headroom::models
