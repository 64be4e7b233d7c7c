// The files of `simulate --out DIR`: written while requests leave the run, published together when it has ended.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "models/base/output_directory.h"
#include "sim/cluster/simulation.h"
#include "sim/metrics/link_series.h"
#include "sim/metrics/open_metrics.h"
#include "sim/metrics/replica_absences.h"
#include "sim/metrics/replica_activity.h"
#include "sim/metrics/request_log.h"
#include "sim/metrics/timeline.h"

namespace headroom::planner {

/// What a run did over time; beside its requests.
struct RunSeries {
  explicit RunSeries(const std::vector<sim::DeploymentPlan>& plans) : activity(plans) {}
  /// A run with these options fills it.
  void attachTo(sim::SimulationOptions& options);
  sim::ReplicaActivity activity;
  sim::ReplicaAbsences absences;
  sim::LinkSeries links;
};

class RunFiles final : public sim::RequestSink {
 public:
  RunFiles(const std::string& folder, bool overwrite, const sim::Scenario& scenario, std::int64_t timeline_requests);

  void onRequest(const sim::RequestRecord& record) override;
  void onFault(const sim::FaultMark& mark) override;
  /// `resolved`: the scenario with every default decided. `run_info`: what differs from machine to machine. `series`:
  /// null: without those files.
  void finish(const sim::Result& result, const sim::Scenario& resolved, const nlohmann::ordered_json& run_info,
              const RunSeries* series = nullptr);

 private:
  void writeScenario(const sim::Scenario& resolved);

  OutputDirectory folder_;
  sim::RequestLog log_;
  sim::Timeline timeline_;
  sim::OpenMetrics metrics_;
};

}  // namespace headroom::planner
