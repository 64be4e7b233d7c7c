#include "models/cost/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>

#include "models/cost/disturbed_rows.h"
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

/// Powers of two, which engines run most, and every step-th of the others.
Axis thinnedRows(const std::set<std::int64_t>& points, int step) {
  Axis kept;
  int others = 0;
  for (const std::int64_t point : points) {
    const bool power = std::has_single_bit(static_cast<std::uint64_t>(point));
    if (power || point == *points.rbegin() || others++ % step == 0) kept.push_back(point);
  }
  return kept;
}

/// Nothing, powers of two and the last.
Axis powersOf(const std::set<std::int64_t>& points) {
  Axis kept;
  for (const std::int64_t point : points) {
    if (point == 0 || std::has_single_bit(static_cast<std::uint64_t>(point)) || point == *points.rbegin()) {
      kept.push_back(point);
    }
  }
  return kept;
}

Axis thinnedAxis(const AxisInfo& axis, Operation operation, const std::set<std::int64_t>& points,
                 const Thinning& thinning) {
  const std::string_view name = axis.name;
  if (operation == Operation::mixed_attention) return thinning.powers_only ? powersOf(points) : thinned(points, 1);
  if (name == "m" || name == "tokens" || name == "rows") return thinnedRows(points, thinning.rows_step);
  if (name == "n" || name == "k") return thinned(points, thinning.features_step);
  if (name == "length") return thinned(points, thinning.length_step);
  if (name != "batch") return thinned(points, 1);
  const bool prefill = operation == Operation::prefill_attention || operation == Operation::mla_prefill_attention ||
                       operation == Operation::mla_prefill_block || operation == Operation::dsa_prefill_block ||
                       operation == Operation::delta_conv_prefill || operation == Operation::delta_rule_prefill;
  return thinned(points, prefill ? thinning.prefill_batch_step : thinning.decode_batch_step);
}

bool wanted(const Sample& sample, const Thinning& thinning) {
  const auto among = [](const std::vector<int>& list, int value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  const TableKey& key = sample.key;
  if (key.operation == Operation::prefill_attention || key.operation == Operation::decode_attention) {
    constexpr int kCommonHeadDim = 128;
    const bool all_kept = key.window == 0 && (key.head_dim == kCommonHeadDim || key.heads == key.kv_heads);
    return among(thinning.head_dims, key.head_dim) && (all_kept || among(thinning.rare_kv_heads, key.kv_heads));
  }
  if (key.operation == Operation::moe) {
    const bool load = std::find(thinning.loads.begin(), thinning.loads.end(), key.load) != thinning.loads.end();
    return load && key.moe_tp <= thinning.largest_moe_tp && key.moe_ep <= thinning.largest_moe_ep;
  }
  if (key.operation != Operation::gemm) return true;
  const int rows = static_cast<int>(sample.at[0]);
  return alignedRows(rows) == rows;
}

std::vector<Axis> axesOf(const TableKey& key, const std::vector<Sample>& samples, const Thinning& thinning) {
  const OperationInfo& info = infoOf(key.operation);
  std::vector<Axis> axes;
  for (std::size_t d = 0; d < info.dimensions(); ++d) {
    std::set<std::int64_t> points;
    for (const Sample& sample : samples) points.insert(static_cast<std::int64_t>(sample.at[d]));
    axes.push_back(thinnedAxis(info.axes[d], key.operation, points, thinning));
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

/// What the shortest call takes beyond its speed of light, at least 1 us; rounded as the file holds it.
Seconds launchFloor(const TableKey& key, const std::vector<Sample>& samples, const Peaks& peaks) {
  constexpr double kLeastNanoseconds = 1000;
  const auto shortest = std::min_element(samples.begin(), samples.end(),
                                         [](const Sample& a, const Sample& b) { return a.time < b.time; });
  const Seconds launch = shortest->time - speedOfLight(peaks, key, shortest->at);
  return Seconds(std::max(kLeastNanoseconds, std::round(launch.value() * 1e9)) / 1e3 / 1e6);
}

/// Nothing if thinning takes every sample.
std::optional<Table> fitTable(const TableKey& key, const std::vector<Sample>& samples, const Peaks& peaks,
                              const FitRequest& request) {
  Table table;
  table.key = key;
  table.launch_floor = launchFloor(key, samples, peaks);
  table.axes = axesOf(key, samples, request.thinning);
  std::size_t size = 1;
  for (const Axis& axis : table.axes) size *= axis.size();
  std::vector<std::vector<double>> measured(size);
  for (const Sample& sample : samples) {
    const auto index = gridIndex(table.axes, sample.at);
    if (!index) continue;
    const Seconds least = speedOfLight(peaks, key, sample.at);
    measured[*index].push_back(std::log(std::max(sample.time, least) / (least + table.launch_floor)));
  }
  if (std::all_of(measured.begin(), measured.end(), [](const auto& values) { return values.empty(); })) {
    return std::nullopt;
  }
  GridFill grid = fillGrid(table.axes, measured);
  Numbers values;
  for (const double value : grid.values) values.push_back(static_cast<std::int32_t>(std::lround(value * kValuesPerE)));
  table.values = std::move(values);
  table.filled = std::move(grid.held);
  return table;
}

using Groups = std::map<TableKey, std::vector<Sample>>;

/// Where prompts on an fp8 cache were timed with fp8 and with bf16 queries, engines run fp8.
void dropWiderArithmetic(Groups& groups) {
  for (auto at = groups.begin(); at != groups.end();) {
    TableKey narrow = at->first;
    narrow.arithmetic = Precision::fp8;
    const bool drop = at->first.operation == Operation::prefill_attention && at->first.arithmetic == Precision::bf16 &&
                      groups.contains(narrow);
    at = drop ? groups.erase(at) : std::next(at);
  }
}

}  // namespace

Profile fitProfile(const RawTables& raw, const FitRequest& request) {
  Groups groups;
  for (const Sample& sample : raw.samples) {
    if (request.leave_out && request.leave_out(sample)) continue;
    if (wanted(sample, request.thinning)) groups[sample.key].push_back(sample);
  }
  if (groups.empty()) throw InputError("no kernel table to fit a profile from");
  dropWiderArithmetic(groups);
  Profile profile;
  profile.header = {.name = fmt::format("{}/{}-{}", request.accelerator.name, request.engine, request.engine_version),
                    .accelerator = request.accelerator.name,
                    .engine = request.engine,
                    .engine_version = request.engine_version,
                    .origin = request.origin,
                    .date = request.date,
                    .licence = request.licence,
                    .peaks = peaksOf(request.accelerator)};
  for (auto& [key, samples] : groups) {
    if (key.operation == Operation::gemm && hasDisturbedGemm(request.accelerator.name)) {
      samples = withoutDisturbedRows(std::move(samples));
    }
    auto table = fitTable(key, samples, profile.header.peaks, request);
    if (!table) continue;
    const auto borrowed = std::find_if(samples.begin(), samples.end(), [](const Sample& s) { return s.origin > 0; });
    if (borrowed != samples.end()) table->borrowed_from = raw.origins[static_cast<std::size_t>(borrowed->origin)];
    profile.tables.push_back(std::move(*table));
  }
  return profile;
}

Profile fitProfile(const std::filesystem::path& folder, const FitRequest& request) {
  return fitProfile(readRawTables(folder, request.engine), request);
}

}  // namespace headroom::models
