#include "models/cost/kernel_collective.h"

#include <algorithm>
#include <cmath>

namespace headroom::models {
namespace {

std::vector<Operation> operationsOf(CollectiveKernel::Kind kind) {
  switch (kind) {
    case CollectiveKernel::Kind::all_reduce:
      return {Operation::custom_all_reduce, Operation::nccl_all_reduce};
    case CollectiveKernel::Kind::all_gather:
      return {Operation::nccl_all_gather};
    case CollectiveKernel::Kind::reduce_scatter:
      return {Operation::nccl_reduce_scatter};
  }
  CHECK(false, "unknown collective");
}

}  // namespace

CollectiveKernel::CollectiveKernel(const Profile& profile, Kind kind, RankGroup group, const ScaleOut& network)
    : peaks_(profile.header.peaks), kind_(kind), group_(group), network_(network) {
  for (const Operation operation : operationsOf(kind)) {
    TableKernel table = nearestTable(profile, operation, [&](const TableKey& have) {
      return logDistance(have.devices, std::max(2, group_.inNode()));
    });
    if (table.measured()) tables_.push_back(std::move(table));
  }
}

KernelTime CollectiveKernel::inNode(double bytes) const {
  const double share = kind_ == Kind::all_reduce ? 1.0 : 1.0 - 1.0 / group_.inNode();
  const Seconds least = collectiveSpeedOfLight(peaks_, bytes * share);
  if (tables_.empty()) return specTime(least);
  KernelTime best = tables_.front().at({bytes}, least);
  for (const TableKernel& table : tables_) {
    const KernelTime other = table.at({bytes}, least);
    // Inside both ranges the first, the engine's own, is what runs; beyond its range the faster.
    if (best.tier == Tier::extrapolated && other.tier != Tier::extrapolated && other.time < best.time) best = other;
  }
  return best;
}

KernelTime CollectiveKernel::betweenNodes(double bytes) const {
  const double nodes = group_.nodes();
  const double rounds = kind_ == Kind::all_reduce ? 2 : 1;
  const Seconds least = rounds * (1 - 1 / nodes) * Bytes(bytes / group_.inNode()) / network_.bandwidth;
  const double messages = rounds * std::ceil(std::log2(nodes));
  return {least / kSpecEfficiency + messages * network_.latency, least, Tier::spec};
}

KernelTime CollectiveKernel::time(double bytes) const {
  if (group_.ranks <= 1) return {};
  if (group_.nodes() <= 1) return inNode(bytes);
  if (group_.inNode() <= 1) return betweenNodes(bytes);
  return inNode(bytes) + betweenNodes(bytes);
}

KernelTime sendTime(const Profile& profile, double bytes, bool same_node, const ScaleOut& network) {
  if (same_node) return specTime(collectiveSpeedOfLight(profile.header.peaks, bytes));
  const Seconds least = Bytes(bytes) / network.bandwidth;
  return {least / kSpecEfficiency + network.latency, least, Tier::spec};
}

}  // namespace headroom::models
