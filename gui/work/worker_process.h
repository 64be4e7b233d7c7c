// One `headroom worker` as a child process: tasks out, lines in. Cancelling is SIGTERM, two seconds, SIGKILL. That it
// is missing, dies or hangs is told as a sentence; nothing here ends the program.
#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QObject>
#include <QProcess>
#include <QString>

#include "planner/task.h"

class QTimer;

namespace headroom::gui {

class WorkerProcess final : public QObject {
  Q_OBJECT
 public:
  /// `what` names its work in sentences: "the run".
  WorkerProcess(QString program, QString what, QObject* parent = nullptr);
  ~WorkerProcess() override;

  /// $HEADROOM_WORKER, or `headroom` beside this program.
  static QString findProgram();

  bool busy() const { return task_.id != 0; }
  /// Starts the process if there is none. Only while not busy.
  void start(planner::Task task);
  /// Ends the task by ending the process. `ended` follows.
  void cancel();
  /// For how long a busy worker may say nothing before `silent`.
  void setPatience(int ms) { patience_ms_ = ms; }

 signals:
  /// An event of the task, or its outcome, which has "status".
  void told(QJsonObject line);
  /// The task is over: `problem` is a sentence if the worker is to blame, empty after an outcome.
  void ended(QString problem, bool cancelled);
  void silent(QString sentence);

 private:
  void launch();
  void read();
  void take(const QByteArray& line);
  void onFinished();
  void fail(const QString& sentence);
  QString lastWords() const;

  QString program_, what_;
  QProcess* process_ = nullptr;
  QTimer* kill_;
  QTimer* watch_;
  QByteArray buffer_, errors_;
  planner::Task task_;  // id 0: none
  bool cancelled_ = false;
  int patience_ms_ = 10'000;
};

}  // namespace headroom::gui
