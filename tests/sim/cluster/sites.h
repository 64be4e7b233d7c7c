// Sites for tests, without a scenario around them.
#pragma once

#include <rapidcheck.h>

#include <string>

#include "sim/cluster/fabric.h"
#include "sim/sites.h"

namespace headroom::sim {

/// `nodes` of a catalogue type, by default with one 100 Gb/s NIC each, under a fabric in YAML.
inline SiteSpec testSite(int nodes, const std::string& fabric, const std::string& type = "generic-8") {
  SiteSpec site{.name = "here", .nodes = {}, .fabric = {}};
  NodeGroup group{.type = models::findNodeType(type), .accelerator = "h100-sxm", .count = nodes};
  if (!group.type.accelerator.empty()) group.accelerator = group.type.accelerator;
  site.nodes.push_back(group);
  if (!fabric.empty()) site.fabric = readFabric(Document::parse(fabric, "fabric").root());
  return site;
}

/// Any fabric that holds `nodes`.
inline std::string someFabric(int nodes) {
  const int kind = *rc::gen::inRange(0, 5);
  const auto number = [](int low, int high) { return std::to_string(*rc::gen::inRange(low, high + 1)); };
  if (kind == 0) return "{type: star}";
  if (kind == 1) return "{type: fat-tree}";
  if (kind == 2) {
    const int p = *rc::gen::inRange(1, 4), a = *rc::gen::inRange(1, 5);
    const int groups = (nodes + p * a - 1) / (p * a);
    const int global = (groups + a - 1) / a + *rc::gen::inRange(0, 3);
    return "{type: dragonfly, nodes_per_router: " + std::to_string(p) + ", routers_per_group: " + std::to_string(a) +
           ", global_links: " + std::to_string(global) + "}";
  }
  return "{type: " + std::string(kind == 3 ? "leaf-spine" : "rail-optimized") + ", nodes_per_leaf: " + number(1, 7) +
         ", spines: " + number(1, 5) + ", oversubscription: " + number(1, 4) + "}";
}

}  // namespace headroom::sim
