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

NetworkSpec readNetwork(const Value& value, bool sites) {
  NetworkSpec network;
  if (!sites) value.fail("there are no sites, hence no network", "describe them under sites (docs/network.md)");
  Fields fields(value);
  if (const auto v = fields.optional("solver")) {
    network.solver = v->oneOf({"own", "simgrid"}) == "own" ? NetworkSolver::own : NetworkSolver::simgrid;
  }
  fields.finish();
  return network;
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

DocumentNode toDocument(const NetworkSpec& network) {
  DocumentNode node = mapNode();
  setMember(node, "solver", scalarNode(network.solver == NetworkSolver::own ? "own" : "simgrid"));
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
