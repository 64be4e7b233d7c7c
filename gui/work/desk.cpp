#include "gui/work/desk.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QSettings>
#include <QTimer>
#include <filesystem>

#include "gui/work/plan_lines.h"
#include "gui/yaml_patch.h"
#include "models/base/error.h"
#include "models/base/files.h"
#include "workloads/trace_reader.h"

namespace headroom::gui {
namespace {

constexpr int kCheckDelayMs = 60;
constexpr int kCheckPatienceMs = 20'000;
constexpr int kRecentFiles = 10;
/// Rows that must read before a file counts as a trace of a format.
constexpr int kRowsTried = 20;

QString sentenceOf(const InputError& error) {
  return QString::fromUtf8(error.what());
}

std::optional<double> number(const QJsonValue& value) {
  return value.isDouble() ? std::optional(value.toDouble()) : std::nullopt;
}

PoolMemory poolOf(const QJsonObject& json) {
  const auto text = [&](const char* key) { return json.value(QLatin1String(key)).toString(); };
  const auto real = [&](const char* key) { return json.value(QLatin1String(key)).toDouble(); };
  PoolMemory pool;
  pool.deployment = text("deployment");
  pool.pool = text("pool");
  pool.model = text("model");
  pool.accelerator = text("accelerator");
  pool.problem = text("problem");
  pool.replicas = static_cast<int>(real("replicas"));
  pool.accelerators = static_cast<int>(real("accelerators"));
  pool.memory = real("memory");
  pool.usable = real("usable");
  pool.weights = real("weights");
  pool.activations = real("activations");
  pool.other = real("other");
  pool.kv_cache = real("kv_cache");
  pool.kv_tokens = real("kv_tokens");
  pool.max_num_seqs = static_cast<int>(real("max_num_seqs"));
  pool.max_num_batched_tokens = static_cast<int>(real("max_num_batched_tokens"));
  for (const QJsonValue& warning : json.value(QLatin1String("warnings")).toArray()) {
    pool.warnings.push_back(warning.toString());
  }
  return pool;
}

/// The format whose first rows `path` holds, or "".
std::string traceFormatOf(const std::string& path, QString& why) {
  for (const workloads::TraceFormat& format : workloads::traceFormats()) {
    try {
      const auto reader = workloads::openTrace(format.name, path);
      workloads::TraceRow row;
      int rows = 0;
      while (rows < kRowsTried && reader->next(row)) ++rows;
      if (rows > 0) return format.name;
    } catch (const InputError& error) {
      if (format.name == "csv") why = sentenceOf(error);
    }
  }
  return {};
}

/// What a YAML or JSON file says it is: "headroom.scenario/1"; "" if it does not.
std::string schemaOf(const std::string& text) {
  try {
    const headroom::Document document = headroom::Document::parse(text, "");
    const std::optional<Value> schema = document.root().isMap() ? document.root().find("schema") : std::nullopt;
    return schema && schema->isScalar() ? schema->string() : "";
  } catch (const InputError&) {
    return {};
  }
}

}  // namespace

Desk::Desk(Document& document, QObject* parent) : Desk(document, WorkerProcess::findProgram(), parent) {}

Desk::Desk(Document& document, const QString& program, QObject* parent)
    : QObject(parent),
      document_(document),
      check_(program, tr("the check"), this),
      run_(program, tr("the run"), this),
      plan_(program, tr("the plan"), this),
      check_soon_(new QTimer(this)) {
  check_.setPatience(kCheckPatienceMs);
  check_soon_->setSingleShot(true);
  check_soon_->setInterval(kCheckDelayMs);
  connect(check_soon_, &QTimer::timeout, this, &Desk::sendCheck);
  connect(&document_, &Document::parsed, this, &Desk::onParsed);
  connect(&check_, &WorkerProcess::told, this, &Desk::onCheckTold);
  connect(&check_, &WorkerProcess::silent, &check_, &WorkerProcess::cancel);  // asked again at the next change
  connect(&check_, &WorkerProcess::ended, this, [this](const QString& problem, bool cancelled) {
    if (cancelled) document_.say(Document::Tone::warning, tr("The check of the scenario took too long and was ended."));
    if (!problem.isEmpty()) document_.say(Document::Tone::bad, problem);
    if (problem.isEmpty() && check_again_) sendCheck();
  });
  connect(&run_, &WorkerProcess::told, this, &Desk::onRunTold);
  connect(&run_, &WorkerProcess::silent, this,
          [this](const QString& sentence) { document_.say(Document::Tone::warning, sentence); });
  connect(&run_, &WorkerProcess::ended, this, [this](const QString& problem, bool cancelled) {
    document_.setProgress(std::nullopt);
    if (cancelled) document_.say(Document::Tone::note, tr("The run was stopped."));
    if (!problem.isEmpty()) document_.say(Document::Tone::bad, problem);
    emit runFinished();
  });
  connect(&plan_, &WorkerProcess::told, this, &Desk::onPlanTold);
  connect(&plan_, &WorkerProcess::silent, this,
          [this](const QString& sentence) { document_.say(Document::Tone::warning, sentence); });
  connect(&plan_, &WorkerProcess::ended, this, [this](const QString& problem, bool cancelled) {
    if (cancelled || !problem.isEmpty()) {
      PlanState state = document_.plan();
      state.stage = PlanState::Stage::failed;
      state.problem = cancelled ? tr("The search was stopped.") : problem;
      document_.setPlan(std::move(state));
      document_.say(cancelled ? Document::Tone::note : Document::Tone::bad, document_.plan().problem);
    }
    emit planFinished();
  });
  connect(&loader_, &RunLoader::loaded, this, [this](RunPtr run) {
    const RunPtr before = document_.runA();
    if (document_.text().isEmpty() && !run->scenario_yaml.empty()) {  // a folder opened alone brings its scenario
      loading_for_ = QString::fromStdString(run->scenario_yaml);
      document_.open(loading_for_, {});
    }
    document_.setRunA(std::move(run), std::exchange(loading_for_, {}));
    forget(before);
    emit runShown();
  });
  connect(&loader_, &RunLoader::failed, this, [this](const QString& why) {
    document_.say(Document::Tone::bad, tr("The result was not opened: %1").arg(why));
  });
}

/// Removes the files of a run of ours that is not shown any more.
void Desk::forget(const RunPtr& run) {
  if (!run || run == document_.runA() || run == document_.runB()) return;
  const QString folder = QString::fromStdString(run->folder.string());
  if (folder.startsWith(folder_.path() + QLatin1Char('/'))) QDir(folder).removeRecursively();
}

void Desk::onParsed() {
  if (document_.scenario()) check_soon_->start();
}

void Desk::sendCheck() {
  check_again_ = check_.busy();
  if (check_again_ || !document_.scenario()) return;
  checked_text_ = document_.text();
  check_.start({.id = ++tasks_,
                .kind = planner::Task::Kind::check,
                .text = checked_text_.toStdString(),
                .file = document_.file().toStdString()});
}

void Desk::onCheckTold(const QJsonObject& line) {
  if (checked_text_ != document_.text()) return;  // the text has moved on; it is checked again
  if (line.value(QLatin1String("status")).toString() == QLatin1String("error")) {
    document_.setProblem({line.value(QLatin1String("message")).toString(), line.value(QLatin1String("hint")).toString(),
                          line.value(QLatin1String("path")).toString(), line.value(QLatin1String("line")).toInt()});
    return;
  }
  Feasibility feasibility;
  for (const QJsonValue& pool : line.value(QLatin1String("pools")).toArray()) {
    feasibility.pools.push_back(poolOf(pool.toObject()));
    feasibility.accelerators += feasibility.pools.back().accelerators;
  }
  feasibility.problem = line.value(QLatin1String("problem")).toString();
  feasibility.usd_per_h = number(line.value(QLatin1String("usd_per_h")));
  document_.setFeasibility(std::move(feasibility));
}

void Desk::run() {
  if (run_.busy()) return;
  document_.parseNow();
  if (document_.problem()) {
    document_.say(Document::Tone::bad, tr("Nothing was run: %1").arg(document_.problem()->sentence()));
    return;
  }
  ran_text_ = document_.text();
  document_.setProgress(RunProgress{});
  const std::uint64_t id = ++tasks_;
  run_.start({.id = id,
              .kind = planner::Task::Kind::run,
              .text = ran_text_.toStdString(),
              .file = document_.file().toStdString(),
              .out = folder_.filePath(QStringLiteral("run-%1").arg(id)).toStdString()});
}

void Desk::cancelRun() {
  run_.cancel();
}

void Desk::onRunTold(const QJsonObject& line) {
  const QString status = line.value(QLatin1String("status")).toString();
  if (status.isEmpty()) {
    RunProgress p;
    p.simulated_s = line.value(QLatin1String("simulated_s")).toDouble();
    p.requests_finished = line.value(QLatin1String("requests_finished")).toInteger();
    p.requests_expected = line.value(QLatin1String("requests_expected")).toInteger();
    p.running = line.value(QLatin1String("running")).toInteger();
    p.waiting = line.value(QLatin1String("waiting")).toInteger();
    p.ttft_p50_ms = number(line.value(QLatin1String("ttft_p50_ms")));
    p.ttft_p99_ms = number(line.value(QLatin1String("ttft_p99_ms")));
    p.wall_s = line.value(QLatin1String("wall_s")).toDouble();
    document_.setProgress(p);
    return;
  }
  const QString message = line.value(QLatin1String("message")).toString();
  if (status == QLatin1String("ok")) {
    loading_for_ = ran_text_;
    loader_.load(line.value(QLatin1String("folder")).toString());
  } else if (status == QLatin1String("infeasible")) {
    document_.say(Document::Tone::bad, tr("It does not fit: %1").arg(message));
  } else {
    const TextProblem problem{message, line.value(QLatin1String("hint")).toString(),
                              line.value(QLatin1String("path")).toString(), line.value(QLatin1String("line")).toInt()};
    document_.say(Document::Tone::bad, tr("The run failed: %1").arg(problem.sentence()));
  }
}

void Desk::plan(const QString& study_text, const QString& file) {
  if (plan_.busy()) return;
  PlanState state;
  state.stage = PlanState::Stage::running;
  state.study = QFileInfo(file).completeBaseName();
  document_.setPlan(std::move(state));
  plan_.start({.id = ++tasks_,
               .kind = planner::Task::Kind::plan,
               .text = study_text.toStdString(),
               .file = file.toStdString()});
}

void Desk::cancelPlan() {
  plan_.cancel();
}

void Desk::onPlanTold(const QJsonObject& line) {
  const QString status = line.value(QLatin1String("status")).toString();
  if (status.isEmpty()) {
    if (line.value(QLatin1String("event")).toString() == QLatin1String("candidate")) {
      document_.addCandidate(candidateFrom(line));
      return;
    }
    PlanState state = document_.plan();
    takeProgress(line, state);
    document_.setPlan(std::move(state));
    return;
  }
  PlanState state = document_.plan();
  if (status == QLatin1String("ok")) {
    takePlan(line.value(QLatin1String("plan")).toObject(), state);
  } else {
    state.stage = PlanState::Stage::failed;
    const TextProblem problem{line.value(QLatin1String("message")).toString(),
                              line.value(QLatin1String("hint")).toString(),
                              line.value(QLatin1String("path")).toString(), line.value(QLatin1String("line")).toInt()};
    state.problem = problem.sentence();
    document_.say(Document::Tone::bad, tr("The study cannot be searched: %1").arg(state.problem));
  }
  document_.setPlan(std::move(state));
}

bool Desk::openScenario(const QString& path) {
  try {
    const std::string text = readFile(path.toStdString());
    document_.open(QString::fromStdString(text), QFileInfo(path).absoluteFilePath());
  } catch (const InputError& error) {
    document_.say(Document::Tone::bad, tr("It was not opened: %1").arg(sentenceOf(error)));
    return false;
  }
  remember(path);
  if (document_.problem()) {
    document_.say(Document::Tone::bad, tr("This scenario cannot be run yet: %1").arg(document_.problem()->sentence()));
  }
  return true;
}

void Desk::openRun(const QString& path) {
  loading_for_ = QString();
  loader_.load(path);
}

bool Desk::openAny(const QString& path) {
  const QFileInfo info(path);
  if (!info.exists()) {
    document_.say(Document::Tone::bad, tr("There is no file %1.").arg(path));
    return false;
  }
  if (info.isDir()) {
    openRun(path);
    return true;
  }
  if (path.endsWith(QLatin1String(".csv")) || path.contains(QLatin1String(".csv.")) ||
      path.endsWith(QLatin1String(".jsonl"))) {
    return useTrace(path);
  }
  std::string text;
  try {
    text = readFile(path.toStdString());
  } catch (const InputError& error) {
    document_.say(Document::Tone::bad, tr("It was not opened: %1").arg(sentenceOf(error)));
    return false;
  }
  const std::string schema = schemaOf(text);
  if (schema.starts_with("headroom.result")) {
    openRun(info.fileName() == QLatin1String("result.json") ? info.absolutePath() : path);
    return true;
  }
  if (schema.starts_with("headroom.study")) {
    emit studyOpened(QString::fromStdString(text), info.absoluteFilePath());
    return true;
  }
  return openScenario(path);
}

bool Desk::useTrace(const QString& path) {
  const std::string file = QFileInfo(path).absoluteFilePath().toStdString();
  QString why;
  const std::string format = traceFormatOf(file, why);
  if (format.empty()) {
    document_.say(Document::Tone::bad, tr("This is no trace that can be read: %1").arg(why));
    return false;
  }
  try {
    const std::string text = document_.text().toStdString();
    const std::string yaml = "{type: trace, format: " + format + ", file: " + scalarYaml(file, true) + "}";
    std::string changed = text;
    const auto places = placesOf(text);
    const auto arrivals = places.find("/workloads/0/arrivals");
    if (arrivals != places.end() && !arrivals->second.opens_flow) {
      throw InputError("arrivals is written over several lines", "change it in the editor");
    }
    changed = applied(changed, setValue(changed, "/workloads/0/arrivals", yaml));
    for (const char* key : {"/workloads/0/prompt_tokens", "/workloads/0/output_tokens"}) {
      if (const auto edit = removeValue(changed, key)) changed = applied(changed, *edit);
    }
    document_.setText(QString::fromStdString(changed));
  } catch (const InputError& error) {
    document_.say(Document::Tone::bad, tr("The trace was not put in: %1").arg(sentenceOf(error)));
    return false;
  }
  document_.say(
      Document::Tone::good,
      tr("The first workload now replays %1 (%2).").arg(QFileInfo(path).fileName(), QString::fromStdString(format)));
  return true;
}

bool Desk::save(const QString& path) {
  try {
    writeFileAtomically(path.toStdString(), document_.text().toStdString());
  } catch (const InputError& error) {
    document_.say(Document::Tone::bad,
                  tr("It was not saved: %1. Your changes are still here; save them elsewhere.").arg(sentenceOf(error)));
    return false;
  }
  document_.markSaved(QFileInfo(path).absoluteFilePath());
  remember(path);
  document_.say(Document::Tone::note, tr("Saved as %1.").arg(QFileInfo(path).fileName()));
  return true;
}

bool Desk::exportRun(const QString& folder) {
  namespace fs = std::filesystem;
  if (!document_.runA()) {
    document_.say(Document::Tone::warning, tr("There is no run to export yet."));
    return false;
  }
  const fs::path from = document_.runA()->folder;
  const fs::path to = fs::path(folder.toStdString()) / (document_.title().toStdString() + "-run");
  std::error_code error;
  if (fs::exists(to, error)) {
    document_.say(Document::Tone::bad,
                  tr("It was not exported: %1 exists already.").arg(QString::fromStdString(to.string())));
    return false;
  }
  if (!fs::is_directory(from, error)) {
    fs::create_directories(to, error);
    if (!error) fs::copy_file(from, to / "result.json", error);
  } else {
    fs::copy(from, to, fs::copy_options::recursive, error);
  }
  if (error) {
    document_.say(Document::Tone::bad, tr("It was not exported: %1.").arg(QString::fromStdString(error.message())));
    return false;
  }
  document_.say(Document::Tone::good, tr("Exported to %1.").arg(QString::fromStdString(to.string())));
  return true;
}

void Desk::pinB() {
  if (!document_.runA()) {
    document_.say(Document::Tone::warning, tr("There is no run to pin yet: press Run first."));
    return;
  }
  document_.setRunB(document_.runA());
  document_.say(Document::Tone::note, tr("This run is pinned as B. Change something and run again to compare."));
}

QStringList Desk::recentFiles() {
  QStringList files = QSettings().value(QStringLiteral("recent")).toStringList();
  files.removeIf([](const QString& file) { return !QFileInfo::exists(file); });
  return files;
}

void Desk::remember(const QString& path) {
  QStringList files = recentFiles();
  const QString absolute = QFileInfo(path).absoluteFilePath();
  files.removeAll(absolute);
  files.prepend(absolute);
  QSettings().setValue(QStringLiteral("recent"), files.mid(0, kRecentFiles));
}

}  // namespace headroom::gui
