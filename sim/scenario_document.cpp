#include <fmt/format.h>

#include "models/base/files.h"
#include "sim/scenario.h"

namespace headroom::sim {
namespace {

DocumentNode mapNode() {
  DocumentNode node;
  node.kind = DocumentNode::Kind::map;
  return node;
}
DocumentNode listNode() {
  DocumentNode node;
  node.kind = DocumentNode::Kind::list;
  return node;
}
template <class T>
DocumentNode numberNode(T value) {
  return scalarNode(fmt::format("{}", value));
}
DocumentNode boolNode(bool value) { return scalarNode(value ? "true" : "false"); }

DocumentNode engineNode(const EngineOptions& engine) {
  DocumentNode node = mapNode();
  setMember(node, "name", scalarNode(engine.name));
  setMember(node, "version", stringNode(engine.version));
  const auto number = [&](const char* key, const auto& value) {
    if (value) setMember(node, key, numberNode(*value));
  };
  const auto flag = [&](const char* key, const std::optional<bool>& value) {
    if (value) setMember(node, key, boolNode(*value));
  };
  number("max_num_seqs", engine.max_num_seqs);
  number("max_num_batched_tokens", engine.max_num_batched_tokens);
  number("max_model_len", engine.max_model_len);
  number("num_gpu_blocks", engine.num_gpu_blocks);
  number("gpu_memory_utilization", engine.gpu_memory_utilization);
  flag("enable_chunked_prefill", engine.enable_chunked_prefill);
  flag("async_scheduling", engine.async_scheduling);
  number("long_prefill_token_threshold", engine.long_prefill_token_threshold);
  if (engine.step_overhead) setMember(node, "step_overhead", scalarNode(secondsText(*engine.step_overhead)));
  return node;
}

DocumentNode poolNode(const PoolSpec& pool) {
  DocumentNode node = mapNode();
  setMember(node, "name", stringNode(pool.name));
  setMember(node, "accelerator", scalarNode(pool.accelerator));
  setMember(node, "tp", numberNode(pool.parallelism.tp));
  if (pool.parallelism.pp != 1) setMember(node, "pp", numberNode(pool.parallelism.pp));
  if (pool.parallelism.dp != 1) setMember(node, "dp", numberNode(pool.parallelism.dp));
  if (pool.parallelism.ep) setMember(node, "ep", boolNode(true));
  setMember(node, "replicas", numberNode(pool.replicas));
  if (!pool.profile.empty()) setMember(node, "profile", stringNode(pool.profile.string()));
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
  setMember(node, "engine", engineNode(deployment.engine));
  DocumentNode pools = listNode();
  for (const PoolSpec& pool : deployment.pools) pools.items.push_back(poolNode(pool));
  setMember(node, "pools", std::move(pools));
  DocumentNode router = mapNode();
  setMember(router, "policy", scalarNode(deployment.router));
  setMember(node, "router", std::move(router));
  return node;
}

DocumentNode sloNode(const Slo& slo) {
  DocumentNode node = mapNode();
  setMember(node, "class", stringNode(slo.request_class));
  if (slo.ttft) setMember(node, "ttft", scalarNode(secondsText(*slo.ttft)));
  if (slo.tpot) setMember(node, "tpot", scalarNode(secondsText(*slo.tpot)));
  if (slo.e2e) setMember(node, "e2e", scalarNode(secondsText(*slo.e2e)));
  setMember(node, "attainment", numberNode(slo.attainment));
  return node;
}

DocumentNode workloadNode(const WorkloadEntry& entry) {
  DocumentNode node = mapNode();
  setMember(node, "deployment", stringNode(entry.deployment));
  setMember(node, "class", stringNode(entry.request_class));
  if (entry.spec.name != entry.request_class) setMember(node, "name", stringNode(entry.spec.name));
  for (auto& [key, value] : workloads::toDocument(entry.spec).members) setMember(node, key, std::move(value));
  return node;
}

/// File references by content; the scenario's name does not change what happens.
void hashByContent(DocumentNode& node) {
  for (DocumentNode& item : node.items) hashByContent(item);
  for (auto& [key, value] : node.members) {
    if ((key == "file" || key == "profile" || (key == "model" && value.text.ends_with(".json"))) && !value.text.empty()) {
      value.text = fmt::format("content:{:016x}", hashBytes(readFile(value.text)));
    }
    hashByContent(value);
  }
}

}  // namespace

DocumentNode scalarNode(const std::string& text) {
  DocumentNode node;
  node.kind = DocumentNode::Kind::scalar;
  node.text = text;
  return node;
}

DocumentNode stringNode(const std::string& text) {
  DocumentNode node = scalarNode(text);
  node.quoted = text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_/0123456789.") !=
                    std::string::npos ||
                text.empty() || (text.front() >= '0' && text.front() <= '9') || text == "true" || text == "false" ||
                text == "null";
  return node;
}

void setMember(DocumentNode& map, const std::string& key, DocumentNode value) {
  map.members.emplace_back(key, std::move(value));
}

std::string secondsText(Seconds t) { return fmt::format("{} s", t.value()); }

DocumentNode toDocument(const Scenario& scenario) {
  DocumentNode node = mapNode();
  setMember(node, "schema", scalarNode(kScenarioSchema));
  if (!scenario.name.empty()) setMember(node, "name", stringNode(scenario.name));
  setMember(node, "seed", numberNode(scenario.seed));
  if (scenario.duration) setMember(node, "duration", scalarNode(secondsText(*scenario.duration)));
  if (scenario.warmup > Seconds()) setMember(node, "warmup", scalarNode(secondsText(scenario.warmup)));
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
      setMember(prices, name, scalarNode(fmt::format("{} USD/h", price.value() * 3600)));
    }
    setMember(node, "prices", std::move(prices));
  }
  return node;
}

std::string scenarioHash(const Scenario& scenario) {
  DocumentNode node = toDocument(scenario);
  std::erase_if(node.members, [](const auto& member) { return member.first == "name" || member.first == "seed"; });
  hashByContent(node);
  return fmt::format("{:016x}", hashBytes(toYaml(node)));
}

}  // namespace headroom::sim
