#include <fmt/format.h>

#include "models/base/document_nodes.h"
#include "models/base/files.h"
#include "sim/scenario.h"
#include "sim/scenario_network.h"

namespace headroom::sim {
namespace {

DocumentNode poolNode(const PoolSpec& pool) {
  DocumentNode node = mapNode();
  setMember(node, "name", stringNode(pool.name));
  if (pool.role != Role::unified) setMember(node, "role", scalarNode(nameOf(pool.role)));
  setMember(node, "accelerator", scalarNode(pool.accelerator));
  setMember(node, "tp", numberNode(pool.parallelism.tp));
  if (pool.parallelism.pp != 1) setMember(node, "pp", numberNode(pool.parallelism.pp));
  if (pool.parallelism.dp != 1) setMember(node, "dp", numberNode(pool.parallelism.dp));
  if (pool.parallelism.ep) setMember(node, "ep", boolNode(true));
  setMember(node, "replicas", numberNode(pool.replicas));
  if (!pool.profile.empty()) setMember(node, "profile", stringNode(pool.profile.string()));
  if (pool.power_cap) setMember(node, "power_cap", scalarNode(fmt::format("{} W", pool.power_cap->value())));
  if (!pool.site.empty()) setMember(node, "site", stringNode(pool.site));
  if (pool.collectives > BytesPerSecond()) {
    setMember(node, "collectives", withUnit(pool.collectives.value() / 1e9, "GB/s"));
  }
  if (pool.start) setMember(node, "start", toDocument(*pool.start));
  if (pool.spread) setMember(node, "placement", scalarNode("spread"));
  if (pool.spot) setMember(node, "spot", toDocument(*pool.spot));
  if (pool.cold_start != ColdStart()) setMember(node, "cold_start", toDocument(pool.cold_start));
  return node;
}

DocumentNode deploymentNode(const DeploymentSpec& deployment) {
  DocumentNode node = mapNode();
  setMember(node, "name", stringNode(deployment.name));
  setMember(node, "model", stringNode(deployment.model));
  DocumentNode precision = mapNode();
  if (deployment.weights) setMember(precision, "weights", scalarNode(models::nameOf(*deployment.weights)));
  setMember(precision, "kv_cache", scalarNode(models::nameOf(deployment.kv_cache)));
  setMember(node, "precision", std::move(precision));
  setMember(node, "engine", toDocument(deployment.engine));
  DocumentNode pools = listNode();
  for (const PoolSpec& pool : deployment.pools) pools.items.push_back(poolNode(pool));
  setMember(node, "pools", std::move(pools));
  if (deployment.isDisaggregated()) setMember(node, "disaggregation", toDocument(deployment.disaggregation));
  DocumentNode router = mapNode();
  setMember(router, "policy", scalarNode(deployment.router));
  if (!deployment.wait_for_replicas) setMember(router, "no_replica", scalarNode("fail"));
  setMember(node, "router", std::move(router));
  return node;
}

DocumentNode sloNode(const Slo& slo) {
  DocumentNode node = mapNode();
  setMember(node, "class", stringNode(slo.request_class));
  if (slo.ttft) setMember(node, "ttft", withUnit(slo.ttft->value(), "s"));
  if (slo.tpot) setMember(node, "tpot", withUnit(slo.tpot->value(), "s"));
  if (slo.e2e) setMember(node, "e2e", withUnit(slo.e2e->value(), "s"));
  setMember(node, "attainment", numberNode(slo.attainment));
  return node;
}

DocumentNode workloadNode(const WorkloadEntry& entry) {
  DocumentNode node = mapNode();
  setMember(node, "deployment", stringNode(entry.deployment));
  setMember(node, "class", stringNode(entry.request_class));
  if (!entry.tenant.empty()) setMember(node, "tenant", stringNode(entry.tenant));
  if (entry.priority != 0) setMember(node, "priority", numberNode(entry.priority));
  if (entry.clients) setMember(node, "clients", toDocument(*entry.clients));
  if (!entry.adapter.empty()) setMember(node, "adapter", stringNode(entry.adapter));
  if (entry.client) setMember(node, "client", toDocument(*entry.client));
  if (entry.spec.name != entry.request_class) setMember(node, "name", stringNode(entry.spec.name));
  for (auto& [key, value] : workloads::toDocument(entry.spec).members) setMember(node, key, std::move(value));
  return node;
}

/// File references by content; the scenario's name does not change what happens.
void hashByContent(DocumentNode& node) {
  for (DocumentNode& item : node.items) hashByContent(item);
  for (auto& [key, value] : node.members) {
    if ((key == "file" || key == "profile" || (key == "model" && value.text.ends_with(".json"))) &&
        !value.text.empty()) {
      value.text = fmt::format("content:{:016x}", hashContent(value.text));
    }
    hashByContent(value);
  }
}

}  // namespace

DocumentNode toDocument(const Scenario& scenario) {
  DocumentNode node = mapNode();
  setMember(node, "schema", scalarNode(kScenarioSchema));
  if (!scenario.name.empty()) setMember(node, "name", stringNode(scenario.name));
  setMember(node, "seed", numberNode(scenario.seed));
  if (scenario.duration) setMember(node, "duration", withUnit(scenario.duration->value(), "s"));
  if (scenario.warmup > Seconds()) setMember(node, "warmup", withUnit(scenario.warmup.value(), "s"));
  const auto addList = [&](const char* key, const auto& entries) {
    if (entries.empty()) return;
    DocumentNode list = listNode();
    for (const auto& entry : entries) list.items.push_back(toDocument(entry));
    setMember(node, key, std::move(list));
  };
  addList("sites", scenario.sites);
  addList("wan", scenario.wan);
  addList("faults", scenario.faults);
  if (scenario.network != NetworkSpec()) setMember(node, "network", networkNode(scenario));
  DocumentNode deployments = listNode();
  for (const DeploymentSpec& d : scenario.deployments) deployments.items.push_back(deploymentNode(d));
  setMember(node, "deployments", std::move(deployments));
  DocumentNode entries = listNode();
  for (const WorkloadEntry& w : scenario.workloads) entries.items.push_back(workloadNode(w));
  setMember(node, "workloads", std::move(entries));
  if (!scenario.slos.empty()) {
    DocumentNode slos = listNode();
    for (const Slo& slo : scenario.slos) slos.items.push_back(sloNode(slo));
    setMember(node, "slos", std::move(slos));
  }
  if (!scenario.prices.empty()) {
    DocumentNode prices = mapNode();
    for (const auto& [name, price] : scenario.prices) {
      setMember(prices, name, withUnit(price.value() * 3600, "USD/h"));
    }
    setMember(node, "prices", std::move(prices));
  }
  return node;
}

std::string scenarioHash(const Scenario& scenario) {
  DocumentNode node = toDocument(scenario);
  std::erase_if(node.members, [](const auto& member) { return member.key == "name" || member.key == "seed"; });
  hashByContent(node);
  return fmt::format("{:016x}", hashBytes(toYaml(node)));
}

}  // namespace headroom::sim
