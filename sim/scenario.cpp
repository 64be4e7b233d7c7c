#include "sim/scenario.h"

#include <algorithm>
#include <set>

#include "models/base/ticks.h"
#include "models/hardware/accelerator.h"
#include "models/llm/model.h"
#include "sim/cluster/placement.h"
#include "sim/names.h"
#include "sim/orchestration/router.h"
#include "sim/scenario_network.h"

namespace headroom::sim {
namespace {

/// {policy: none} only: others are not built yet.
void onlyPolicyNone(Fields& fields, const std::string& key) {
  const std::optional<Value> value = fields.optional(key);
  if (!value) return;
  Fields inner(*value);
  const auto policy = inner.optional("policy");
  if (policy && policy->string() != "none") policy->fail("not supported yet", "only \"none\"");
  inner.finish();
}

models::Precision readPrecision(const Value& value) {
  return *models::precisionFromName(value.oneOf(models::precisionNames()));
}

/// Where a pool stands. The only site needs no name.
void readPlace(Fields& fields, const std::vector<SiteSpec>& sites, PoolSpec& pool) {
  const auto site = fields.optional("site"), placement = fields.optional("placement");
  if (sites.empty()) {
    if (site) site->fail("there are no sites", "describe them under sites (docs/network.md)");
    if (placement) placement->fail("there are no sites to place replicas in", "see docs/network.md");
    return;
  }
  std::vector<std::string> names;
  for (const SiteSpec& s : sites) names.push_back(s.name);
  if (site) {
    pool.site = site->oneOf(names);
  } else if (names.size() == 1) {
    pool.site = names.front();
  } else {
    fields.value().fail("key \"site\" is missing", suggestion("", names));
  }
  if (placement) pool.spread = placement->oneOf({"packed", "spread"}) == "spread";
}

PoolSpec readPool(const Value& value, const std::vector<SiteSpec>& sites) {
  PoolSpec pool;
  Fields fields(value);
  const auto count = [&](const char* key, int& target, int max) {
    if (const auto v = fields.optional(key)) target = static_cast<int>(v->integer(1, max));
  };
  if (const auto v = fields.optional("name")) pool.name = readName(*v);
  if (const auto v = fields.optional("role")) pool.role = readRole(*v, sites);
  const Value accelerator = fields.required("accelerator");
  pool.accelerator = models::findAccelerator(accelerator.string(), accelerator.where()).name;
  count("tp", pool.parallelism.tp, 1024);
  count("pp", pool.parallelism.pp, 64);
  count("dp", pool.parallelism.dp, 1024);
  if (const auto v = fields.optional("ep")) pool.parallelism.ep = v->boolean();
  count("replicas", pool.replicas, 100'000);
  if (const auto v = fields.optional("profile")) pool.profile = v->filePath();
  if (const auto v = fields.optional("power_cap")) {
    pool.power_cap = v->quantity<Watts>();
    if (*pool.power_cap <= Watts()) v->fail("must be above 0");
  }
  if (const auto v = fields.optional("spot")) pool.spot = readSpot(*v);
  if (const auto v = fields.optional("cold_start")) pool.cold_start = readColdStart(*v);
  readPlace(fields, sites, pool);
  if (const auto v = fields.optional("collectives")) {
    if (sites.empty()) v->fail("there are no sites", "describe them under sites (docs/network.md)");
    pool.collectives = v->quantity<BytesPerSecond>();
    if (pool.collectives <= BytesPerSecond()) v->fail("must be above 0");
  }
  if (const auto v = fields.optional("start")) pool.start = readStart(*v, sites, pool.site);
  if (pool.start && pool.cold_start != ColdStart()) {
    fields.value().fail("has both start and cold_start", "start says what a replica goes through, after a failure too");
  }
  fields.finish();
  return pool;
}

std::string readModelName(const Value& value) {
  const std::string name = value.string();
  const std::filesystem::path base =
      value.node().from_command_line ? std::filesystem::path() : std::filesystem::path(value.file()).parent_path();
  models::findModel(name, base, value.where());
  return name.ends_with(".json") ? value.filePath().string() : name;
}

DeploymentSpec readDeployment(const Value& value, const std::vector<SiteSpec>& sites) {
  DeploymentSpec deployment;
  Fields fields(value);
  deployment.name = readName(fields.required("name"));
  deployment.model = readModelName(fields.required("model"));
  if (const auto precision = fields.optional("precision")) {
    Fields inner(*precision);
    if (const auto v = inner.optional("weights")) deployment.weights = readPrecision(*v);
    if (const auto v = inner.optional("kv_cache")) deployment.kv_cache = readPrecision(*v);
    inner.finish();
  }
  if (const auto v = fields.optional("engine")) deployment.engine = readEngineOptions(*v);
  const Value pools = fields.required("pools");
  std::set<std::string> names;
  for (const Value& pool : pools.items()) {
    deployment.pools.push_back(readPool(pool, sites));
    if (!names.insert(deployment.pools.back().name).second) pool.fail("two pools have this name");
  }
  if (deployment.pools.empty()) pools.fail("at least one pool is needed");
  if (const auto v = fields.optional("engine")) checkTiers(*v, deployment, sites);
  readDisaggregation(fields, pools, deployment);
  if (const auto router = fields.optional("router")) {
    Fields inner(*router);
    const auto policy = inner.optional("policy");
    if (const auto v = inner.optional("no_replica"))
      deployment.wait_for_replicas = v->oneOf({"wait", "fail"}) == "wait";
    if (policy) deployment.router = policy->oneOf(routerNames());
    const bool routes = std::any_of(deployment.pools.begin(), deployment.pools.end(),
                                    [](const PoolSpec& pool) { return pool.role == Role::unified; });
    if (policy && !routes && deployment.router != DeploymentSpec().router) {
      policy->fail("chooses among unified replicas, and there are none", "disaggregation.pairing chooses the pair");
    }
    inner.finish();
  }
  onlyPolicyNone(fields, "admission");
  onlyPolicyNone(fields, "autoscaler");
  fields.finish();
  return deployment;
}

WorkloadEntry readWorkloadEntry(const Value& value, const Scenario& scenario, std::size_t index) {
  WorkloadEntry entry;
  Fields fields(value);
  const std::optional<Value> deployment = fields.optional("deployment");
  std::vector<std::string> known;
  for (const DeploymentSpec& d : scenario.deployments) known.push_back(d.name);
  if (deployment) {
    entry.deployment = deployment->oneOf(known);
  } else if (known.size() == 1) {
    entry.deployment = known.front();
  } else {
    value.fail("key \"deployment\" is missing", suggestion("", known));
  }
  if (const auto v = fields.optional("class")) entry.request_class = readName(*v);
  if (const auto v = fields.optional("tenant")) entry.tenant = readName(*v);
  if (const auto v = fields.optional("clients")) entry.clients = readClients(*v, scenario.sites);
  if (const auto v = fields.optional("adapter")) entry.adapter = readName(*v);
  if (const auto v = fields.optional("priority")) {
    entry.priority = static_cast<std::int32_t>(v->integer(-1'000'000, 1'000'000));
  }
  if (const auto v = fields.optional("client")) entry.client = readClient(*v);
  // The name of its random streams: its class, so that a second workload beside it changes nothing.
  std::string name = entry.request_class;
  if (const auto v = fields.optional("name")) name = readName(*v);
  const bool taken = std::any_of(scenario.workloads.begin(), scenario.workloads.end(),
                                 [&](const WorkloadEntry& w) { return w.spec.name == name; });
  if (taken) name += "/" + std::to_string(index);
  entry.spec = workloads::readWorkload(fields, name);
  fields.finish();
  if (scenario.duration && (!entry.spec.duration || *scenario.duration < *entry.spec.duration)) {
    entry.spec.duration = scenario.duration;
  }
  if (workloads::isEndless(entry.spec)) {
    value.fail("this workload never ends", "set requests on it, or duration on the scenario");
  }
  workloads::checkWorkload(entry.spec);
  return entry;
}

void readPlaces(Fields& fields, Scenario& scenario) {
  const auto sites = fields.optional("sites"), wan = fields.optional("wan");
  if (sites) scenario.sites = readSites(*sites);
  if (scenario.sites.empty() && wan) wan->fail("there are no sites to join", "describe them under sites");
  if (!scenario.sites.empty()) scenario.wan = readWan(wan, scenario.sites, *sites);
}

/// That every replica has its nodes.
void checkPlacement(const Placement& placement, const Value& deployments) {
  if (!placement.problem) return;
  const Value deployment = deployments.items()[placement.problem->deployment];
  deployment.find("pools")->items()[placement.problem->pool].fail(placement.problem->message, placement.problem->hint);
}

Slo readSlo(const Value& value, const Scenario& scenario) {
  Slo slo;
  Fields fields(value);
  std::vector<std::string> classes;
  for (const WorkloadEntry& w : scenario.workloads) classes.push_back(w.request_class);
  if (const auto v = fields.optional("class")) slo.request_class = v->oneOf(classes);
  const auto latency = [&](const char* key, std::optional<Seconds>& target) {
    if (const auto v = fields.optional(key)) {
      target = v->quantity<Seconds>();
      if (*target <= Seconds()) v->fail("must be above 0");
    }
  };
  latency("ttft", slo.ttft);
  latency("tpot", slo.tpot);
  latency("e2e", slo.e2e);
  if (const auto v = fields.optional("attainment")) slo.attainment = v->fraction();
  fields.finish();
  if (!slo.ttft && !slo.tpot && !slo.e2e) value.fail("sets no latency", "ttft, tpot or e2e");
  return slo;
}

}  // namespace

Scenario readScenario(const Document& document) {
  return readScenario(document.root());
}

Scenario readScenario(const Value& value) {
  Scenario scenario;
  Fields fields(value);
  const Value schema = fields.required("schema");
  if (schema.string() != kScenarioSchema) schema.fail("must be " + std::string(kScenarioSchema));
  if (const auto v = fields.optional("name")) scenario.name = readName(*v);
  if (const auto v = fields.optional("seed")) scenario.seed = static_cast<std::uint64_t>(v->integer(0));
  if (const auto v = fields.optional("duration")) {
    scenario.duration = v->quantity<Seconds>();
    if (*scenario.duration <= Seconds()) v->fail("must be above 0");
    if (*scenario.duration > kLongestRun) v->fail("is longer than the clock holds", "at most 100 d");
  }
  if (const auto v = fields.optional("warmup")) {
    scenario.warmup = v->quantity<Seconds>();
    if (scenario.warmup < Seconds()) v->fail("must not be negative");
    if (scenario.duration && scenario.warmup >= *scenario.duration) v->fail("must be shorter than duration");
  }
  readPlaces(fields, scenario);
  const Value deployments = fields.required("deployments");
  std::set<std::string> names;
  for (const Value& v : deployments.items()) {
    scenario.deployments.push_back(readDeployment(v, scenario.sites));
    if (!names.insert(scenario.deployments.back().name).second) v.fail("two deployments have this name");
  }
  if (scenario.deployments.empty()) deployments.fail("at least one deployment is needed");
  const std::shared_ptr<const PlacedSites> sites = placedSites(scenario);
  if (sites) checkPlacement(sites->placement, deployments);
  const Value entries = fields.required("workloads");
  for (const Value& v : entries.items()) {
    scenario.workloads.push_back(readWorkloadEntry(v, scenario, scenario.workloads.size()));
  }
  if (scenario.workloads.empty()) entries.fail("at least one workload is needed");
  if (const auto v = fields.optional("faults")) scenario.faults = readFaults(*v, scenario, sites);
  if (const auto v = fields.optional("network")) readNetwork(*v, scenario);
  if (const auto slos = fields.optional("slos")) {
    for (const Value& v : slos->items()) scenario.slos.push_back(readSlo(v, scenario));
  }
  if (const auto prices = fields.optional("prices")) {
    for (const auto& [name, price] : prices->members()) {
      models::findAccelerator(name, price.where());
      scenario.prices[name] = price.quantity<DollarsPerSecond>();
      if (scenario.prices[name] < DollarsPerSecond()) price.fail("must not be negative");
    }
  }
  fields.finish();
  return scenario;
}

}  // namespace headroom::sim
