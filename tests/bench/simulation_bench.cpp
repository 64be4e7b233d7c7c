// Requests a second of the whole path from arrivals to metrics, and its peak memory, each run a process of its own so
// that its peak memory is its own. Chat: llama-3.1-8b on h100-sxm, Azure conversation lengths and arrivals from the
// shipped trace model. Mooncake: its conversation trace with prefix caching, reading the trace included.
// `bench_simulation NAME...` runs the cases whose names contain a NAME.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "models/base/files.h"
#include "sim/cluster/capacity.h"
#include "sim/cluster/simulation.h"

namespace headroom::sim {
namespace {

constexpr const char* kMooncake = "../shared/data/traces/mooncake_fast25/conversation_trace.jsonl.gz";

Scenario chat(int replicas, double rate_scale, std::int64_t requests) {
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
                  replicas, (datasetsRoot() / "traces/azure-2023-conv.yaml").string(), rate_scale, requests);
  return readScenario(Document::parse(text, "bench"));
}

Scenario mooncake() {
  const std::string text = fmt::format(R"(
schema: headroom.scenario/1
deployments:
  - name: chat
    model: llama-3.1-8b
    engine: {{max_model_len: 131072}}
    pools: [{{accelerator: h100-sxm, replicas: 8}}]
    router: {{policy: power-of-two}}
workloads:
  - arrivals: {{type: trace, format: mooncake, file: {}}}
)",
                                       std::filesystem::absolute(kMooncake).string());
  return readScenario(Document::parse(text, "bench"));
}

struct Case {
  std::string name;
  int replicas;
  double load;  ///< of what the replicas sustain; 0: the Mooncake trace as recorded
  std::int64_t requests;
  bool exact;
};

const std::vector<Case> kCases{
    {"fast-forward, stable", 64, 0.7, 100'000, false},   {"fast-forward, stable, 1M", 64, 0.7, 1'000'000, false},
    {"fast-forward, knee", 64, 0.95, 100'000, false},    {"fast-forward, knee, 1M", 64, 0.95, 1'000'000, false},
    {"exact steps, stable", 64, 0.7, 100'000, true},     {"light, 64 replicas", 64, 0.2, 500'000, false},
    {"light, 1000 replicas", 1000, 0.2, 500'000, false}, {"stable, 1000 replicas, 1M", 1000, 0.7, 1'000'000, false},
    {"mooncake, prefix caching", 8, 0, 12'031, false},
};

Scenario scenarioOf(const Case& c, const Capacity& capacity) {
  if (c.load == 0) return mooncake();
  return chat(c.replicas, c.load * capacity.sustained_per_replica_s * c.replicas / capacity.offered_per_s, c.requests);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

void runOne(const Case& c, const Capacity& capacity) {
  const Scenario scenario = scenarioOf(c, capacity);
  const std::vector<DeploymentPlan> plans = planDeployments(scenario);
  SimulationOptions options;
  options.exact_steps = c.exact;
  options.estimate_load = false;
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const auto begin = std::chrono::steady_clock::now();
  const Result result = simulate(scenario, plans, options);
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  getrusage(RUSAGE_SELF, &after);
  const double user = seconds(after.ru_utime) - seconds(before.ru_utime);
  const auto requests = static_cast<double>(c.requests);
  fmt::print(
      "{:<26} load {:.2f} {:>9} requests {:>10.0f} requests/s ({:>9.0f} a CPU second) {:>11.0f} steps/s {:>4.1f} "
      "events/request {:>6.1f} MB peak   p99 ttft {:.0f} ms\n",
      c.name, c.load, c.requests, requests / wall, requests / user, static_cast<double>(result.steps) / wall,
      static_cast<double>(result.events) / requests, static_cast<double>(after.ru_maxrss) / 1024,
      result.latencies.ttft->p99);
  std::fflush(stdout);
}

bool runInChild(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    _exit(0);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && status == 0;
}

bool isChosen(const Case& c, int count, char** names) {
  for (int i = 0; i < count; ++i) {
    if (c.name.find(names[i]) != std::string::npos) return true;
  }
  return count == 0;
}

int runAll(int count, char** names) {
  const Scenario once = chat(1, 1, 20'000);
  const Capacity capacity = estimateCapacity(once, planDeployments(once).front());
  fmt::print("one replica sustains {:.2f} requests/s of the chat mix\n", capacity.sustained_per_replica_s);
  std::fflush(stdout);
  for (const Case& c : kCases) {
    if (!isChosen(c, count, names)) continue;
    if (c.load == 0 && !std::filesystem::exists(kMooncake)) {
      fmt::print("{}: skipped, there is no {}\n", c.name, kMooncake);
    } else if (!runInChild([&] { runOne(c, capacity); })) {
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace headroom::sim

int main(int argc, char** argv) {
  return headroom::sim::runAll(argc - 1, argv + 1);
}
