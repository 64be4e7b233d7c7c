// A finished run as the views need it: what `simulate --out` wrote into a folder, loaded once and never changed, with
// what makes looking at any part of it fast (run_statistics.h, replica_phases.h). A result.json alone is a run without
// requests.
#pragma once

#include <QObject>
#include <QString>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gui/link_loads.h"
#include "gui/replica_phases.h"
#include "gui/run_statistics.h"
#include "sim/cluster/placement.h"
#include "sim/metrics/replica_absences.h"
#include "sim/metrics/replica_activity.h"
#include "sim/metrics/request_columns.h"
#include "sim/result.h"
#include "sim/scenario.h"

namespace headroom::gui {

/// A replica of the run.
struct ReplicaName {
  std::string name;  ///< "all-0"; with several deployments "chat/all-0"
  std::string pool;  ///< deployment/pool
  std::size_t pool_index = 0;
};

/// Where the replicas stand; only of a scenario with sites.
struct RunTopology {
  sim::Topology topology;
  sim::Placement placement;
};

struct RunData {
  std::filesystem::path folder;  ///< or the result file itself
  QString title;                 ///< name of the scenario
  sim::Result result;
  std::string result_json;                              ///< as read
  sim::Scenario scenario;                               ///< resolved; without deployments if only a result is there
  std::string scenario_yaml;                            ///< scenario.resolved.yaml
  std::vector<ReplicaName> replicas;                    ///< in the order of the run
  sim::RequestColumns requests;                         ///< empty if there is no requests.csv.zst
  sim::ReplicaSeries activity;                          ///< empty if there is no replicas.csv.zst
  std::vector<std::vector<sim::AbsenceSpan>> absences;  ///< by replica; shorter: the others were never away
  RunStatistics statistics;                             ///< of the requests
  std::vector<ReplicaPhases> phases;                    ///< by replica
  std::vector<std::int64_t> scheduled;                  ///< see scheduledTimes()
  std::shared_ptr<const RunTopology> topology;          ///< null: no sites
  LinkLoads links;                                      ///< empty: nothing was sent over a network
  std::string topology_problem;                         ///< why the sites cannot be drawn; mostly empty
  double wall_s = 0;                                    ///< of run_info.json; 0: unknown

  RunData() = default;
  RunData(const RunData&) = delete;  // statistics point at requests
  RunData& operator=(const RunData&) = delete;

  bool hasRequests() const { return requests.size() > 0; }
  /// Simulated seconds to the last completion.
  double length() const;
  /// Requests that wait at a moment, over all replicas.
  std::int64_t waitingAt(std::int64_t ns) const;
  /// Why the replica takes no new requests at a moment; null: it does.
  const sim::AbsenceSpan* absenceAt(std::size_t replica, double s) const;
  /// Were there attempts that came to no answer?
  bool hasUnanswered() const {
    const sim::RequestCounts& counts = result.requests;
    return counts.failed > 0 || counts.timed_out > 0 || counts.retried > 0;
  }
  /// Index of a request; none: unknown id.
  std::optional<std::size_t> indexOf(std::uint64_t id) const;
  std::string replicaName(std::uint32_t replica) const;
};
using RunPtr = std::shared_ptr<const RunData>;

/// A run folder or a result.json. Blocks; safe in any thread. Null once `stop` says so. Throws InputError on a result
/// of another version, a missing or damaged file.
RunPtr loadRun(const std::filesystem::path& folder_or_result, const std::function<bool()>& stop = {});

/// Loads in a thread; one at a time, the last asked for wins.
class RunLoader final : public QObject {
  Q_OBJECT
 public:
  explicit RunLoader(QObject* parent = nullptr);
  ~RunLoader() override;  ///< waits for a load that has begun to notice
  void load(const QString& folder_or_result);
  bool loading() const;

 signals:
  void loaded(headroom::gui::RunPtr run);
  void failed(QString why);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace headroom::gui
