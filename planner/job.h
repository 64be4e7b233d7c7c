// One unit of work for a worker process, and its outcome, as lines of JSON.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sim/cluster/capacity.h"
#include "sim/cluster/simulation.h"

namespace headroom::planner {

struct Job {
  enum class Kind { simulate, capacity };
  std::uint64_t id = 0;
  Kind kind = Kind::simulate;
  std::string scenario;  ///< YAML text; file names relative to the working directory
  bool estimate_load = false;
  Seconds timeout{600};  ///< of wall time
  bool operator==(const Job&) const = default;
};

struct JobOutcome {
  enum class Status { ok, infeasible, error, crashed, timed_out };
  std::uint64_t id = 0;
  Status status = Status::ok;
  std::string message;  ///< why not ok
  std::optional<sim::Result> result;
  std::optional<sim::Capacity> capacity;
  bool operator==(const JobOutcome&) const = default;
};

const char* nameOf(JobOutcome::Status status);

std::string toLine(const Job& job);
std::string toLine(const JobOutcome& outcome);
/// Throw InputError on a line that is not one.
Job jobFromLine(const std::string& line);
JobOutcome outcomeFromLine(const std::string& line);

/// Compiled deployments by shape (replicas and router left out): compiled once, shared by all runs of a worker.
class PlanCache {
 public:
  /// The plans of the scenario, from the cache where only replicas, router or workload differ.
  std::vector<sim::DeploymentPlan> plansOf(const sim::Scenario& scenario);

 private:
  std::map<std::string, sim::DeploymentPlan> by_shape_;
};

/// Runs a job in this process. Wrong input and unfit deployments are outcomes, not exceptions.
JobOutcome runJob(const Job& job, PlanCache& cache);

}  // namespace headroom::planner
