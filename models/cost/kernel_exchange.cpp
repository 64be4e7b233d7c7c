#include "models/cost/kernel_exchange.h"

#include <algorithm>
#include <cmath>

namespace headroom::models {
namespace {

constexpr double kActivationBytes = 2;

std::vector<Operation> legsOf(ExpertExchange how) {
  switch (how) {
    case ExpertExchange::gather:
      return {};
    case ExpertExchange::deepep:
      return {Operation::deepep_dispatch, Operation::deepep_combine};
    case ExpertExchange::deepep_low_latency:
      return {Operation::deepep_low_latency_dispatch, Operation::deepep_low_latency_combine};
    case ExpertExchange::nvlink:
      return {Operation::nvlink_prepare, Operation::nvlink_dispatch, Operation::nvlink_combine};
  }
  CHECK(false, "unknown exchange");
}

double unlikeness(const TableKey& wanted, const TableKey& have) {
  return logDistance(wanted.hidden, have.hidden) + logDistance(wanted.topk, have.topk) +
         0.2 * logDistance(wanted.experts, have.experts) + logDistance(wanted.devices, have.devices) +
         (wanted.precision == have.precision ? 0 : 0.5);
}

}  // namespace

ExpertExchange defaultExchange(const Profile& profile) {
  const bool has_nvlink = std::any_of(profile.tables.begin(), profile.tables.end(), [](const Table& table) {
    return table.key.operation == Operation::nvlink_dispatch;
  });
  return profile.header.engine == "trtllm" && has_nvlink ? ExpertExchange::nvlink : ExpertExchange::gather;
}

ExchangeKernel::ExchangeKernel(const Profile& profile, ExpertExchange how, const ExpertShape& shape, RankGroup group,
                               const ScaleOut& network)
    : peaks_(profile.header.peaks),
      shape_(shape),
      group_(group),
      network_(network),
      gathers_(how == ExpertExchange::gather),
      gather_(profile, CollectiveKernel::Kind::all_gather, group, network),
      scatter_(profile, CollectiveKernel::Kind::reduce_scatter, group, network) {
  for (const Operation operation : legsOf(how)) {
    const TableKey key{.operation = operation,
                       .precision = shape.weights,
                       .devices = std::max(2, group.inNode()),
                       .hidden = shape.hidden,
                       .topk = shape.topk,
                       .experts = shape.experts};
    legs_.push_back(
        {key, nearestTable(profile, operation, [&](const TableKey& have) { return unlikeness(key, have); })});
  }
}

KernelTime ExchangeKernel::at(const Leg& leg, double tokens) const {
  return leg.table.at({tokens}, exchangeSpeedOfLight(peaks_, leg.key, tokens));
}

KernelTime ExchangeKernel::leavesNode(double tokens) const {
  if (group_.nodes() <= 1) return {};
  // Other nodes that a token goes to, if its experts are anywhere with equal chance; there and back.
  const double nodes = group_.nodes();
  const double others = (nodes - 1) * (1 - std::pow(1 - 1 / nodes, shape_.topk));
  const Seconds least = Bytes(2 * tokens * shape_.hidden * kActivationBytes * others) / network_.bandwidth;
  return {least / kSpecEfficiency + 2 * network_.latency, least, Tier::spec};
}

KernelTime ExchangeKernel::time(double tokens) const {
  if (group_.ranks <= 1) return {};
  if (gathers_) {
    const double bytes = tokens * group_.ranks * shape_.hidden * kActivationBytes;
    return gather_.time(bytes) + scatter_.time(bytes);
  }
  KernelTime sum = leavesNode(tokens);
  for (const Leg& leg : legs_) sum = sum + at(leg, tokens);
  return sum;
}

}  // namespace headroom::models
