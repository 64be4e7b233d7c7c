#include "gui/work/worker_process.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QJsonDocument>
#include <QTimer>

namespace headroom::gui {
namespace {

constexpr int kKillAfterMs = 2000;
constexpr int kKeptErrors = 4000;

}  // namespace

QString WorkerProcess::findProgram() {
  const QString named = qEnvironmentVariable("HEADROOM_WORKER");
  return named.isEmpty() ? QCoreApplication::applicationDirPath() + QStringLiteral("/headroom") : named;
}

WorkerProcess::WorkerProcess(QString program, QString what, QObject* parent)
    : QObject(parent),
      program_(std::move(program)),
      what_(std::move(what)),
      kill_(new QTimer(this)),
      watch_(new QTimer(this)) {
  kill_->setSingleShot(true);
  connect(kill_, &QTimer::timeout, this, [this] {
    if (process_ != nullptr) process_->kill();
  });
  watch_->setSingleShot(true);
  connect(watch_, &QTimer::timeout, this, [this] {
    emit silent(tr("The worker of %1 has said nothing for %2 s. Esc stops it.").arg(what_).arg(patience_ms_ / 1000.0));
  });
}

WorkerProcess::~WorkerProcess() {
  if (process_ == nullptr) return;
  process_->disconnect(this);
  process_->closeWriteChannel();  // an idle worker ends at the end of its input
  if (busy()) process_->terminate();
  if (!process_->waitForFinished(busy() ? 300 : 1000)) {
    process_->kill();
    process_->waitForFinished(1000);
  }
}

void WorkerProcess::launch() {
  buffer_.clear();
  errors_.clear();
  process_ = new QProcess(this);
  process_->setProgram(program_);
  process_->setArguments({QStringLiteral("worker")});
  connect(process_, &QProcess::readyReadStandardOutput, this, &WorkerProcess::read);
  connect(process_, &QProcess::readyReadStandardError, this,
          [this] { errors_ = (errors_ + process_->readAllStandardError()).right(kKeptErrors); });
  connect(process_, &QProcess::finished, this, &WorkerProcess::onFinished);
  connect(process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart) return;  // the others end in finished()
    process_->deleteLater();
    process_ = nullptr;
    const bool missing = !QFileInfo::exists(program_);
    fail(missing ? tr("The worker is missing: there is no %1. Build the target \"headroom\", or name it in "
                      "HEADROOM_WORKER.")
                       .arg(program_)
                 : tr("The worker %1 cannot be started: it is no program that may be run.").arg(program_));
  });
  process_->start();
}

void WorkerProcess::start(planner::Task task) {
  if (busy()) return;
  task_ = std::move(task);
  cancelled_ = false;
  if (process_ == nullptr) launch();
  if (process_ == nullptr) return;  // failed within start()
  process_->write(QByteArray::fromStdString(planner::toLine(task_)) + '\n');
  watch_->start(patience_ms_);
}

void WorkerProcess::cancel() {
  if (!busy() || process_ == nullptr) return;
  cancelled_ = true;
  process_->terminate();
  kill_->start(kKillAfterMs);
}

void WorkerProcess::read() {
  buffer_ += process_->readAllStandardOutput();
  for (qsizetype newline = buffer_.indexOf('\n'); newline >= 0; newline = buffer_.indexOf('\n')) {
    const QByteArray line = buffer_.left(newline);
    buffer_.remove(0, newline + 1);
    if (!line.isEmpty()) take(line);
  }
}

void WorkerProcess::take(const QByteArray& line) {
  if (!busy() || cancelled_) return;
  const QJsonDocument json = QJsonDocument::fromJson(line);
  if (!json.isObject()) return;  // half a line of a process that died
  const QJsonObject object = json.object();
  if (static_cast<std::uint64_t>(object.value(QStringLiteral("id")).toInteger()) != task_.id) return;
  watch_->start(patience_ms_);
  const QString status = object.value(QStringLiteral("status")).toString();
  if (status == QLatin1String("crashed")) {
    fail(tr("The worker of %1 crashed: %2.%3")
             .arg(what_, object.value(QStringLiteral("message")).toString(), lastWords()));
    return;
  }
  if (!status.isEmpty()) {
    task_ = {};
    watch_->stop();
  }
  emit told(object);
  if (!status.isEmpty()) emit ended({}, false);
}

QString WorkerProcess::lastWords() const {
  if (process_ != nullptr) process_->waitForReadyRead(0);
  const QByteArray all = process_ != nullptr ? errors_ + process_->readAllStandardError() : errors_;
  const QString text = QString::fromUtf8(all).trimmed();
  return text.isEmpty() ? QString() : tr(" It last wrote: %1").arg(text.section(QLatin1Char('\n'), -3));
}

void WorkerProcess::onFinished() {
  kill_->stop();
  const bool by_signal = process_->exitStatus() == QProcess::CrashExit;
  const int code = process_->exitCode();
  const QString words = lastWords();
  process_->deleteLater();
  process_ = nullptr;
  if (!busy()) return;
  if (cancelled_) {
    task_ = {};
    watch_->stop();
    emit ended({}, true);
    return;
  }
  fail((by_signal ? tr("The worker of %1 died: signal %2.%3") : tr("The worker of %1 ended early: exit code %2.%3"))
           .arg(what_)
           .arg(code)
           .arg(words));
}

void WorkerProcess::fail(const QString& sentence) {
  task_ = {};
  watch_->stop();
  emit ended(sentence, false);
}

}  // namespace headroom::gui
