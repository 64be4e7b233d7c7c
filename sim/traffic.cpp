#include "sim/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>

#include "models/base/document_nodes.h"
#include "sim/cluster/topology.h"
#include "sim/names.h"
#include "sim/scenario.h"

namespace headroom::sim {
namespace {

template <class Q>
Q atLeastZero(const Value& value) {
  const Q quantity = value.quantity<Q>();
  if (quantity < Q()) value.fail("must not be negative");
  return quantity;
}

/// A bandwidth, or a share of every link.
LinkPart readPart(const Value& value) {
  const std::string text = value.string();
  if (text.find("b/s") == std::string::npos && text.find("B/s") == std::string::npos) return {0, value.fraction()};
  return {atLeastZero<BytesPerSecond>(value).value(), 0};
}

DocumentNode partNode(const LinkPart& part) {
  return part.rate > 0 ? withUnit(part.rate / 1e9, "GB/s") : numberNode(part.share);
}

std::vector<std::string> kindNames() {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < kTransferKinds; ++k) names.emplace_back(nameOf(static_cast<TransferKind>(k)));
  return names;
}

TrafficSelector readSelector(const Value& value, const Scenario& scenario) {
  TrafficSelector selector;
  std::vector<std::string> tenants, classes, deployments, pools;
  for (const WorkloadEntry& w : scenario.workloads) {
    if (!w.tenant.empty()) tenants.push_back(w.tenant);
    classes.push_back(w.request_class);
  }
  for (const DeploymentSpec& d : scenario.deployments) {
    deployments.push_back(d.name);
    for (const PoolSpec& pool : d.pools) pools.push_back(pool.name);
  }
  Fields fields(value);
  if (const auto v = fields.optional("kind")) {
    const std::vector<std::string> kinds = kindNames();
    selector.kind = static_cast<TransferKind>(std::find(kinds.begin(), kinds.end(), v->oneOf(kinds)) - kinds.begin());
    if (*selector.kind == TransferKind::background) v->fail("background traffic names its slice itself");
  }
  const auto name = [&](const char* key, const std::vector<std::string>& known, std::string& target) {
    if (const auto v = fields.optional(key)) {
      if (known.empty()) v->fail(fmt::format("no workload has a {}", key));
      target = v->oneOf(known);
    }
  };
  name("tenant", tenants, selector.tenant);
  name("class", classes, selector.request_class);
  name("deployment", deployments, selector.deployment);
  name("pool", pools, selector.pool);
  fields.finish();
  if (selector == TrafficSelector()) value.fail("selects nothing", "kind, tenant, class, deployment or pool");
  return selector;
}

SliceSpec readSlice(const Value& value, const Scenario& scenario) {
  SliceSpec slice;
  Fields fields(value);
  slice.name = readName(fields.required("name"));
  if (const auto v = fields.optional("guarantee")) slice.share.guarantee = readPart(*v);
  if (const auto v = fields.optional("cap")) {
    slice.share.cap = readPart(*v);
    if (slice.share.cap->rate + slice.share.cap->share <= 0) v->fail("must be above 0");
  }
  if (const auto v = fields.optional("weight")) slice.share.weight = v->numberIn(1e-3, 1e3);
  if (const auto v = fields.optional("price")) slice.price = atLeastZero<DollarsPerByte>(*v);
  if (const auto v = fields.optional("guarantee_price")) slice.guarantee_price = atLeastZero<DollarsPerSecond>(*v);
  if (const auto v = fields.optional("traffic")) {
    for (const Value& selector : v->items()) slice.traffic.push_back(readSelector(selector, scenario));
  }
  fields.finish();
  return slice;
}

std::string rateText(double bytes_per_s) {
  return fmt::format("{:g} GB/s", bytes_per_s / 1e9);
}

/// On every link: caps above guarantees, and no more guaranteed than there is.
void checkOnLinks(const Value& list, const std::vector<SliceSpec>& slices, const Scenario& scenario) {
  const Topology topology(scenario.sites, scenario.wan);
  std::set<double> checked;
  for (std::uint32_t i = 0; i < topology.links().size(); ++i) {
    const double capacity = topology.links()[i].bandwidth.value();
    if (!checked.insert(capacity).second) continue;
    double promised = 0;
    for (std::size_t s = 0; s < slices.size(); ++s) {
      const SliceShare& share = slices[s].share;
      const double guarantee = share.guarantee.of(capacity);
      promised += guarantee;
      if (!share.cap || share.cap->of(capacity) >= guarantee * (1 - 1e-12)) continue;
      list.items()[s].fail(
          fmt::format("its cap is below its guarantee: {} of {} on {}", rateText(share.cap->of(capacity)),
                      rateText(guarantee), topology.linkName(FabricLinkId(i))),
          "raise the cap or lower the guarantee");
    }
    if (promised <= capacity * (1 + 1e-12)) continue;
    list.fail(fmt::format("guarantee {} together on {}, which has {}", rateText(promised),
                          topology.linkName(FabricLinkId(i)), rateText(capacity)),
              "lower the guarantees, or give them as shares of each link that are at most 100 % together");
  }
}

BackgroundSpec readOneBackground(const Value& value, const Scenario& scenario, const Topology& topology) {
  BackgroundSpec background;
  Fields fields(value);
  background.name = readName(fields.required("name"));
  const Value from = fields.required("from"), to = fields.required("to");
  background.from = readNodeRange(from, scenario.sites);
  background.to = readNodeRange(to, scenario.sites);
  for (std::uint32_t i = 0; i < background.pairs(); ++i) {
    const auto node = [&](const NodeRange& range) {
      return NodeId(topology.firstNode(range.site).value() + range.first + i % range.count());
    };
    if (topology.connected(node(background.from), node(background.to))) continue;
    to.fail("is not connected to where it comes from", "add a fabric to the site");
  }
  const Value rate = fields.required("rate");
  background.rate = rate.quantity<BytesPerSecond>();
  if (background.rate <= BytesPerSecond()) rate.fail("must be above 0");
  if (const auto v = fields.optional("streams")) background.streams = static_cast<int>(v->integer(1, 1000));
  const auto time = [&](const char* key, Seconds& target) {
    const auto v = fields.optional(key);
    if (!v) return;
    target = v->quantity<Seconds>();
    if (target <= Seconds()) v->fail("must be above 0");
  };
  time("on", background.on);
  time("off", background.off);
  if ((background.on > Seconds()) != (background.off > Seconds())) {
    value.fail("on and off go together", "leave both out for a constant demand");
  }
  if (const auto v = fields.optional("slice")) {
    std::vector<std::string> names;
    for (const SliceSpec& slice : scenario.network.slices) names.push_back(slice.name);
    if (names.empty()) v->fail("there are no slices", "add network.slices");
    background.slice = v->oneOf(names);
  }
  fields.finish();
  return background;
}

template <class Spec>
void checkNames(const Value& list, const std::vector<Spec>& specs, const char* what) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!names.insert(specs[i].name).second) list.items()[i].fail(fmt::format("two {} have this name", what));
  }
}

