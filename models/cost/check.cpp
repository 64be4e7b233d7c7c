#include "models/cost/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "models/cost/kernel.h"
#include "models/cost/similar_experts.h"

namespace headroom::models {
namespace {

std::string operationName(const TableKey& key) {
  const OperationInfo& info = infoOf(key.operation);
  if (info.key == KeyKind::devices) return "collectives";  // too few points to judge one by one
  const bool by_format = info.key != KeyKind::delta_net && info.key != KeyKind::elementwise;
  if (!by_format) return info.name;
  std::string name = fmt::format("{} {}", info.name, nameOf(key.precision));
  if (key.precision == Precision::mxfp4 && key.arithmetic == Precision::fp8) name += " in fp8";
  if (key.window > 0) name += ", window";
  return name;
}

/// Samples of the grid that a profile is fitted to: GEMMs of padded rows only.
bool comparable(const Sample& sample) {
  const int rows = static_cast<int>(sample.at[0]);
  return sample.key.operation != Operation::gemm || alignedRows(rows) == rows;
}

/// The kernels of one profile, resolved once per key; samples come in runs of one key.
class Predictor {
 public:
  explicit Predictor(const Profile& profile) : profile_(profile) {}

  KernelTime time(const Sample& sample) {
    if (!last_ || last_->key != sample.key)
      last_ = &resolved_.try_emplace(sample.key, profile_, sample.key).first->second;
    const Resolved& kernel = *last_;
    const Seconds least = speedOfLight(profile_.header.peaks, sample.key, sample.at);
    if (kernel.table) return kernel.table->time(sample.at, least);
    if (kernel.experts && kernel.experts->any()) return kernel.experts->time(sample.at[0]);
    if (kernel.attention) {
      return sample.key.operation == Operation::decode_attention
                 ? kernel.attention->decode(sample.at[0], sample.at[1])
                 : kernel.attention->prompts(sample.at[0], sample.at[1]);
    }
    if (sample.key.operation == Operation::gemm) {
      return GemmKernel(profile_, sample.key.precision)
          .time(static_cast<int>(sample.at[0]), sample.at[1], sample.at[2]);
    }
    return {least / kSpecEfficiency + kSpecLaunch, least, Tier::spec};
  }

 private:
  /// The table itself, not what an engine would choose: that is what the sample measured.
  struct Resolved {
    Resolved(const Profile& profile, const TableKey& sample_key) : key(sample_key) {
      if (const Table* own = profile.find(key)) {
        table.emplace(*own, profile.header.peaks);
      } else if (key.operation == Operation::moe) {
        experts.emplace(profile, key);
      } else if (key.operation == Operation::prefill_attention || key.operation == Operation::decode_attention) {
        attention.emplace(profile, key.operation, AttentionHeads{key.heads, key.kv_heads, key.head_dim, key.precision});
      }
    }
    TableKey key;
    std::optional<TableReader> table;
    std::optional<SimilarExperts> experts;
    std::optional<AttentionKernel> attention;
  };

