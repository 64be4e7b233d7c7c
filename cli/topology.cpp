// headroom topology: the network of a scenario, what it can carry, and where its replicas stand.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/numbers.h"
#include "cli/report_errors.h"
#include "cli/scenario_options.h"
#include "cli/streams.h"
#include "cli/text_table.h"
#include "cli/topology_svg.h"
#include "cli/verbs.h"
#include "models/base/error.h"
#include "models/base/files.h"
#include "sim/cluster/placement.h"
#include "sim/cluster/topology_analysis.h"

namespace headroom::cli {
namespace {

using Json = nlohmann::ordered_json;

double inGB(BytesPerSecond bandwidth) {
  return bandwidth.value() / 1e9;
}
std::string rateText(BytesPerSecond bandwidth) {
  return numberText(inGB(bandwidth)) + " GB/s";
}

std::string fabricName(const sim::SiteSpec& site) {
  return site.fabric ? sim::kindOf(site.fabric->shape).name : "no fabric";
}

std::string siteText(const sim::SiteSpec& site) {
  std::string text = fmt::format("{}: {}, {}\n", site.name, countOf(sim::nodeCount(site), "node"), fabricName(site));
  for (const sim::NodeGroup& group : site.nodes) {
    const models::Accelerator accelerator = models::findAccelerator(group.accelerator);
    const int span = models::scaleUpNodes(group.type, accelerator);
    text += fmt::format("  {} x {}: {} {}, {} x {} NIC, {} {} each{}\n", countText(group.count), group.type.name,
                        group.type.accelerators, group.accelerator, group.type.nics, rateText(group.type.nic_bandwidth),
                        accelerator.scale_up_kind, rateText(accelerator.scale_up_bandwidth),
                        span > 1 ? fmt::format(" among {} nodes", span) : "");
  }
  return text;
}

std::string tierTable(const sim::SiteAnalysis& analysis) {
  TextTable table("lrrrrl");
  table.add({"  tier", "cables", "GB/s each", "GB/s in all", "NICs over it", ""});
  for (const sim::TierSummary& tier : analysis.tiers) {
    const std::string each = tier.least == tier.most
                                 ? numberText(inGB(tier.most))
                                 : numberText(inGB(tier.least)) + " to " + numberText(inGB(tier.most));
    const std::string pruned = tier.pruned()       ? "cannot saturate"
                               : tier.prunable > 0 ? countText(tier.prunable) + " cannot saturate"
                                                   : "";
    table.add({"  " + tier.name, countText(tier.cables), each, numberText(inGB(tier.total)),
               tier.name == "scale-up" ? "" : numberText(tier.nics_over_total), pruned});
  }
  return table.text();
}

std::string analysisText(const sim::SiteAnalysis& analysis) {
  std::string text = tierTable(analysis);
  if (analysis.full_bisection > BytesPerSecond()) {
    text += fmt::format("  bisection bandwidth {} of {} ({})\n", rateText(analysis.bisection),
                        rateText(analysis.full_bisection), shareText(analysis.bisection / analysis.full_bisection));
  }
  text += "  single points of failure:";
  if (analysis.single_points.empty()) text += " none";
  for (const sim::SinglePoint& point : analysis.single_points) {
    text += fmt::format("\n    {}: {} up to {} off, e.g. {}", countOf(point.count, point.kind),
                        point.count > 1 ? "each cuts" : "cuts", countOf(point.nodes, "node"), point.example);
  }
  return text + "\n";
}

std::string wanText(const std::vector<sim::WanLink>& links) {
  std::string text;
  for (const sim::WanLink& link : links) {
    text += fmt::format("wan {} - {}: {}, {} round trip, {} USD/GB\n", link.between[0], link.between[1],
                        rateText(link.bandwidth), durationText(link.rtt.value()), link.egress_price.value() * 1e9);
  }
  return text.empty() ? text : text + "\n";
}

/// Of one replica: n0, n1 (2); a share is named where it is not the whole node.
std::string nodesText(const sim::Topology& topology, const sim::ReplicaNodes& nodes) {
  std::string text;
  for (const sim::NodeShare& share : nodes) {
    const int all = topology.groupOf(share.node).type.accelerators;
    text += (text.empty() ? "" : ", ") + topology.vertexName(share.node.value());
    if (share.accelerators < all) text += fmt::format(" ({} of {})", share.accelerators, all);
  }
  return text;
}

std::string placementTable(const sim::Scenario& scenario, const sim::Topology& topology,
                           const sim::Placement& placement) {
  constexpr std::size_t kShown = 12;
  TextTable table("llrl");
  table.add({"deployment", "pool", "replica", "nodes"});
  for (std::size_t d = 0; d < scenario.deployments.size(); ++d) {
    const sim::DeploymentSpec& deployment = scenario.deployments[d];
    for (std::size_t p = 0; p < deployment.pools.size(); ++p) {
      const sim::PoolNodes& replicas = placement.deployments[d][p];
      for (std::size_t r = 0; r < std::min(kShown, replicas.size()); ++r) {
        table.add({deployment.name, deployment.pools[p].name, countText(static_cast<std::int64_t>(r)),
                   nodesText(topology, replicas[r])});
      }
      if (replicas.size() > kShown) {
        const auto more = static_cast<std::int64_t>(replicas.size() - kShown);
        table.add({"", "", "", countText(more) + " more; --format json has them"});
      }
    }
  }
  return table.text();
}

Json analysisJson(const sim::SiteAnalysis& analysis) {
  Json tiers = Json::array(), points = Json::array();
  for (const sim::TierSummary& tier : analysis.tiers) {
    tiers.push_back({{"name", tier.name},
                     {"cables", tier.cables},
                     {"least_gb_per_s", inGB(tier.least)},
                     {"most_gb_per_s", inGB(tier.most)},
                     {"total_gb_per_s", inGB(tier.total)},
                     {"nics_over_total", tier.name == "scale-up" ? Json() : Json(tier.nics_over_total)},
                     {"pruned_cables", tier.prunable}});
  }
  for (const sim::SinglePoint& point : analysis.single_points) {
    points.push_back(
        {{"kind", point.kind}, {"count", point.count}, {"nodes_cut_off", point.nodes}, {"example", point.example}});
  }
  return {{"tiers", tiers},
          {"bisection_gb_per_s", inGB(analysis.bisection)},
          {"full_bisection_gb_per_s", inGB(analysis.full_bisection)},
          {"single_points_of_failure", points}};
}

Json sitesJson(const sim::Topology& topology) {
  Json sites = Json::array();
  for (std::uint32_t s = 0; s < topology.sites().size(); ++s) {
    const sim::SiteSpec& site = topology.sites()[s];
    Json nodes = Json::array();
    for (const sim::NodeGroup& group : site.nodes) {
      nodes.push_back({{"type", group.type.name},
                       {"accelerator", group.accelerator},
                       {"count", group.count},
                       {"accelerators", group.type.accelerators},
                       {"nics", group.type.nics},
                       {"nic_gb_per_s", inGB(group.type.nic_bandwidth)}});
    }
    Json entry{{"name", site.name}, {"fabric", site.fabric ? Json(fabricName(site)) : Json()}, {"nodes", nodes}};
    entry.update(analysisJson(sim::analyseSite(topology, s)));
    sites.push_back(std::move(entry));
  }
  return sites;
}

Json placementJson(const sim::Scenario& scenario, const sim::Topology& topology, const sim::Placement& placement) {
  Json pools = Json::array();
  for (std::size_t d = 0; d < scenario.deployments.size(); ++d) {
    for (std::size_t p = 0; p < scenario.deployments[d].pools.size(); ++p) {
      const sim::PoolSpec& pool = scenario.deployments[d].pools[p];
      Json replicas = Json::array();
      for (const sim::ReplicaNodes& nodes : placement.deployments[d][p]) {
        Json shares = Json::array();
        for (const sim::NodeShare& share : nodes) {
          shares.push_back({{"node", topology.vertexName(share.node.value())}, {"accelerators", share.accelerators}});
        }
        replicas.push_back(std::move(shares));
      }
      pools.push_back({{"deployment", scenario.deployments[d].name},
                       {"pool", pool.name},
                       {"site", pool.site},
                       {"placement", pool.spread ? "spread" : "packed"},
                       {"replicas", replicas}});
    }
  }
  return pools;
}

Json wanJson(const std::vector<sim::WanLink>& links) {
  Json all = Json::array();
  for (const sim::WanLink& link : links) {
    all.push_back({{"between", link.between},
                   {"gb_per_s", inGB(link.bandwidth)},
                   {"rtt_ms", link.rtt.value() * 1e3},
                   {"egress_usd_per_gb", link.egress_price.value() * 1e9}});
  }
  return all;
}

std::string tableText(const sim::Scenario& scenario, const sim::Topology& topology, const sim::Placement& placement) {
  std::string text;
  for (std::uint32_t s = 0; s < topology.sites().size(); ++s) {
    text += siteText(topology.sites()[s]) + analysisText(sim::analyseSite(topology, s)) + "\n";
  }
  return text + wanText(topology.wan()) + placementTable(scenario, topology, placement);
}

}  // namespace

int topology(const TopologyOptions& options) {
  const sim::Scenario scenario = readScenarioOptions(options.scenario, {}, options.set, std::nullopt);
  if (scenario.sites.empty()) {
    throw InputError({.file = options.scenario, .line = 0, .path = "/sites"}, "the scenario has no sites",
                     "docs/network.md describes them; `headroom topology chat-70b-fabric` shows an example");
  }
  const sim::Topology topology(scenario.sites, scenario.wan);
  const sim::Placement placement = sim::placeReplicas(scenario, topology);
  CHECK(!placement.problem, "the scenario was read without its placement");
  if (!options.svg.empty()) writeFileAtomically(options.svg, topologySvg(scenario, topology, placement));
  if (options.format == Format::json) {
    const Json json{{"sites", sitesJson(topology)},
                    {"wan", wanJson(topology.wan())},
                    {"pools", placementJson(scenario, topology, placement)}};
    printResult(json.dump(2) + "\n");
  } else {
    printResult(tableText(scenario, topology, placement));
  }
  return kExitOk;
}

}  // namespace headroom::cli
