#include "models/cost/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "models/base/files.h"
#include "models/cost/kernel.h"

namespace headroom::models {
namespace {

std::string operationName(const TableKey& key) {
  const OperationInfo& info = infoOf(key.operation);
  return info.key == KeyKind::devices ? info.name : fmt::format("{} {}", info.name, nameOf(key.precision));
}

/// Samples of the grid that a profile is fitted to: GEMMs of padded rows only.
bool comparable(const Sample& sample) {
  const int rows = static_cast<int>(sample.at[0]);
  return sample.key.operation != Operation::gemm || alignedRows(rows) == rows;
}

/// The kernels of one profile, resolved once per key.
class Predictor {
 public:
  explicit Predictor(const Profile& profile) : profile_(profile) {}

  KernelTime time(const Sample& sample) {
    const TableKey& key = sample.key;
    if (key.operation == Operation::gemm) {
      return gemms_.try_emplace(key.precision, profile_, key.precision)
            .first->second.time(static_cast<int>(sample.at[0]), sample.at[1], sample.at[2]);
    }
    if (infoOf(key.operation).key == KeyKind::heads && key.operation != Operation::mixed_attention) {
      const AttentionHeads heads{key.heads, key.kv_heads, key.head_dim, key.precision};
      const auto& kernel = attentions_.try_emplace(key, profile_, key.operation, heads).first->second;
      return key.operation == Operation::decode_attention ? kernel.decode(sample.at[0], sample.at[1])
                                                          : kernel.prompts(sample.at[0], sample.at[1]);
    }
    return ownTable(sample);
  }

 private:
  /// One implementation, not the faster of two: that is what the sample measured.
  KernelTime ownTable(const Sample& sample) const {
    const Seconds least = speedOfLight(profile_.header.peaks, sample.key, sample.at);
    const Table* table = profile_.find(sample.key);
    if (table == nullptr) return {least / kSpecEfficiency + kSpecLaunch, least, Tier::spec};
    return TableReader(*table).time(sample.at, least);
  }

  const Profile& profile_;
  std::map<Precision, GemmKernel> gemms_;
  std::map<TableKey, AttentionKernel> attentions_;
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
    const std::string points = label(sample, predicted.tier);
    if (points.empty()) continue;
    const Seconds measured = std::max(sample.time, predicted.speed_of_light);
    groups[{operationName(sample.key), points}].push_back(std::log(predicted.time / measured));
  }
  std::vector<KernelErrors> errors;
  for (auto& [name, log_ratios] : groups) errors.push_back(summarise(name.first, name.second, log_ratios));
  return errors;
}

/// A number in [0, 1) that depends on the text only.
double lot(const std::string& text, std::uint64_t seed) {
  std::uint64_t h = hashBytes(text, seed ^ 0xcbf29ce484222325ULL);
  h ^= h >> 33;  // FNV's high bits are weak for short texts
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  return static_cast<double>(h >> 11) * 0x1p-53;
}

std::string siteOf(const Sample& sample) {
  return fmt::format("{} {}", sample.at[1], sample.at[2]);
}

std::string heldOutAs(const Sample& sample, double share, std::uint64_t seed) {
  const bool gemm = sample.key.operation == Operation::gemm;
  if (gemm && lot("site " + siteOf(sample), seed) < share) return "unseen (n,k)";
  const std::string point = fmt::format("{} {} {}", nameOf(sample.key), sample.at[0], siteOf(sample));
  return lot(point, seed) < share ? "left out" : "";
}

}  // namespace

KernelTime predict(const Profile& profile, const Sample& sample) {
  return Predictor(profile).time(sample);
}

std::vector<KernelErrors> checkProfile(const Profile& profile, const RawTables& raw) {
  return compare(profile, raw, [&](const Sample& sample, Tier tier) -> std::string {
    if (tier == Tier::measured) return "fitted";
    const bool heads = infoOf(sample.key.operation).key == KeyKind::heads;
    return heads && profile.find(sample.key) == nullptr ? "unseen heads" : "thinned out";
  });
}

std::vector<KernelErrors> checkHeldOut(const RawTables& raw, const FitRequest& request, double share,
                                       std::uint64_t seed) {
  FitRequest without = request;
  without.leave_out = [&](const Sample& sample) { return !heldOutAs(sample, share, seed).empty(); };
  const Profile profile = fitProfile(raw, without);
  return compare(profile, raw, [&](const Sample& sample, Tier tier) -> std::string {
    const bool heads = infoOf(sample.key.operation).key == KeyKind::heads;
    if (heads && profile.find(sample.key) == nullptr) return "";  // another question: "unseen heads"
    const std::string points = heldOutAs(sample, share, seed);
    return points.empty() || tier != Tier::extrapolated ? points : points + ", at the edge";
  });
}

}  // namespace headroom::models
