#include "planner/task.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "models/base/error.h"
#include "models/hardware/prices.h"
#include "planner/run_files.h"
#include "planner/search.h"
#include "sim/version.h"
#include "workloads/trace_reader.h"

namespace headroom::planner {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::array kKindNames{"check", "run", "plan"};
constexpr auto kLineEvery = std::chrono::milliseconds(50);
constexpr std::int64_t kTimelineRequests = 20'000;
/// Rows of a trace that a check reads.
constexpr int kRowsChecked = 200;

std::string lineOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class T>
Json orNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json outcome(const Task& task, const char* status) {
  return {{"id", task.id}, {"status", status}};
}

Json errorOutcome(const Task& task, const InputError& error) {
  Json json = outcome(task, "error");
  json["message"] = error.message();
  json["hint"] = error.hint();
  json["path"] = error.where().path;
  json["line"] = error.where().line;
  json["file"] = error.where().file;
  return json;
}

Document documentOf(const Task& task) {
  return Document::parse(task.text, task.file.empty() ? "scenario" : task.file);
}

/// Lets something through at most 20 times a second.
class Pace {
 public:
  bool due() {
    const Clock::time_point now = Clock::now();
    if (now < next_) return false;
    next_ = now + kLineEvery;
    return true;
  }

 private:
  Clock::time_point next_{};
};

Json memoryJson(const sim::DeploymentPlan& plan, const sim::PoolPlan& pool) {
  const models::MemoryPlan& memory = pool.memory;
  const Bytes other = memory.runtime + memory.graphs + memory.state;
  return {{"deployment", plan.spec.name},
          {"pool", pool.spec.name},
          {"model", plan.spec.model},
          {"accelerator", pool.spec.accelerator},
          {"replicas", pool.spec.replicas},
          {"accelerators", pool.spec.replicas * pool.spec.parallelism.accelerators()},
          {"memory", pool.accelerator.memory.value()},
          {"usable", memory.usable.value()},
          {"weights", memory.weights.value()},
          {"activations", memory.activations.value()},
          {"other", other.value()},
          {"kv_cache", memory.kv_cache.value()},
          {"kv_tokens", memory.kv_tokens.value()},
          {"max_num_seqs", pool.engine.config.max_num_seqs},
          {"max_num_batched_tokens", pool.engine.config.max_num_batched_tokens},
          {"problem", pool.problem},
          {"warnings", pool.warnings}};
}

/// That each trace opens and its first rows are rows; the error says where in the scenario it is named.
void checkTraces(const Document& document, const sim::Scenario& scenario) {
  for (std::size_t i = 0; i < scenario.workloads.size(); ++i) {
    const auto* trace = std::get_if<workloads::TraceArrivals>(&scenario.workloads[i].spec.arrivals);
    if (trace == nullptr) continue;
    try {
      const auto reader = workloads::openTrace(trace->format, trace->file);
      workloads::TraceRow row;
      for (int r = 0; r < kRowsChecked && reader->next(row); ++r) {
      }
    } catch (const InputError& error) {
      const Value named = *document.root().find("workloads")->items()[i].find("arrivals")->find("file");
      throw InputError(named.where(), error.what());
    }
  }
}

std::optional<double> usdPerHour(const sim::Scenario& scenario, const std::vector<sim::DeploymentPlan>& plans) {
  const std::map<std::string, models::Price> listed = models::listPrices();
  double usd = 0;
  for (const sim::DeploymentPlan& plan : plans) {
    for (const sim::PoolPlan& pool : plan.pools) {
      const std::string& name = pool.spec.accelerator;
      const int count = pool.spec.replicas * pool.spec.parallelism.accelerators();
      if (const auto given = scenario.prices.find(name); given != scenario.prices.end()) {
        usd += given->second.value() * 3600 * count;
      } else if (const auto found = listed.find(name); found != listed.end()) {
        usd += found->second.price.value() * 3600 * count;
      } else {
        return std::nullopt;
      }
    }
  }
  return usd;
}

std::string problemOf(const std::vector<sim::DeploymentPlan>& plans) {
  for (const sim::DeploymentPlan& plan : plans) {
    if (std::string problem = plan.problem(); !problem.empty()) return problem;
  }
  return {};
}

void check(const Task& task, PlanCache& cache, const Tell& tell) {
  const Document document = documentOf(task);
  const sim::Scenario scenario = sim::readScenario(document);
  const std::vector<sim::DeploymentPlan> plans = cache.plansOf(scenario);
  checkTraces(document, scenario);
  Json json = outcome(task, "ok");
  json["problem"] = problemOf(plans);
  json["pools"] = Json::array();
  for (const sim::DeploymentPlan& plan : plans) {
    for (const sim::PoolPlan& pool : plan.pools) json["pools"].push_back(memoryJson(plan, pool));
  }
  json["usd_per_h"] = orNull(usdPerHour(scenario, plans));
  tell(lineOf(json));
}

Json progressLine(const Task& task, const sim::Progress& p, double wall_s) {
  const sim::LiveFigures live = p.live ? p.live() : sim::LiveFigures{};
  return {{"id", task.id},
          {"event", "progress"},
          {"simulated_s", p.simulated.value()},
          {"requests_finished", p.requests_finished},
          {"requests_expected", p.requests_expected},
          {"running", live.running},
          {"waiting", live.waiting},
          {"ttft_p50_ms", orNull(live.ttft_p50_ms)},
          {"ttft_p99_ms", orNull(live.ttft_p99_ms)},
          {"wall_s", wall_s}};
}

void run(const Task& task, PlanCache& cache, const Tell& tell) {
  const Clock::time_point begin = Clock::now();
  const auto wall = [begin] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  const sim::Scenario scenario = sim::readScenario(documentOf(task));
  const std::vector<sim::DeploymentPlan> plans = cache.plansOf(scenario);
  if (const std::string problem = problemOf(plans); !problem.empty()) {
    Json json = outcome(task, "infeasible");
    json["message"] = problem;
    tell(lineOf(json));
    return;
  }
  RunFiles files(task.out, false, scenario, kTimelineRequests);
  Pace pace;
  sim::SimulationOptions options;
  options.requests = &files;
  RunSeries series(plans);
  series.attachTo(options);
  options.progress = [&](const sim::Progress& p) {
    if (pace.due()) tell(lineOf(progressLine(task, p, wall())));
  };
  const sim::Result result = sim::simulate(scenario, plans, options);
  files.finish(result, sim::resolved(scenario, plans),
               {{"schema", "headroom.run-info/1"}, {"version", sim::kVersion}, {"wall_s", wall()}}, &series);
  Json json = outcome(task, "ok");
  json["folder"] = std::filesystem::absolute(task.out).lexically_normal().string();
  json["wall_s"] = wall();
  tell(lineOf(json));
}

Json candidateLine(const Task& task, const Study& study, const Candidate& candidate) {
  const sim::Result& result = candidate.result;
  const auto p99 = [](const std::optional<sim::LatencySummary>& s) { return s ? Json(s->p99) : Json(); };
  return {{"id", task.id},
          {"event", "candidate"},
          {"name", describe(candidate.candidate)},
          {"replicas", candidate.replicas},
          {"accelerators", candidate.accelerators},
          {"cost_usd_per_h", candidate.cost_usd_per_h},
          {"margin", candidate.margin},
          {"attainment", result.slo ? Json(result.slo->attainment) : Json()},
          {"goodput_per_s", result.slo ? Json(result.slo->goodput_per_s) : Json()},
          {"ttft_p99_ms", p99(result.latencies.ttft)},
          {"tpot_p99_ms", p99(result.latencies.tpot)},
          {"scenario", toYaml(sim::toDocument(scenarioAt(study, candidate.candidate, candidate.replicas)))}};
}

/// `runs` under the ledger's own words.
Json namedPlan(const Plan& plan) {
  Json json = toJson(plan);
  for (std::size_t i = 0; i < plan.ledger.size(); ++i) {
    json["ledger"][i]["name"] = describe(plan.ledger[i].candidate);
    const auto& result = plan.ledger[i].result;
    json["ledger"][i]["ttft_p99_ms"] = result && result->latencies.ttft ? Json(result->latencies.ttft->p99) : Json();
  }
  if (plan.recommendation) json["recommendation"]["name"] = describe(plan.recommendation->entry.candidate);
  return json;
}

void plan(const Task& task, const Tell& tell) {
  const Study study = readStudy(documentOf(task));
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  WorkerPool pool(task.program.empty() ? thisProgram() : task.program, task.workers > 0 ? task.workers : cores);
  Pace pace;
  SearchOptions options;
  options.candidate = [&](const Candidate& candidate) { tell(lineOf(candidateLine(task, study, candidate))); };
  options.progress = [&](const SearchProgress& p) {
    if (!pace.due()) return;
    tell(lineOf({{"id", task.id},
                 {"event", "progress"},
                 {"runs", p.runs},
                 {"shapes", p.shapes},
                 {"shapes_open", p.shapes_open},
                 {"best_usd_per_h", orNull(p.best_usd_per_h)}}));
  };
  const Plan found = search(study, pool, options);
  Json json = outcome(task, "ok");
  json["plan"] = namedPlan(found);
  tell(lineOf(json));
}

}  // namespace

