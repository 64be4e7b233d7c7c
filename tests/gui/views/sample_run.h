// Runs for tests of the views: the simulator itself, small and with made-up step times where figures are checked, and a
// table of any size written by hand where speed is.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "gui/run_data.h"
#include "models/base/files.h"
#include "sim/cluster/simulation.h"
#include "sim/deployment.h"
#include "sim/metrics/link_series.h"
#include "sim/metrics/replica_absences.h"
#include "sim/metrics/replica_activity.h"
#include "sim/metrics/request_log.h"

namespace headroom::gui {

/// A folder that is gone afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "gui-views-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Runs a scenario and writes what the views read, as `simulate --out` does.
inline void simulateInto(const std::filesystem::path& folder, const std::string& yaml) {
  const sim::Scenario scenario = sim::readScenario(headroom::Document::parse(yaml, "sample"));
  const std::vector<sim::DeploymentPlan> plans = sim::planDeployments(scenario);
  std::filesystem::create_directories(folder);
  sim::RequestLog log(scenario, folder / "requests.csv.zst");
  sim::ReplicaActivity activity(plans);
  sim::SimulationOptions options;
  options.requests = &log;
  options.activity = &activity;
  sim::ReplicaAbsences absences;
  options.absences = &absences;
  sim::LinkSeries links;
  options.links = &links;
  const sim::Result result = sim::simulate(scenario, plans, options);
  log.finish();
  activity.write(folder / "replicas.csv.zst");
  if (!absences.empty()) absences.write(folder / "absences.csv.zst");
  if (!links.empty()) links.write(folder / "links.csv.zst");
  writeFileAtomically(folder / "result.json", sim::toJson(result).dump(2) + "\n");
  writeFileAtomically(folder / "scenario.resolved.yaml", toYaml(sim::toDocument(sim::resolved(scenario, plans))));
  writeFileAtomically(folder / "run_info.json", R"({"wall_s": 0.5})");
}

/// `requests` requests on `replicas` replicas of the run in `folder`, drawn at random, in place of its own table.
inline void writeRequests(const std::filesystem::path& folder, std::size_t requests, std::uint32_t replicas) {
  const sim::Scenario scenario =
      sim::readScenario(headroom::Document::parse(readFile(folder / "scenario.resolved.yaml"), "scenario"));
  sim::RequestLog log(scenario, folder / "requests.csv.zst");
  std::mt19937_64 random(1);
  const auto upTo = [&](double ms) {
    return static_cast<Ticks>(static_cast<double>(random() % 1'000'000) / 1e6 * ms * 1024e6);
  };
  Ticks now = 0;
  for (std::size_t i = 0; i < requests; ++i) {
    now += upTo(12);
    sim::RequestRecord record;
    record.request.id = i;
    record.request.arrival = now;
    record.request.prompt_tokens = static_cast<std::int32_t>(10 + random() % 4000);
    record.request.output_tokens = static_cast<std::int32_t>(2 + random() % 400);
    record.replica = static_cast<std::uint32_t>(random() % replicas);
    record.queued = now + upTo(10);
    record.scheduled = record.queued + upTo(random() % 20 == 0 ? 900 : 5);
    record.first_token = record.scheduled + upTo(200);
    record.finished = record.first_token + upTo(12) * record.request.output_tokens;
    log.onRequest(record);
  }
  log.finish();
}

/// Two replicas, a burst in the middle, a limit that some requests miss.
inline std::string burstScenario(int requests = 600, int replicas = 2) {
  return R"(
schema: headroom.scenario/1
name: burst
deployments:
  - name: chat
    model: llama-3.1-8b
    pools: [{accelerator: h100-sxm, replicas: )" +
         std::to_string(replicas) + R"(}]
    router: {policy: least-loaded}
workloads:
  - deployment: chat
    class: interactive
    arrivals: {type: gamma, rate: 30 /s, cv: 3}
    requests: )" +
         std::to_string(requests) + R"(
    prompt_tokens: {lognormal: {p50: 900, p99: 6000}}
    output_tokens: {lognormal: {p50: 80, p99: 400}}
slos:
  - {class: interactive, ttft: 150 ms, tpot: 40 ms, attainment: 0.99}
)";
}

/// On a fabric of `nodes` nodes, four a leaf.
inline std::string fabricScenario(int nodes, int requests = 200) {
  const std::string text = burstScenario(requests, 2 * nodes);
  const std::string sites = "sites:\n  - name: east\n    nodes: [{type: h100-sxm-8, count: " + std::to_string(nodes) +
                            "}]\n    fabric: {type: leaf-spine, nodes_per_leaf: 8, spines: 8}\n";
  const std::size_t at = text.find("deployments:");
  std::string whole = text.substr(0, at) + sites + text.substr(at);
  whole.insert(whole.find("replicas: "), "tp: 4, site: east, ");
  return whole;
}

/// Eight prefill and eight decode replicas, one a node, on a leaf-spine that their KV goes over.
inline std::string disaggregatedScenario() {
  std::string text = burstScenario(200, 8);
  const std::string pool = "pools: [{accelerator: h100-sxm, replicas: 8}]";
  text.replace(text.find(pool), pool.size(),
               "pools: [{name: prefill, role: prefill, accelerator: h100-sxm, tp: 8, site: east, replicas: 8}, "
               "{name: decode, role: decode, accelerator: h100-sxm, tp: 8, site: east, replicas: 8}]");
  const std::string router = "    router: {policy: least-loaded}\n";
  text.erase(text.find(router), router.size());
  return text +
         "sites:\n  - name: east\n    nodes: [{type: h100-sxm-8, count: 16}]\n"
         "    fabric: {type: leaf-spine, nodes_per_leaf: 4, spines: 4}\n";
}

/// One a millisecond on five replicas, times drawn at random, a few refused.
inline sim::RequestColumns manyRequests(std::size_t n) {
  sim::RequestColumns r;
  r.origins = {{"chat", "a", ""}};
  r.statuses = {"completed", "rejected"};
  r.parts = {{"queue", {}}, {"prefill", {}}, {"decode", {}}};
  std::mt19937_64 random(7);
  for (std::size_t i = 0; i < n; ++i) {
    r.id.push_back(i);
    r.arrival.push_back(static_cast<std::int64_t>(i) * 1'000'000);
    r.replica.push_back(static_cast<std::uint32_t>(random() % 5));
    r.origin.push_back(0);
    r.status.push_back(random() % 50 == 0 ? 1 : 0);
    const bool completed = r.status.back() == 0;
    r.prompt_tokens.push_back(10);
    r.output_tokens.push_back(completed ? 2 : 0);
    r.cached_tokens.push_back(0);
    r.preemptions.push_back(0);
    const auto ttft = static_cast<std::int64_t>(random() % 400'000'000),
               decode = static_cast<std::int64_t>(random() % 1'000'000'000);
    r.ttft.push_back(completed ? ttft : 0);
    r.e2e.push_back(completed ? ttft + decode : 0);
    r.parts[0].time.push_back(completed ? ttft / 2 : 0);
    r.parts[1].time.push_back(completed ? ttft - ttft / 2 : 0);
    r.parts[2].time.push_back(completed ? decode : 0);
  }
  return r;
}

}  // namespace headroom::gui
