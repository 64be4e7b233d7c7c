// A scenario as a value: what to simulate. Schema headroom.scenario/1 (docs/scenario.md, `headroom schema scenario`).
// Reading checks names, units and ranges; whether it fits the hardware is decided later (sim/deployment.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "models/llm/memory_plan.h"
#include "models/llm/precision.h"
#include "sim/engine/engine_config.h"
#include "sim/engine/engine_options.h"
#include "sim/faults.h"
#include "sim/sites.h"
#include "sim/traffic.h"
#include "workloads/request_details.h"
#include "workloads/workload_spec.h"

namespace headroom::sim {

enum class WeightsFrom : std::uint8_t { storage, local, peer };

/// What a replica does before it serves.
struct StartSpec {
  WeightsFrom weights_from = WeightsFrom::storage;
  Seconds before_weights{};     ///< provisioning, scheduling, pulling the image
  Seconds after_weights{};      ///< initialisation, compilation, warm-up
  BytesPerSecond rate_limit{};  ///< of a replica's loading; 0: only what storage and links give
  bool operator==(const StartSpec&) const = default;
};

struct PoolSpec {
  std::string name = "all";
  Role role = Role::unified;
  std::string accelerator;
  models::Parallelism parallelism;
  int replicas = 1;
  std::filesystem::path profile;   ///< a user's own profile; empty: the shipped one
  std::optional<Watts> power_cap;  ///< of each accelerator; unset: the board limit
  std::string site;                ///< where it stands; empty: nowhere in particular, without sites
  BytesPerSecond collectives{};    ///< one way, that a replica over several nodes takes of each for its own
  std::optional<StartSpec> start;  ///< unset: replicas are there from the start of the run
  bool spread = false;             ///< replicas over as many switches and nodes as can be, instead of as few
  std::optional<SpotSpec> spot{};  ///< of accelerators that the provider may take back
  ColdStart cold_start{};          ///< of a replica after a failure
  bool operator==(const PoolSpec&) const = default;
};

/// How requests whose prompt and answer are computed by different replicas are paired and their KV cache is moved.
struct DisaggregationSpec {
  std::string pairing = "least-loaded";
  bool layer_wise = false;       ///< push layers as they are computed, instead of pulling the whole
  BytesPerSecond rate_limit{};   ///< of each transfer; 0: only what the links give
  double resharding_factor = 1;  ///< bytes moved over bytes of KV, between pools of different tp
  std::int32_t local_below = 0;  ///< shorter prompts are computed where they are answered
  bool operator==(const DisaggregationSpec&) const = default;
};

struct DeploymentSpec {
  std::string name;
  std::string model;                         ///< catalogue name, Hugging Face id, or path to a config.json
  std::optional<models::Precision> weights;  ///< unset: the format the weights are published in
  models::Precision kv_cache = models::Precision::bf16;
  EngineOptions engine;
  std::vector<PoolSpec> pools;
  DisaggregationSpec disaggregation;  ///< of pools with a role
  std::string router = "round-robin";
  bool wait_for_replicas = true;  ///< requests wait while no replica is up; else they fail
  bool isDisaggregated() const;
  bool operator==(const DeploymentSpec&) const = default;
};

/// Where the clients of a workload are, and what they send; an assumption where it is not set: 5 bytes of JSON a token
/// of English, 250 bytes an event of a streamed answer.
struct ClientPlace {
  std::string site;
  double bytes_per_prompt_token = 5, bytes_per_output_token = 250;
  bool operator==(const ClientPlace&) const = default;
};

struct WorkloadEntry {
  std::string deployment;
  std::string request_class = "default";
  std::string tenant{};                  ///< whose requests these are; empty: nobody's in particular
  std::int32_t priority = 0;             ///< lower goes first
  std::string adapter{};                 ///< LoRA adapter; empty: the base model
  std::optional<ClientPlace> clients{};  ///< unset: beside the replicas
  std::optional<ClientSpec> client{};    ///< none: clients wait for ever and never try again
  workloads::WorkloadSpec spec;
  bool operator==(const WorkloadEntry&) const = default;
};

/// Who shares the links among the transfers; both agree to rounding.
enum class NetworkSolver : std::uint8_t { own, simgrid };

struct NetworkSpec {
  NetworkSolver solver = NetworkSolver::own;
  std::vector<SliceSpec> slices;
  std::vector<BackgroundSpec> background;
  bool operator==(const NetworkSpec&) const = default;
};

/// A request is good if it meets every latency set here.
struct Slo {
  std::string request_class = "default";
  std::optional<Seconds> ttft = std::nullopt;
  std::optional<Seconds> tpot = std::nullopt;
  std::optional<Seconds> e2e = std::nullopt;
  double attainment = 0.99;  ///< share of offered requests that must be good
  bool operator==(const Slo&) const = default;
};

struct Scenario {
  std::string name;
  std::uint64_t seed = 1;
  std::optional<Seconds> duration;  ///< no arrival at or after it; unset: until the workloads end
  Seconds warmup{};                 ///< requests that arrive before it are not measured
  std::vector<SiteSpec> sites;      ///< empty: no network between replicas
  std::vector<WanLink> wan;
  NetworkSpec network;
  std::vector<FaultSpec> faults;
  std::vector<DeploymentSpec> deployments;
  std::vector<WorkloadEntry> workloads;
  std::vector<Slo> slos;
  std::map<std::string, DollarsPerSecond> prices;  ///< per accelerator; datasets/prices.yaml for the others
  bool operator==(const Scenario&) const = default;
};

/// The tenants in order of appearance: RequestDetails::tenant is an index here + 1.
std::vector<std::string> tenantNames(const Scenario& scenario);
/// The adapters in order of appearance: RequestDetails::adapter is an index here.
std::vector<std::string> adapterNames(const Scenario& scenario);
/// What the requests of `scenario.workloads[index]` carry. The deadline is the class's SLO of the whole answer.
workloads::RequestMarks marksOf(const Scenario& scenario, std::size_t index);
/// What is allowed but probably not meant, such as a tenant without SLO.
std::vector<std::string> warningsOf(const Scenario& scenario);

inline constexpr const char* kScenarioSchema = "headroom.scenario/1";

/// Throws InputError with file, line, path and hint.
Scenario readScenario(const Document& document);
/// A scenario inside another document (a study's base).
Scenario readScenario(const Value& value);

/// The scenario as a document; keys at their default are left out. Reading it back gives an equal value.
DocumentNode toDocument(const Scenario& scenario);

/// Names what is simulated, 16 hex digits: over toDocument() with trace files by content, so that moving a file or
/// spelling out a default changes nothing.
std::string scenarioHash(const Scenario& scenario);

}  // namespace headroom::sim