std::string rangeText(const NodeRange& range, const Scenario& scenario) {
  const std::string first = fmt::format("{}/n{}", scenario.sites[range.site].name, range.first);
  return range.count() == 1 ? first : fmt::format("{}-{}", first, range.last);
}

bool selects(const TrafficSelector& selector, const TransferOwner& owner) {
  const auto fits = [](const std::string& wanted, const std::string* has) {
    return wanted.empty() || (has != nullptr && *has == wanted);
  };
  return (!selector.kind || *selector.kind == owner.kind) &&
         fits(selector.tenant, owner.workload ? &owner.workload->tenant : nullptr) &&
         fits(selector.request_class, owner.workload ? &owner.workload->request_class : nullptr) &&
         fits(selector.deployment, owner.deployment) && fits(selector.pool, owner.pool);
}

}  // namespace

NodeRange nodeRange(const std::string& text, const std::vector<SiteSpec>& sites) {
  const DocumentNode node = stringNode(text);
  return readNodeRange(Value(&node, std::make_shared<const std::string>(), ""), sites);
}

NodeRange readNodeRange(const Value& value, const std::vector<SiteSpec>& sites) {
  const std::string text = value.string();
  const std::size_t slash = text.find("/n");
  const auto refuse = [&](const std::string& why) {
    value.fail(why, fmt::format("name nodes as {0}/n0, or {0}/n0-{1}", sites.front().name,
                                std::max(1, nodeCount(sites.front()) - 1)));
  };
  if (slash == std::string::npos) refuse("is not a range of nodes");
  std::vector<std::string> names;
  for (const SiteSpec& site : sites) names.push_back(site.name);
  const auto at = std::find(names.begin(), names.end(), text.substr(0, slash));
  if (at == names.end()) refuse("is in no site of this scenario");
  NodeRange range{.site = static_cast<std::uint32_t>(at - names.begin())};
  const char* begin = text.data() + slash + 2;
  const char* const end = text.data() + text.size();
  auto read = std::from_chars(begin, end, range.first);
  bool good = read.ec == std::errc();
  range.last = range.first;
  if (good && read.ptr != end) {
    good = *read.ptr == '-';
    read = std::from_chars(read.ptr + 1, end, range.last);
    good = good && read.ec == std::errc() && read.ptr == end;
  }
  if (!good || range.last < range.first) refuse("is not a range of nodes");
  const int nodes = nodeCount(sites[range.site]);
  if (range.last >= static_cast<std::uint32_t>(nodes)) refuse(fmt::format("site {} has {} nodes", *at, nodes));
  return range;
}