bool isTask(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  return json.is_object() && json.contains("task");
}

std::string toLine(const Task& task) {
  return lineOf({{"id", task.id},
                 {"task", kKindNames[static_cast<std::size_t>(task.kind)]},
                 {"text", task.text},
                 {"file", task.file},
                 {"out", task.out},
                 {"program", task.program},
                 {"workers", task.workers}});
}

Task taskFromLine(const std::string& line) {
  try {
    const Json json = Json::parse(line);
    Task task;
    task.id = json.at("id");
    const std::string kind = json.at("task");
    const auto* const found = std::find(kKindNames.begin(), kKindNames.end(), kind);
    if (found == kKindNames.end()) throw InputError("unknown task \"" + kind + "\"");
    task.kind = static_cast<Task::Kind>(found - kKindNames.begin());
    task.text = json.at("text");
    task.file = json.value("file", "");
    task.out = json.value("out", "");
    task.program = json.value("program", "");
    task.workers = json.value("workers", 0);
    return task;
  } catch (const Json::exception& e) {
    throw InputError(std::string("not a line of the worker protocol: ") + e.what());
  }
}

void runTask(const Task& task, PlanCache& cache, const Tell& tell) {
  try {
    switch (task.kind) {
      case Task::Kind::check:
        return check(task, cache, tell);
      case Task::Kind::run:
        return run(task, cache, tell);
      case Task::Kind::plan:
        return plan(task, tell);
    }
  } catch (const InputError& error) {
    tell(lineOf(errorOutcome(task, error)));
  }
}

std::string crashLine(const Task& task, const std::string& why) {
  Json json = outcome(task, "crashed");
  json["message"] = why;
  return lineOf(json);
}

}  // namespace headroom::planner
