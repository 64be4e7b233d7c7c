#include "sim/scenario_network.h"

#include <algorithm>

#include "models/base/document_nodes.h"
#include "sim/orchestration/pair_router.h"

namespace headroom::sim {
namespace {

bool anyPool(const DeploymentSpec& deployment, Role role) {
  return std::any_of(deployment.pools.begin(), deployment.pools.end(),
                     [&](const PoolSpec& pool) { return pool.role == role; });
}

}  // namespace

const char* nameOf(Role role) {
  return role == Role::unified ? "unified" : role == Role::prefill ? "prefill" : "decode";
}

bool DeploymentSpec::isDisaggregated() const {
  return anyPool(*this, Role::prefill) || anyPool(*this, Role::decode);
}

void readNetwork(const Value& value, Scenario& scenario) {
  NetworkSpec& network = scenario.network;
  if (scenario.sites.empty())
    value.fail("there are no sites, hence no network", "describe them under sites (docs/network.md)");
  Fields fields(value);
  if (const auto v = fields.optional("solver")) {
    network.solver = v->oneOf({"own", "simgrid"}) == "own" ? NetworkSolver::own : NetworkSolver::simgrid;
  }
  if (const auto v = fields.optional("slices")) {
    network.slices = readSlices(*v, scenario);
    if (network.solver == NetworkSolver::simgrid && !network.slices.empty()) {
      v->fail("SimGrid shares links without minimums, so that it cannot have slices", "leave out solver: simgrid");
    }
  }
  if (const auto v = fields.optional("background")) network.background = readBackground(*v, scenario);
  fields.finish();
}

Role readRole(const Value& value, const std::vector<SiteSpec>& sites) {
  const std::string name = value.oneOf({"unified", "prefill", "decode"});
  if (name == "unified") return Role::unified;
  if (sites.empty()) {
    value.fail("KV caches move over a network, and there are no sites",
               "add sites: [{name: here, nodes: [...], fabric: {type: star}}] (docs/network.md)");
  }
  return name == "prefill" ? Role::prefill : Role::decode;
}

void readDisaggregation(Fields& fields, const Value& pools, DeploymentSpec& deployment) {
  const auto value = fields.optional("disaggregation");
  const bool prefill = anyPool(deployment, Role::prefill), decode = anyPool(deployment, Role::decode);
  if (prefill != decode) {
    pools.fail(prefill ? "has a prefill pool and no decode pool" : "has a decode pool and no prefill pool",
               "both are needed");
  }
  if (!prefill) {
    if (value) value->fail("no pool has a role", "set role: prefill and role: decode on pools");
    return;
  }
  DisaggregationSpec& spec = deployment.disaggregation;
  if (value) {
    Fields inner(*value);
    if (const auto v = inner.optional("pairing")) spec.pairing = v->oneOf(pairingNames());
    if (const auto v = inner.optional("transfer")) spec.layer_wise = v->oneOf({"whole", "layer-wise"}) == "layer-wise";
    if (const auto v = inner.optional("rate_limit")) {
      spec.rate_limit = v->quantity<BytesPerSecond>();
      if (spec.rate_limit <= BytesPerSecond()) v->fail("must be above 0");
    }
    if (const auto v = inner.optional("resharding_factor")) {
      spec.resharding_factor = v->number();
      if (!(spec.resharding_factor >= 1 && spec.resharding_factor <= 100)) v->fail("must be from 1 to 100");
    }
    if (const auto v = inner.optional("local_below")) {
      spec.local_below = static_cast<std::int32_t>(v->integer(0, 1'000'000'000));
    }
    inner.finish();
  }
  if (anyPool(deployment, Role::unified) && spec.local_below == 0) {
    pools.fail("no request would go to the unified pool beside prefill and decode pools",
               "set disaggregation.local_below: the prompts below so many tokens go there");
  }
}

StartSpec readStart(const Value& value, const std::vector<SiteSpec>& sites, const std::string& site) {
  if (sites.empty()) value.fail("weights come from somewhere, and there are no sites", "see docs/network.md");
  StartSpec start;
  Fields fields(value);
  const Value from = fields.required("weights_from");
  const std::string name = from.oneOf({"storage", "local", "peer"});
  start.weights_from = name == "storage" ? WeightsFrom::storage
                       : name == "local" ? WeightsFrom::local
                                         : WeightsFrom::peer;
  const auto here = std::find_if(sites.begin(), sites.end(), [&](const SiteSpec& s) { return s.name == site; });
  if (start.weights_from != WeightsFrom::local && !here->storage) {
    from.fail("site " + site + " has no storage",
              "add storage: {bandwidth: 100 GB/s, per_node: 25 GB/s} to it, or take weights_from: local");
  }
  if (start.weights_from == WeightsFrom::peer && !here->fabric) {
    from.fail("site " + site + " has no fabric", "replicas copy weights from each other over it");
  }
  const auto time = [&](const char* key, Seconds& target) {
    if (const auto v = fields.optional(key)) {
      target = v->quantity<Seconds>();
      if (target < Seconds()) v->fail("must not be negative");
    }
  };
  time("before_weights", start.before_weights);
  time("after_weights", start.after_weights);
  if (const auto v = fields.optional("rate_limit")) {
    start.rate_limit = v->quantity<BytesPerSecond>();
    if (start.rate_limit <= BytesPerSecond()) v->fail("must be above 0");
  }
  fields.finish();
  return start;
}

void checkTiers(const Value& engine, const DeploymentSpec& deployment, const std::vector<SiteSpec>& sites) {
  for (std::size_t t = 0; t < deployment.engine.kv_tiers.size(); ++t) {
    const std::string& from = deployment.engine.kv_tiers[t].from;
    if (from.empty()) continue;
    const Value at = *engine.find("kv_tiers")->items()[t].find("from");
    if (sites.empty()) at.fail("there are no sites, hence no network", "describe them under sites (docs/network.md)");
    const bool storage = from == "storage";
    const NodeRange node = storage ? NodeRange() : readNodeRange(at, sites);
    if (node.count() != 1) at.fail("is several nodes", "name one: here/n0");
    for (const PoolSpec& pool : deployment.pools) {
      const auto here =
          std::find_if(sites.begin(), sites.end(), [&](const SiteSpec& s) { return s.name == pool.site; });
      if (storage && !here->storage) {
        at.fail("site " + pool.site + " of pool " + pool.name + " has no storage",
                "add storage: {bandwidth: 100 GB/s, per_node: 25 GB/s} to it, or name a node");
      }
      if (!storage && (!here->fabric || !sites[node.site].fabric)) {
        at.fail("is not connected to pool " + pool.name, "add a fabric to the site");
      }
    }
  }
}

ClientPlace readClients(const Value& value, const std::vector<SiteSpec>& sites) {
  if (sites.empty()) value.fail("there are no sites", "describe them under sites (docs/network.md)");
  std::vector<std::string> names;
  for (const SiteSpec& site : sites) names.push_back(site.name);
  ClientPlace clients;
  Fields fields(value);
  clients.site = fields.required("site").oneOf(names);
  const auto bytes = [&](const char* key, double& target) {
    if (const auto v = fields.optional(key)) {
      target = v->number();
      if (!(target >= 0 && target <= 1e9)) v->fail("must be from 0 to 1e9 bytes");
    }
  };
  bytes("bytes_per_prompt_token", clients.bytes_per_prompt_token);
  bytes("bytes_per_output_token", clients.bytes_per_output_token);
  fields.finish();
  return clients;
}

DocumentNode toDocument(const ClientPlace& clients) {
  DocumentNode node = mapNode();
  setMember(node, "site", stringNode(clients.site));
  setMember(node, "bytes_per_prompt_token", numberNode(clients.bytes_per_prompt_token));
  setMember(node, "bytes_per_output_token", numberNode(clients.bytes_per_output_token));
  return node;
}

DocumentNode toDocument(const StartSpec& start) {
  DocumentNode node = mapNode();
  const WeightsFrom from = start.weights_from;
  setMember(node, "weights_from",
            scalarNode(from == WeightsFrom::storage ? "storage"
                       : from == WeightsFrom::local ? "local"
                                                    : "peer"));
  if (start.before_weights > Seconds()) {
    setMember(node, "before_weights", withUnit(start.before_weights.value(), "s"));
  }
  if (start.after_weights > Seconds()) setMember(node, "after_weights", withUnit(start.after_weights.value(), "s"));
  if (start.rate_limit > BytesPerSecond()) {
    setMember(node, "rate_limit", withUnit(start.rate_limit.value() / 1e9, "GB/s"));
  }
  return node;
}

DocumentNode networkNode(const Scenario& scenario) {
  const NetworkSpec& network = scenario.network;
  DocumentNode node = mapNode();
  setMember(node, "solver", scalarNode(network.solver == NetworkSolver::own ? "own" : "simgrid"));
  if (!network.slices.empty()) {
    DocumentNode slices = listNode();
    for (const SliceSpec& slice : network.slices) slices.items.push_back(toDocument(slice));
    setMember(node, "slices", std::move(slices));
  }
  if (!network.background.empty()) {
    DocumentNode background = listNode();
    for (const BackgroundSpec& b : network.background) background.items.push_back(toDocument(b, scenario));
    setMember(node, "background", std::move(background));
  }
  return node;
}

DocumentNode toDocument(const DisaggregationSpec& spec) {
  DocumentNode node = mapNode();
  setMember(node, "pairing", scalarNode(spec.pairing));
  setMember(node, "transfer", scalarNode(spec.layer_wise ? "layer-wise" : "whole"));
  if (spec.rate_limit > BytesPerSecond()) {
    setMember(node, "rate_limit", withUnit(spec.rate_limit.value() / 1e9, "GB/s"));
  }
  if (spec.resharding_factor != 1) setMember(node, "resharding_factor", numberNode(spec.resharding_factor));
  if (spec.local_below != 0) setMember(node, "local_below", numberNode(spec.local_below));
  return node;
}

}  // namespace headroom::sim
