// Requests and steps a second of the whole path from arrivals to metrics, and its peak memory: llama-3.1-8b on 64
// h100-sxm, Azure conversation lengths and arrivals from the shipped trace model. Each run is a process of its own, so
// that its peak memory is its own.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "models/base/files.h"
#include "sim/cluster/capacity.h"
#include "sim/cluster/simulation.h"

namespace headroom::sim {
namespace {

constexpr int kReplicas = 64;

Scenario chat(double rate_scale, std::int64_t requests) {
  const std::string text =
      fmt::format(R"(
schema: headroom.scenario/1
deployments:
  - name: chat
    model: llama-3.1-8b
    pools: [{{accelerator: h100-sxm, replicas: {}}}]
    router: {{policy: power-of-two}}
workloads:
  - arrivals: {{type: trace-model, file: {}, rate_scale: {}}}
    requests: {}
)",
                  kReplicas, (datasetsRoot() / "traces/azure-2023-conv.yaml").string(), rate_scale, requests);
  return readScenario(Document::parse(text, "bench"));
}

struct Case {
  const char* name;
  double load;  ///< of what the replicas sustain
  std::int64_t requests;
  bool exact;
};

void runOne(const Case& c, const Capacity& capacity) {
  const double scale = c.load * capacity.sustained_per_replica_s * kReplicas / capacity.offered_per_s;
  const Scenario scenario = chat(scale, c.requests);
  const std::vector<DeploymentPlan> plans = planDeployments(scenario);
  SimulationOptions options;
  options.exact_steps = c.exact;
  options.estimate_load = false;
  const auto begin = std::chrono::steady_clock::now();
  const Result result = simulate(scenario, plans, options);
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print(
      "{:<28} load {:.2f} {:>9} requests {:>11.0f} requests/s {:>12.0f} steps/s {:>5.1f} events/request "
      "{:>6.1f} MB peak   p99 ttft {:.0f} ms\n",
      c.name, c.load, c.requests, static_cast<double>(c.requests) / wall, static_cast<double>(result.steps) / wall,
      static_cast<double>(result.events) / static_cast<double>(c.requests), static_cast<double>(usage.ru_maxrss) / 1024,
      result.latencies.ttft->p99);
  std::fflush(stdout);
}

int runAll() {
  const Scenario once = chat(1, 20'000);
  const Capacity capacity = estimateCapacity(once, planDeployments(once).front());
  fmt::print("one replica sustains {:.2f} requests/s of this mix\n", capacity.sustained_per_replica_s);
  std::fflush(stdout);
  for (const Case& c :
       {Case{"fast-forward, stable", 0.7, 100'000, false}, Case{"fast-forward, stable", 0.7, 1'000'000, false},
        Case{"fast-forward, knee", 0.95, 100'000, false}, Case{"fast-forward, knee", 0.95, 1'000'000, false},
        Case{"exact steps, stable", 0.7, 100'000, true}}) {
    const pid_t child = fork();
    if (child == 0) {
      runOne(c, capacity);
      _exit(0);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace headroom::sim

int main() {
  return headroom::sim::runAll();
}