std::vector<SliceSpec> readSlices(const Value& list, const Scenario& scenario) {
  std::vector<SliceSpec> slices;
  for (const Value& value : list.items()) slices.push_back(readSlice(value, scenario));
  checkNames(list, slices, "slices");
  checkOnLinks(list, slices, scenario);
  return slices;
}

std::vector<BackgroundSpec> readBackground(const Value& list, const Scenario& scenario) {
  std::vector<BackgroundSpec> all;
  const Topology topology(scenario.sites, scenario.wan);
  for (const Value& value : list.items()) all.push_back(readOneBackground(value, scenario, topology));
  checkNames(list, all, "entries");
  return all;
}

DocumentNode toDocument(const SliceSpec& slice) {
  DocumentNode node = mapNode();
  setMember(node, "name", stringNode(slice.name));
  if (slice.share.guarantee != LinkPart()) setMember(node, "guarantee", partNode(slice.share.guarantee));
  if (slice.share.cap) setMember(node, "cap", partNode(*slice.share.cap));
  if (slice.share.weight != 1) setMember(node, "weight", numberNode(slice.share.weight));
  if (slice.price > DollarsPerByte()) setMember(node, "price", withUnit(slice.price.value() * 1e9, "USD/GB"));
  if (slice.guarantee_price > DollarsPerSecond()) {
    setMember(node, "guarantee_price", withUnit(slice.guarantee_price.value() * 3600, "USD/h"));
  }
  if (slice.traffic.empty()) return node;
  DocumentNode traffic = listNode();
  for (const TrafficSelector& selector : slice.traffic) {
    DocumentNode entry = mapNode();
    if (selector.kind) setMember(entry, "kind", scalarNode(nameOf(*selector.kind)));
    const auto name = [&](const char* key, const std::string& value) {
      if (!value.empty()) setMember(entry, key, stringNode(value));
    };
    name("tenant", selector.tenant);
    name("class", selector.request_class);
    name("deployment", selector.deployment);
    name("pool", selector.pool);
    traffic.items.push_back(std::move(entry));
  }
  setMember(node, "traffic", std::move(traffic));
  return node;
}

DocumentNode toDocument(const BackgroundSpec& background, const Scenario& scenario) {
  DocumentNode node = mapNode();
  setMember(node, "name", stringNode(background.name));
  setMember(node, "from", stringNode(rangeText(background.from, scenario)));
  setMember(node, "to", stringNode(rangeText(background.to, scenario)));
  setMember(node, "rate", withUnit(background.rate.value() / 1e9, "GB/s"));
  if (background.streams != 1) setMember(node, "streams", numberNode(background.streams));
  if (background.on > Seconds()) {
    setMember(node, "on", withUnit(background.on.value(), "s"));
    setMember(node, "off", withUnit(background.off.value(), "s"));
  }
  if (!background.slice.empty()) setMember(node, "slice", stringNode(background.slice));
  return node;
}

std::uint32_t sliceOf(const std::vector<SliceSpec>& slices, const TransferOwner& owner) {
  for (std::size_t s = 0; s < slices.size(); ++s) {
    const std::vector<TrafficSelector>& traffic = slices[s].traffic;
    const auto selects_it = [&](const TrafficSelector& selector) { return selects(selector, owner); };
    if (std::any_of(traffic.begin(), traffic.end(), selects_it)) return static_cast<std::uint32_t>(s + 1);
  }
  return 0;
}

std::uint32_t sliceNamed(const std::vector<SliceSpec>& slices, const std::string& name) {
  const auto found = std::find_if(slices.begin(), slices.end(), [&](const SliceSpec& s) { return s.name == name; });
  return found == slices.end() ? 0 : static_cast<std::uint32_t>(found - slices.begin() + 1);
}

}  // namespace headroom::sim
