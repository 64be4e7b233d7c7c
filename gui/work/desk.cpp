#include "gui/work/desk.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QTimer>

#include "gui/work/plan_lines.h"

namespace headroom::gui {
namespace {

constexpr int kCheckDelayMs = 60;
constexpr int kCheckPatienceMs = 20'000;

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

}  // namespace headroom::gui
