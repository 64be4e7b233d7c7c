#include "gui/run_data.h"

#include <QMetaObject>
#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "models/base/error.h"
#include "models/base/files.h"

namespace headroom::gui {
namespace {

namespace fs = std::filesystem;

nlohmann::ordered_json parseJson(const fs::path& file, const std::string& text) {
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    throw InputError({.file = file.string(), .line = 0, .path = ""}, "is not JSON: " + std::string(error.what()));
  }
}

void readResult(const fs::path& file, RunData& run) {
  run.result_json = readFile(file);
  try {
    run.result = sim::resultFromJson(parseJson(file, run.result_json));
  } catch (const InputError& error) {
    throw InputError({.file = file.string(), .line = 0, .path = error.where().path}, error.message(), error.hint());
  }
}

void nameReplicas(RunData& run) {
  const bool many = run.scenario.deployments.size() > 1;
  std::size_t pool_index = 0;
  for (const sim::DeploymentSpec& deployment : run.scenario.deployments) {
    for (const sim::PoolSpec& pool : deployment.pools) {
      for (int r = 0; r < pool.replicas; ++r) {
        std::string name = (many ? deployment.name + "/" : "") + pool.name + "-" + std::to_string(r);
        run.replicas.push_back({std::move(name), deployment.name + "/" + pool.name, pool_index});
      }
      ++pool_index;
    }
  }
}

sim::LinkSeries readLinks(const RunData& run) {
  if (const fs::path file = run.folder / "links.csv.zst"; fs::exists(file)) return sim::readLinkSeries(file);
  return run.result.network ? linkSeriesOf(*run.result.network) : sim::LinkSeries{};
}

void buildTopology(RunData& run) {
  if (run.scenario.sites.empty()) return;
  try {
    sim::Topology topology(run.scenario.sites, run.scenario.wan);
    sim::Placement placement = sim::placeReplicas(run.scenario, topology);
    if (placement.problem) run.topology_problem = placement.problem->message;
    std::vector<std::string> names;
    for (std::uint32_t link = 0; link < topology.links().size(); ++link) {
      names.push_back(topology.linkName(sim::FabricLinkId(link)));
    }
    run.links = linkLoadsOf(readLinks(run), names);
    run.topology = std::make_shared<RunTopology>(RunTopology{std::move(topology), std::move(placement)});
  } catch (const InputError& error) {
    run.topology_problem = error.what();
  }
}

}  // namespace

double RunData::length() const {
  double last = result.simulated_s;
  if (!requests.arrival.empty()) last = std::max(last, static_cast<double>(requests.arrival.back()) / 1e9);
  return last;
}

std::int64_t RunData::waitingAt(std::int64_t ns) const {
  const auto upTo = [ns](const std::vector<std::int64_t>& times) {
    return std::upper_bound(times.begin(), times.end(), ns) - times.begin();
  };
  return upTo(requests.arrival) - upTo(scheduled);
}

const sim::AbsenceSpan* RunData::absenceAt(std::size_t replica, double s) const {
  if (replica >= absences.size()) return nullptr;
  const auto& spans = absences[replica];
  const auto after = std::upper_bound(spans.begin(), spans.end(), s,
                                      [](double t, const sim::AbsenceSpan& span) { return t < span.begin_s; });
  if (after == spans.begin() || s >= std::prev(after)->end_s) return nullptr;
  return &*std::prev(after);
}

std::optional<std::size_t> RunData::indexOf(std::uint64_t id) const {
  const auto found = std::lower_bound(requests.id.begin(), requests.id.end(), id);
  if (found == requests.id.end() || *found != id) return std::nullopt;
  return static_cast<std::size_t>(found - requests.id.begin());
}

std::string RunData::replicaName(std::uint32_t replica) const {
  return replica < replicas.size() ? replicas[replica].name : "replica " + std::to_string(replica);
}

RunPtr loadRun(const fs::path& folder_or_result, const std::function<bool()>& stop) {
  const auto stopped = [&] { return stop && stop(); };
  auto run = std::make_shared<RunData>();
  run->folder = folder_or_result;
  if (!fs::is_directory(folder_or_result)) {
    readResult(folder_or_result, *run);
    run->title = QString::fromStdString(folder_or_result.stem().string());
    return run;
  }
  readResult(folder_or_result / "result.json", *run);
  if (const fs::path file = folder_or_result / "scenario.resolved.yaml"; fs::exists(file)) {
    run->scenario_yaml = readFile(file);
    run->scenario = sim::readScenario(headroom::Document::parse(run->scenario_yaml, file.string()));
  }
  run->title = QString::fromStdString(run->scenario.name);
  if (run->title.isEmpty()) run->title = QString::fromStdString(folder_or_result.filename().string());
  nameReplicas(*run);
  buildTopology(*run);
  if (const fs::path file = folder_or_result / "run_info.json"; fs::exists(file)) {
    const auto info = parseJson(file, readFile(file));
    if (info.is_object()) run->wall_s = info.value("wall_s", 0.0);
  }
  if (const fs::path file = folder_or_result / "replicas.csv.zst"; fs::exists(file) && !stopped()) {
    run->activity = sim::readReplicaSeries(file);
  }
  if (const fs::path file = folder_or_result / "absences.csv.zst"; fs::exists(file) && !stopped()) {
    run->absences = sim::readReplicaAbsences(file);
  }
  if (const fs::path file = folder_or_result / "requests.csv.zst"; fs::exists(file) && !stopped()) {
    run->requests = sim::readRequestColumns(file, stop);
    if (stopped()) return nullptr;
    std::thread beside([&] { run->statistics = RunStatistics(run->requests, run->scenario); });
    run->phases = phasesOf(run->requests, run->replicas.size());
    run->scheduled = scheduledTimes(run->requests);
    beside.join();
  }
  return stopped() ? nullptr : run;
}

struct RunLoader::State {
  std::thread thread;
  std::shared_ptr<std::atomic<bool>> stop;
  quint64 asked = 0, answered = 0;
};

RunLoader::RunLoader(QObject* parent) : QObject(parent), state_(std::make_unique<State>()) {}

RunLoader::~RunLoader() {
  if (state_->stop) *state_->stop = true;
  if (state_->thread.joinable()) state_->thread.join();
}

bool RunLoader::loading() const {
  return state_->asked != state_->answered;
}

void RunLoader::load(const QString& folder_or_result) {
  if (state_->stop) *state_->stop = true;
  std::thread before = std::exchange(state_->thread, {});
  const auto stop = state_->stop = std::make_shared<std::atomic<bool>>(false);
  const quint64 number = ++state_->asked;
  const auto answer = [this, number](const RunPtr& run, const QString& problem) {
    QMetaObject::invokeMethod(this, [this, number, run, problem] {
      if (number != state_->asked) return;  // another was asked for since
      state_->answered = number;
      run ? emit loaded(run) : emit failed(problem);
    });
  };
  // The thread takes over the one before it, so that nobody waits for that one here.
  state_->thread =
      std::thread([before = std::move(before), stop, answer, path = folder_or_result.toStdString()]() mutable {
        if (before.joinable()) before.join();
        if (*stop) return;
        try {
          if (const RunPtr run = loadRun(path, [&] { return stop->load(); })) answer(run, {});
        } catch (const std::exception& error) {
          answer(nullptr, QString::fromUtf8(error.what()));
        }
      });
}

}  // namespace headroom::gui
