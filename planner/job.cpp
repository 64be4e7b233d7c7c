#include "planner/job.h"

#include <array>
#include <nlohmann/json.hpp>

#include "models/base/error.h"

namespace headroom::planner {
namespace {

using Json = nlohmann::ordered_json;
using Status = JobOutcome::Status;

constexpr std::array kStatusNames{"ok", "infeasible", "error", "crashed", "timed-out"};

Status statusFrom(const std::string& name) {
  for (std::size_t i = 0; i < kStatusNames.size(); ++i) {
    if (name == kStatusNames[i]) return static_cast<Status>(i);
  }
  throw InputError("unknown job status \"" + name + "\"");
}

template <class F>
auto parsed(const std::string& line, F&& read) {
  try {
    return read(Json::parse(line));
  } catch (const Json::exception& e) {
    throw InputError(std::string("not a line of the worker protocol: ") + e.what());
  }
}

/// What the step times depend on.
std::string shapeOf(const sim::DeploymentSpec& spec) {
  sim::Scenario shape;
  shape.deployments = {spec};
  shape.deployments.front().router.clear();
  for (sim::PoolSpec& pool : shape.deployments.front().pools) pool.replicas = 0;
  return toYaml(sim::toDocument(shape));
}

}  // namespace

const char* nameOf(Status status) {
  return kStatusNames[static_cast<std::size_t>(status)];
}

std::string toLine(const Job& job) {
  return Json{{"id", job.id},
              {"kind", job.kind == Job::Kind::simulate ? "simulate" : "capacity"},
              {"scenario", job.scenario},
              {"estimate_load", job.estimate_load},
              {"timeout_s", job.timeout.value()}}
      .dump();
}

std::string toLine(const JobOutcome& outcome) {
  Json json{{"id", outcome.id}, {"status", nameOf(outcome.status)}};
  if (!outcome.message.empty()) json["message"] = outcome.message;
  if (outcome.result) json["result"] = sim::toJson(*outcome.result);
  if (outcome.capacity) {
    json["capacity"] = {{"requests", outcome.capacity->requests},
                        {"offered_per_s", outcome.capacity->offered_per_s},
                        {"sustained_per_replica_s", outcome.capacity->sustained_per_replica_s}};
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Job jobFromLine(const std::string& line) {
  return parsed(line, [](const Json& json) {
    Job job;
    job.id = json.at("id");
    const std::string kind = json.at("kind");
    if (kind != "simulate" && kind != "capacity") throw InputError("unknown job kind \"" + kind + "\"");
    job.kind = kind == "simulate" ? Job::Kind::simulate : Job::Kind::capacity;
    job.scenario = json.at("scenario");
    job.estimate_load = json.value("estimate_load", false);
    job.timeout = Seconds(json.value("timeout_s", 600.0));
    return job;
  });
}

JobOutcome outcomeFromLine(const std::string& line) {
  return parsed(line, [](const Json& json) {
    JobOutcome outcome;
    outcome.id = json.at("id");
    outcome.status = statusFrom(json.at("status"));
    outcome.message = json.value("message", "");
    if (json.contains("result")) outcome.result = sim::resultFromJson(json.at("result"));
    if (json.contains("capacity")) {
      const Json& c = json.at("capacity");
      outcome.capacity = sim::Capacity{c.at("requests"), c.at("offered_per_s"), c.at("sustained_per_replica_s")};
    }
    return outcome;
  });
}

std::vector<sim::DeploymentPlan> PlanCache::plansOf(const sim::Scenario& scenario) {
  std::vector<sim::DeploymentPlan> plans;
  for (const sim::DeploymentSpec& spec : scenario.deployments) {
    const auto [entry, inserted] = by_shape_.try_emplace(shapeOf(spec));
    if (inserted) {
      try {
        entry->second = sim::planDeployment(spec);
      } catch (...) {
        by_shape_.erase(entry);
        throw;
      }
    }
    sim::DeploymentPlan plan = entry->second;
    plan.spec = spec;
    for (std::size_t i = 0; i < spec.pools.size(); ++i) plan.pools[i].spec = spec.pools[i];
    plans.push_back(std::move(plan));
  }
  return plans;
}

JobOutcome runJob(const Job& job, PlanCache& cache) {
  JobOutcome outcome;
  outcome.id = job.id;
  try {
    const sim::Scenario scenario = sim::readScenario(Document::parse(job.scenario, "job"));
    const std::vector<sim::DeploymentPlan> plans = cache.plansOf(scenario);
    for (const sim::DeploymentPlan& plan : plans) {
      if (const std::string problem = plan.problem(); !problem.empty()) {
        outcome.status = Status::infeasible;
        outcome.message = problem;
        return outcome;
      }
    }
    if (job.kind == Job::Kind::capacity) {
      outcome.capacity = sim::estimateCapacity(scenario, plans.front());
    } else {
      sim::SimulationOptions options;
      options.estimate_load = job.estimate_load;
      outcome.result = sim::simulate(scenario, plans, options);
    }
  } catch (const InputError& e) {
    outcome.status = Status::error;
    outcome.message = e.what();
  }
  return outcome;
}

}  // namespace headroom::planner