  const Profile& profile_;
  std::map<TableKey, Resolved> resolved_;
  const Resolved* last_ = nullptr;
};

KernelErrors summarise(const std::string& operation, const std::string& points, std::vector<double>& log_ratios) {
  KernelErrors errors{.operation = operation, .points = points, .count = static_cast<int>(log_ratios.size())};
  errors.bias = std::accumulate(log_ratios.begin(), log_ratios.end(), 0.0) / errors.count;
  for (double& ratio : log_ratios) ratio = std::abs(std::exp(ratio) - 1);
  errors.mean = std::accumulate(log_ratios.begin(), log_ratios.end(), 0.0) / errors.count;
  const auto middle = log_ratios.begin() + errors.count / 2;
  std::nth_element(log_ratios.begin(), middle, log_ratios.end());
  errors.median = *middle;
  return errors;
}

/// Errors grouped by operation and by what `label` says of a sample; "" leaves it out.
template <class Label>
std::vector<KernelErrors> compare(const Profile& profile, const RawTables& raw, Label label) {
  Predictor predictor(profile);
  std::map<std::pair<std::string, std::string>, std::vector<double>> groups;
  for (const Sample& sample : raw.samples) {
    if (!comparable(sample)) continue;
    const KernelTime predicted = predictor.time(sample);
    const std::string points = label(sample, predicted.tier);  // most samples of a held-out check are not asked about
    if (points.empty()) continue;
    const Seconds measured = std::max(sample.time, predicted.speed_of_light);
    groups[{operationName(sample.key), points}].push_back(std::log(predicted.time / measured));
  }
  std::vector<KernelErrors> errors;
  for (auto& [name, log_ratios] : groups) errors.push_back(summarise(name.first, name.second, log_ratios));
  return errors;
}

/// Mixes bits; a bijection (splitmix64).
std::uint64_t mixed(std::uint64_t h) {
  h ^= h >> 30;
  h *= 0xbf58476d1ce4e5b9ULL;
  h ^= h >> 27;
  h *= 0x94d049bb133111ebULL;
  return h ^ (h >> 31);
}

/// A number in [0, 1) that depends on the numbers only.
template <class... Numbers>
double lot(std::uint64_t seed, Numbers... numbers) {
  std::uint64_t h = mixed(seed + 0x9e3779b97f4a7c15ULL);
  ((h = mixed(h * 31 + static_cast<std::uint64_t>(numbers))), ...);
  return static_cast<double>(h >> 11) * 0x1p-53;
}

double lotOfPoint(const Sample& sample, std::uint64_t seed) {
  const TableKey& k = sample.key;
  const auto& at = sample.at;
  return lot(seed, static_cast<int>(k.operation), static_cast<int>(k.precision), static_cast<int>(k.kv_cache), k.heads,
             k.kv_heads, k.head_dim, k.devices, k.window, k.hidden, k.inter, k.topk, k.experts, k.moe_tp, k.moe_ep,
             static_cast<int>(k.load), at[0], at[1], at[2], at[3]);
}

std::string heldOutAs(const Sample& sample, double share, std::uint64_t seed) {
  constexpr std::uint64_t kSites = 1000;  // other lots than those of points
  const TableKey& k = sample.key;
  if (k.operation == Operation::gemm && lot(seed + kSites, sample.at[1], sample.at[2]) < share) return "unseen (n,k)";
  if (k.operation == Operation::moe && lot(seed + kSites, k.hidden, k.inter, k.topk, k.experts) < share) {
    return "unseen shape";
  }
  return lotOfPoint(sample, seed) < share ? "left out" : "";
}

/// The largest coordinates of each table that lie within the lower share of its axes.
using Limits = std::map<TableKey, GridPoint>;
Limits lowerShare(const RawTables& raw, double share) {
  std::map<TableKey, std::array<std::set<double>, kMaxAxes>> axes;
  for (const Sample& sample : raw.samples) {
    auto& points = axes[sample.key];
    for (std::size_t d = 0; d < infoOf(sample.key.operation).dimensions(); ++d) points[d].insert(sample.at[d]);
  }
  Limits limits;
  for (const auto& [key, points] : axes) {
    GridPoint& limit = limits[key];
    for (std::size_t d = 0; d < kMaxAxes; ++d) {
      if (points[d].empty()) continue;
      const auto last = static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(points[d].size()))) - 1;
      limit[d] = *std::next(points[d].begin(), std::max<std::ptrdiff_t>(0, last));
    }
  }
  return limits;
}

bool isBeyond(const Sample& sample, const GridPoint& limit) {
  for (std::size_t d = 0; d < infoOf(sample.key.operation).dimensions(); ++d) {
    if (sample.at[d] > limit[d]) return true;
  }
  return false;
}

bool isOnGrid(const Table& table, const GridPoint& at) {
  for (std::size_t d = 0; d < table.axes.size(); ++d) {
    if (!std::binary_search(table.axes[d].begin(), table.axes[d].end(), static_cast<std::int64_t>(at[d]))) return false;
  }
  return true;
}

bool hasHeads(const TableKey& key) {
  return key.operation == Operation::prefill_attention || key.operation == Operation::decode_attention;
}

}  // namespace

KernelTime predict(const Profile& profile, const Sample& sample) {
  return Predictor(profile).time(sample);
}

std::vector<KernelErrors> checkProfile(const Profile& profile, const RawTables& raw) {
  return compare(profile, raw, [&](const Sample& sample, Tier tier) -> std::string {
    if (profile.find(sample.key) == nullptr) {
      return hasHeads(sample.key) && sample.key.window == 0 ? "unseen heads"
             : sample.key.operation == Operation::moe       ? "unseen shape"
                                                            : "";
    }
    return tier == Tier::measured || isOnGrid(*profile.find(sample.key), sample.at) ? "fitted" : "thinned out";
  });
}

std::vector<KernelErrors> checkHeldOut(const RawTables& raw, const FitRequest& request, double share,
                                       std::uint64_t seed) {
  FitRequest without = request;
  without.leave_out = [&](const Sample& sample) { return !heldOutAs(sample, share, seed).empty(); };
  const Profile profile = fitProfile(raw, without);
  return compare(profile, raw, [&](const Sample& sample, Tier tier) -> std::string {
    const std::string points = heldOutAs(sample, share, seed);
    if (points.empty() || points == "unseen shape") return points;
    if (profile.find(sample.key) == nullptr) return "";  // another question: "unseen heads"
    return tier != Tier::extrapolated ? points : points + ", at the edge";
  });
}

std::vector<KernelErrors> checkBeyondGrid(const RawTables& raw, const FitRequest& request, double share) {
  const Limits limits = lowerShare(raw, share);
  FitRequest lower = request;
  lower.leave_out = [&](const Sample& sample) { return isBeyond(sample, limits.at(sample.key)); };
  const Profile profile = fitProfile(raw, lower);
  return compare(profile, raw, [&](const Sample& sample, Tier) -> std::string {
    const bool known = profile.find(sample.key) != nullptr;
    return known && isBeyond(sample, limits.at(sample.key)) ? "beyond the grid" : "";
  });
}

}  // namespace headroom::models
