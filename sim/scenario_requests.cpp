// What the workloads of a scenario say about each of their requests.
#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario.h"

namespace headroom::sim {
namespace {

std::vector<std::string> namesInOrder(const Scenario& scenario, std::string WorkloadEntry::*name) {
  std::vector<std::string> names;
  for (const WorkloadEntry& entry : scenario.workloads) {
    const bool known = std::find(names.begin(), names.end(), entry.*name) != names.end();
    if (!(entry.*name).empty() && !known) names.push_back(entry.*name);
  }
  return names;
}

/// Position of `name`, or the number of names.
std::size_t positionOf(const std::string& name, const std::vector<std::string>& names) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

const Slo* sloOf(const Scenario& scenario, const std::string& request_class) {
  const Slo* found = nullptr;  // the last one counts, as in the summary
  for (const Slo& slo : scenario.slos) {
    if (slo.request_class == request_class) found = &slo;
  }
  return found;
}

/// Workloads that replay one file tell of the same text: they go by the first one's name.
std::string textOf(const Scenario& scenario, std::size_t index) {
  const auto* own = std::get_if<workloads::TraceArrivals>(&scenario.workloads[index].spec.arrivals);
  if (own == nullptr) return {};
  for (const WorkloadEntry& entry : scenario.workloads) {
    const auto* other = std::get_if<workloads::TraceArrivals>(&entry.spec.arrivals);
    if (other != nullptr && other->file == own->file) return entry.spec.name;
  }
  return {};
}

}  // namespace

std::vector<std::string> tenantNames(const Scenario& scenario) {
  return namesInOrder(scenario, &WorkloadEntry::tenant);
}

std::vector<std::string> adapterNames(const Scenario& scenario) {
  return namesInOrder(scenario, &WorkloadEntry::adapter);
}

workloads::RequestMarks marksOf(const Scenario& scenario, std::size_t index) {
  const WorkloadEntry& entry = scenario.workloads[index];
  workloads::RequestMarks marks{.priority = entry.priority, .text_of = textOf(scenario, index)};
  if (!entry.tenant.empty()) {
    marks.tenant = static_cast<std::uint32_t>(positionOf(entry.tenant, tenantNames(scenario)) + 1);
  }
  if (!entry.adapter.empty()) {
    marks.adapter = static_cast<std::int32_t>(positionOf(entry.adapter, adapterNames(scenario)));
  }
  if (const Slo* slo = sloOf(scenario, entry.request_class)) marks.deadline = slo->e2e;
  return marks;
}

std::vector<std::string> warningsOf(const Scenario& scenario) {
  std::vector<std::string> warnings;
  for (const std::string& tenant : tenantNames(scenario)) {
    std::size_t workloads = 0, without = 0;
    for (const WorkloadEntry& entry : scenario.workloads) {
      if (entry.tenant != tenant) continue;
      ++workloads;
      if (sloOf(scenario, entry.request_class) == nullptr) ++without;
    }
    if (without == 0) continue;
    warnings.push_back(
        fmt::format("tenant {}: {} of {} workloads have no SLO, so their requests count in no attainment", tenant,
                    without, workloads));
  }
  for (const WorkloadEntry& entry : scenario.workloads) {
    if (entry.adapter.empty()) continue;
    const auto deployment = std::find_if(scenario.deployments.begin(), scenario.deployments.end(),
                                         [&](const DeploymentSpec& d) { return d.name == entry.deployment; });
    const std::vector<LoraModule>& modules = deployment->engine.lora.modules;
    if (std::any_of(modules.begin(), modules.end(), [&](const LoraModule& m) { return m.name == entry.adapter; })) {
      continue;
    }
    warnings.push_back(fmt::format("workload {}: adapter {} is served at no cost{}", entry.spec.name, entry.adapter,
                                   deployment->engine.name == "vllm" ? ": it is not among engine.lora_modules"
                                                                     : ", since only vllm models adapters"));
  }
  return warnings;
}

}  // namespace headroom::sim
