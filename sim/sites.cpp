#include "sim/sites.h"

#include <fmt/format.h>

#include <set>

#include "models/base/document_nodes.h"
#include "sim/cluster/fabric.h"
#include "sim/names.h"

namespace headroom::sim {
namespace {

constexpr std::int64_t kMostNodes = 1'000'000;

template <class Q>
void readAboveZero(Fields& fields, const char* key, Q& target) {
  const auto v = fields.optional(key);
  if (!v) return;
  target = v->quantity<Q>();
  if (target <= Q()) v->fail("must be above 0, and is " + v->string());
}

NodeGroup readGroup(const Value& value) {
  NodeGroup group;
  Fields fields(value);
  const Value type = fields.required("type");
  group.type = models::findNodeType(type.string(), type.where());
  group.accelerator = group.type.accelerator;
  const auto accelerator = fields.optional("accelerator");
  if (accelerator && !group.accelerator.empty() && accelerator->string() != group.accelerator) {
    accelerator->fail(fmt::format("a {} has {}", group.type.name, group.accelerator), "leave accelerator out");
  }
  if (accelerator) group.accelerator = models::findAccelerator(accelerator->string(), accelerator->where()).name;
  if (group.accelerator.empty())
    value.fail(group.type.name + " has no accelerator of its own", "add accelerator: NAME");
  group.count = static_cast<int>(fields.required("count").integer(1, kMostNodes));
  if (const auto v = fields.optional("nics")) group.type.nics = static_cast<int>(v->integer(1, 1024));
  readAboveZero(fields, "nic_bandwidth", group.type.nic_bandwidth);
  readAboveZero(fields, "local_storage", group.type.local_storage);
  fields.finish();
  return group;
}

StorageSpec readStorage(const Value& value) {
  StorageSpec storage;
  Fields fields(value);
  const auto aboveZero = [](const Value& v) {
    const auto bandwidth = v.quantity<BytesPerSecond>();
    if (bandwidth <= BytesPerSecond()) v.fail("must be above 0, and is " + v.string());
    return bandwidth;
  };
  storage.bandwidth = aboveZero(fields.required("bandwidth"));
  const auto per_node = fields.optional("per_node");
  storage.per_node = per_node ? aboveZero(*per_node) : storage.bandwidth;
  if (const auto v = fields.optional("latency")) {
    storage.latency = v->quantity<Seconds>();
    if (storage.latency < Seconds()) v->fail("must not be negative");
  }
  fields.finish();
  return storage;
}

SiteSpec readSite(const Value& value) {
  SiteSpec site;
  Fields fields(value);
  site.name = readName(fields.required("name"));
  const Value nodes = fields.required("nodes");
  for (const Value& group : nodes.items()) site.nodes.push_back(readGroup(group));
  if (site.nodes.empty()) nodes.fail("at least one group of nodes is needed", "e.g. [{type: h100-sxm-8, count: 4}]");
  if (nodeCount(site) > kMostNodes) nodes.fail(fmt::format("more than {} nodes", kMostNodes));
  if (const auto v = fields.optional("storage")) site.storage = readStorage(*v);
  if (const auto v = fields.optional("fabric")) {
    site.fabric = readFabric(*v);
    const std::string problem = kindOf(site.fabric->shape).problem(site.fabric->shape, fabricNodes(site));
    if (!problem.empty()) v->fail(problem);
  }
  fields.finish();
  return site;
}

const SiteSpec* findSite(const std::vector<SiteSpec>& sites, const std::string& name) {
  for (const SiteSpec& site : sites) {
    if (site.name == name) return &site;
  }
  return nullptr;
}

WanLink readWanLink(const Value& value, const std::vector<SiteSpec>& sites) {
  std::vector<std::string> names;
  for (const SiteSpec& site : sites) names.push_back(site.name);
  WanLink link;
  Fields fields(value);
  const Value between = fields.required("between");
  const std::vector<Value> ends = between.items();
  if (ends.size() != 2) between.fail("names the two sites it joins", "e.g. [us-east, eu-west]");
  for (std::size_t i = 0; i < 2; ++i) {
    link.between[i] = ends[i].oneOf(names);
    if (!findSite(sites, link.between[i])->fabric) {
      ends[i].fail("has no fabric, so that its nodes cannot reach the WAN", "add fabric: {type: star} to the site");
    }
  }
  if (link.between[0] == link.between[1]) between.fail("joins a site to itself");
  const Value bandwidth = fields.required("bandwidth"), rtt = fields.required("rtt");
  link.bandwidth = bandwidth.quantity<BytesPerSecond>();
  if (link.bandwidth <= BytesPerSecond()) bandwidth.fail("must be above 0, and is " + bandwidth.string());
  link.rtt = rtt.quantity<Seconds>();
  if (link.rtt < Seconds()) rtt.fail("must not be negative");
  if (const auto v = fields.optional("egress_price")) {
    link.egress_price = v->quantity<DollarsPerByte>();
    if (link.egress_price < DollarsPerByte()) v->fail("must not be negative");
  }
  fields.finish();
  return link;
}

/// The names that the WAN leads to from the first site.
std::set<std::string> reachable(const std::vector<SiteSpec>& sites, const std::vector<WanLink>& links) {
  std::set<std::string> found{sites.front().name};
  for (std::size_t before = 0; before != found.size();) {
    before = found.size();
    for (const WanLink& link : links) {
      if (found.contains(link.between[0]) || found.contains(link.between[1])) {
        found.insert(link.between.begin(), link.between.end());
      }
    }
  }
  return found;
}

}  // namespace

int nodeCount(const SiteSpec& site) {
  std::int64_t count = 0;
  for (const NodeGroup& group : site.nodes) count += group.count;
  return static_cast<int>(std::min<std::int64_t>(count, INT32_MAX));
}

std::vector<SiteSpec> readSites(const Value& list) {
  std::vector<SiteSpec> sites;
  for (const Value& value : list.items()) {
    SiteSpec site = readSite(value);
    if (findSite(sites, site.name) != nullptr) value.fail("two sites have this name");
    sites.push_back(std::move(site));
  }
  return sites;
}

std::vector<WanLink> readWan(const std::optional<Value>& list, const std::vector<SiteSpec>& sites, const Value& at) {
  std::vector<WanLink> links;
  if (list) {
    for (const Value& value : list->items()) links.push_back(readWanLink(value, sites));
  }
  if (sites.size() < 2) return links;
  const std::set<std::string> found = reachable(sites, links);
  for (const SiteSpec& site : sites) {
    if (found.contains(site.name)) continue;
    at.fail(fmt::format("site {} is not connected to {}", site.name, sites.front().name),
            fmt::format("add wan: [{{between: [{}, {}], bandwidth: 100 Gb/s, rtt: 80 ms}}]", sites.front().name,
                        site.name));
  }
  return links;
}

DocumentNode toDocument(const SiteSpec& site) {
  DocumentNode node = mapNode();
  setMember(node, "name", stringNode(site.name));
  DocumentNode groups = listNode();
  for (const NodeGroup& group : site.nodes) {
    const models::NodeType own = models::findNodeType(group.type.name);
    DocumentNode entry = mapNode();
    setMember(entry, "type", stringNode(group.type.name));
    if (own.accelerator.empty()) setMember(entry, "accelerator", stringNode(group.accelerator));
    setMember(entry, "count", numberNode(group.count));
    if (group.type.nics != own.nics) setMember(entry, "nics", numberNode(group.type.nics));
    const auto bandwidth = [&](const char* key, BytesPerSecond value, BytesPerSecond by_default) {
      if (value != by_default) setMember(entry, key, withUnit(value.value() / 1e9, "GB/s"));
    };
    bandwidth("nic_bandwidth", group.type.nic_bandwidth, own.nic_bandwidth);
    bandwidth("local_storage", group.type.local_storage, own.local_storage);
    groups.items.push_back(std::move(entry));
  }
  setMember(node, "nodes", std::move(groups));
  if (site.storage) {
    DocumentNode storage = mapNode();
    setMember(storage, "bandwidth", withUnit(site.storage->bandwidth.value() / 1e9, "GB/s"));
    setMember(storage, "per_node", withUnit(site.storage->per_node.value() / 1e9, "GB/s"));
    if (site.storage->latency > Seconds()) setMember(storage, "latency", withUnit(site.storage->latency.value(), "s"));
    setMember(node, "storage", std::move(storage));
  }
  if (site.fabric) setMember(node, "fabric", toDocument(*site.fabric));
  return node;
}

DocumentNode toDocument(const WanLink& link) {
  DocumentNode node = mapNode();
  setMember(node, "between", listNode({stringNode(link.between[0]), stringNode(link.between[1])}));
  setMember(node, "bandwidth", withUnit(link.bandwidth.value() / 1e9, "GB/s"));
  setMember(node, "rtt", withUnit(link.rtt.value(), "s"));
  if (link.egress_price > DollarsPerByte()) {
    setMember(node, "egress_price", withUnit(link.egress_price.value() * 1e9, "USD/GB"));
  }
  return node;
}

}  // namespace headroom::sim
