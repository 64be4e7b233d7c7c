// A finished run as the views need it: what `simulate --out` wrote into a folder, loaded once and never changed.
// Columns of requests.csv.zst as arrays in the order of ids; times in seconds, latencies in milliseconds.
#pragma once

#include <QObject>
#include <QString>
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/metrics/request_parts.h"
#include "sim/result.h"
#include "sim/scenario.h"

namespace headroom::gui {

struct RequestColumns {
  std::vector<std::uint64_t> id;
  std::vector<std::uint16_t> workload;  ///< index into RunData::classes
  std::vector<double> arrival_s;
  std::vector<std::uint32_t> replica;
  std::vector<std::uint8_t> completed;
  std::vector<std::int32_t> prompt_tokens, output_tokens, cached_tokens, preemptions;
  std::vector<float> ttft_ms, tpot_ms, e2e_ms, queue_ms;  ///< NaN where there is none
  std::array<std::vector<float>, sim::kParts> parts_ms;
  std::size_t size() const { return id.size(); }
};

struct RunData {
  std::filesystem::path folder;  ///< or the result file itself
  QString title;                 ///< name of the scenario
  sim::Result result;
  std::string result_json;    ///< as read
  sim::Scenario scenario;     ///< resolved; without deployments if only a result is there
  std::string scenario_yaml;  ///< scenario.resolved.yaml
  std::vector<std::string> classes;
  std::vector<std::string> replicas;       ///< name of each replica of the run, e.g. "all-0"
  std::vector<std::string> replica_pools;  ///< deployment/pool of each
  RequestColumns requests;                 ///< empty if there is no requests.csv.zst
  double wall_s = 0;                       ///< of run_info.json; 0: unknown
};
using RunPtr = std::shared_ptr<const RunData>;

/// A run folder or a result.json. Blocks; safe in any thread. Throws InputError on a result of another version, a
/// missing or damaged file.
RunPtr loadRun(const std::filesystem::path& folder_or_result);

/// Loads in a thread; one at a time, the last asked for wins.
class RunLoader final : public QObject {
  Q_OBJECT
 public:
  explicit RunLoader(QObject* parent = nullptr);
  ~RunLoader() override;
  void load(const QString& folder_or_result);

 signals:
  void loaded(headroom::gui::RunPtr run);
  void failed(QString why);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace headroom::gui
