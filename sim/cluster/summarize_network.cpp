#include "sim/cluster/summarize_network.h"

#include <algorithm>
#include <numeric>

namespace headroom::sim {
namespace {

constexpr std::size_t kLinksShown = 8;

std::vector<double> utilisationOverTime(const RunNetwork& network, FabricLinkId id, Ticks end) {
  const LinkUsage& usage = network.transfers().usage();
  const double bandwidth = network.topology().link(id).bandwidth.value();
  const Ticks stop = std::max(end, usage.lastEnd());  // weights may arrive after the last answer
  std::vector<double> shares = usage.overTime(id);    // bytes
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const Ticks from = static_cast<Ticks>(i) * usage.interval();
    const Ticks length = std::clamp<Ticks>(stop - from, 1, usage.interval());  // the last one may be cut short
    // A transfer's bytes count evenly over its time, though its rate changes: a full link may seem fuller than full.
    shares[i] = std::min(1.0, shares[i] / (bandwidth * toSeconds(length).value()));
  }
  return shares;
}

LinkOutcome outcomeOf(const RunNetwork& network, FabricLinkId id, Ticks end) {
  const LinkUsage& usage = network.transfers().usage();
  const FabricLink& link = network.topology().link(id);
  LinkOutcome out;
  out.name = network.topology().linkName(id);
  out.tier = network.topology().tiers()[link.tier].name;
  out.gb_per_s = link.bandwidth.value() / 1e9;
  out.bytes = usage.totalBytes(id);
  out.utilisation = static_cast<double>(out.bytes) / (link.bandwidth.value() * toSeconds(end).value());
  out.over_time = utilisationOverTime(network, id, end);
  for (const double share : out.over_time) out.peak = std::max(out.peak, share);
  return out;
}

/// By utilisation over the run; ties to the lower id.
std::vector<FabricLinkId> busiest(const RunNetwork& network, std::size_t most) {
  const LinkUsage& usage = network.transfers().usage();
  std::vector<std::pair<double, std::uint32_t>> load;
  for (std::uint32_t i = 0; i < usage.links(); ++i) {
    const std::int64_t bytes = usage.totalBytes(FabricLinkId(i));
    if (bytes == 0) continue;
    load.emplace_back(-static_cast<double>(bytes) / network.topology().link(FabricLinkId(i)).bandwidth.value(), i);
  }
  const std::size_t shown = std::min(most, load.size());
  std::partial_sort(load.begin(), load.begin() + static_cast<std::ptrdiff_t>(shown), load.end());
  std::vector<FabricLinkId> links;
  for (std::size_t i = 0; i < shown; ++i) links.emplace_back(load[i].second);
  return links;
}

/// What a slice is guaranteed of the NICs of all nodes, one way.
double guaranteedOnNics(const Topology& topology, const SliceSpec& slice) {
  double all = 0;
  for (const SiteSpec& site : topology.sites()) {
    if (!site.fabric) continue;
    for (const NodeGroup& group : site.nodes) {
      all += group.count * slice.share.guarantee.of(group.type.scaleOutBandwidth().value());
    }
  }
  return all;
}

std::vector<SliceOutcome> outcomesOfSlices(const RunNetwork& network, const Scenario& scenario, Ticks end) {
  constexpr double kGigabit = 1e9 / 8;
  std::vector<SliceOutcome> all;
  for (const SliceSpec& spec : scenario.network.slices) {
    const auto number = static_cast<std::uint32_t>(all.size() + 1);
    const Transfers::SliceTraffic traffic = network.transfers().sliceTraffic(number);
    const SliceUse use = network.sliceUse(number);
    const double guaranteed = guaranteedOnNics(network.topology(), spec);
    const auto total = static_cast<double>(traffic.times.total);
    all.push_back({.name = spec.name,
                   .guaranteed_gb_per_s = guaranteed / 1e9,
                   .count = traffic.count,
                   .asked_bytes = traffic.asked_bytes,
                   .delivered_bytes = traffic.moved_bytes,
                   .busy_s = toSeconds(use.busy).value(),
                   .below_guarantee_s = toSeconds(use.below).value(),
                   .contention = total > 0 ? static_cast<double>(traffic.times.contention) / total : 0,
                   .revenue_usd = spec.price.value() * static_cast<double>(traffic.moved_bytes) +
                                  spec.guarantee_price.value() * guaranteed / kGigabit * toSeconds(end).value(),
                   .cost_usd = traffic.egress_usd});
  }
  return all;
}

}  // namespace

NetworkOutcome summarizeNetwork(const RunNetwork& network, const Scenario& scenario, Ticks end) {
  const Transfers& transfers = network.transfers();
  NetworkOutcome out;
  out.bytes = std::accumulate(transfers.bytes().begin(), transfers.bytes().end(), std::int64_t{0});
  for (std::size_t k = 0; k < kTransferKinds; ++k) {
    const auto kind = static_cast<TransferKind>(k);
    const Transfers::Times& times = transfers.times(kind);
    if (times.count == 0 && transfers.bytes()[k] == 0) continue;  // what never ends has no time
    const auto total = static_cast<double>(times.total);
    out.by_kind.push_back({nameOf(kind), times.count, transfers.bytes()[k],
                           times.count > 0 ? total / static_cast<double>(times.count) / (kTicksPerSecond / 1e3) : 0,
                           total > 0 ? static_cast<double>(times.contention) / total : 0});
  }
  const Topology& topology = network.topology();
  for (std::size_t w = 0; w < topology.wan().size(); ++w) {
    const FabricLinkId there = topology.wanLink(w), back(there.value() + 1);
    const std::int64_t bytes = transfers.usage().totalBytes(there) + transfers.usage().totalBytes(back);
    out.egress_usd += topology.wan()[w].egress_price.value() * static_cast<double>(bytes);
  }
  out.slices = outcomesOfSlices(network, scenario, end);
  out.interval_s = toSeconds(transfers.usage().interval()).value();
  if (end <= 0) return out;
  for (const FabricLinkId id : busiest(network, kLinksShown)) out.links.push_back(outcomeOf(network, id, end));
  return out;
}

LinkSeries linkSeries(const RunNetwork& network, Ticks end) {
  LinkSeries series{.interval_s = toSeconds(network.transfers().usage().interval()).value(), .links = {}};
  if (end <= 0) return series;
  for (const FabricLinkId id : busiest(network, LinkSeries::kMost)) {
    const std::vector<double> shares = utilisationOverTime(network, id, end);
    series.links.push_back({network.topology().linkName(id), {shares.begin(), shares.end()}});
  }
  return series;
}

}  // namespace headroom::sim
