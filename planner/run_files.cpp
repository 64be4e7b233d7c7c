#include "planner/run_files.h"

#include <nlohmann/json.hpp>
#include <variant>

#include "models/base/files.h"

namespace headroom::planner {
namespace {

/// File names in a document are relative to it, so those of a scenario that moves are made absolute.
void makeFilesAbsolute(sim::Scenario& scenario) {
  const auto absolute = [](std::filesystem::path& path) {
    if (!path.empty()) path = std::filesystem::absolute(path).lexically_normal();
  };
  for (sim::DeploymentSpec& deployment : scenario.deployments) {
    if (deployment.model.ends_with(".json")) {
      deployment.model = std::filesystem::absolute(deployment.model).lexically_normal().string();
    }
    for (sim::PoolSpec& pool : deployment.pools) absolute(pool.profile);
  }
  for (sim::FaultSpec& fault : scenario.faults) absolute(fault.file);
  for (sim::WorkloadEntry& workload : scenario.workloads) {
    workloads::ArrivalSpec& arrivals = workload.spec.arrivals;
    if (auto* trace = std::get_if<workloads::TraceArrivals>(&arrivals)) absolute(trace->file);
    if (auto* model = std::get_if<workloads::TraceModelArrivals>(&arrivals)) absolute(model->file);
  }
}

}  // namespace

void RunSeries::attachTo(sim::SimulationOptions& options) {
  options.activity = &activity;
  options.absences = &absences;
  options.links = &links;
}

RunFiles::RunFiles(const std::string& folder, bool overwrite, const sim::Scenario& scenario,
                   std::int64_t timeline_requests)
    : folder_(folder,
              {"scenario.resolved.yaml", "result.json", "requests.csv.zst", "replicas.csv.zst", "absences.csv.zst",
               "links.csv.zst", "timeline.json", "metrics.om", "run_info.json"},
              overwrite),
      log_(scenario, folder_.path("requests.csv.zst")),
      timeline_(scenario, folder_.path("timeline.json"), timeline_requests),
      metrics_(scenario) {}

void RunFiles::onRequest(const sim::RequestRecord& record) {
  try {
    log_.onRequest(record);
    timeline_.onRequest(record);
  } catch (const InputError& error) {
    throw folder_.inFinalTerms(error);
  }
  metrics_.onRequest(record);
}

void RunFiles::onFault(const sim::FaultMark& mark) {
  try {
    timeline_.onFault(mark);
  } catch (const InputError& error) {
    throw folder_.inFinalTerms(error);
  }
}

void RunFiles::writeScenario(const sim::Scenario& resolved) {
  sim::Scenario scenario = resolved;
  makeFilesAbsolute(scenario);
  writeFileAtomically(folder_.path("scenario.resolved.yaml"), toYaml(sim::toDocument(scenario)));
}

void RunFiles::finish(const sim::Result& result, const sim::Scenario& resolved, const nlohmann::ordered_json& run_info,
                      const RunSeries* series) {
  try {
    log_.finish();
    timeline_.finish(result);
    if (series != nullptr) {
      series->activity.write(folder_.path("replicas.csv.zst"));
      if (!series->absences.empty()) series->absences.write(folder_.path("absences.csv.zst"));
      if (!series->links.empty()) series->links.write(folder_.path("links.csv.zst"));
    }
    writeScenario(resolved);
    writeFileAtomically(folder_.path("metrics.om"), metrics_.text(result));
    writeFileAtomically(folder_.path("result.json"), sim::toJson(result).dump(2) + "\n");
    writeFileAtomically(folder_.path("run_info.json"), run_info.dump(2) + "\n");
    folder_.commit();
  } catch (const InputError& error) {
    throw folder_.inFinalTerms(error);
  }
}

}  // namespace headroom::planner
