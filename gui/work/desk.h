// What turns the document's text into answers: it asks workers to check it, run it and search a study, and puts what
// comes back into the Document. Runs go into a temporary folder that goes with the program.
#pragma once

#include <QJsonObject>
#include <QObject>
#include <QString>
#include <QTemporaryDir>

#include "gui/document.h"
#include "gui/run_data.h"
#include "gui/work/worker_process.h"

class QTimer;

namespace headroom::gui {

class Desk final : public QObject {
  Q_OBJECT
 public:
  explicit Desk(Document& document, QObject* parent = nullptr);
  /// `program` instead of the worker that is found; for tests.
  Desk(Document& document, const QString& program, QObject* parent);

  // Runs.
  void run();
  void cancelRun();
  bool running() const { return run_.busy(); }
  WorkerProcess& runWorker() { return run_; }
  WorkerProcess& checkWorker() { return check_; }
  WorkerProcess& planWorker() { return plan_; }

  // Plans.
  void plan(const QString& study_text, const QString& file);
  void cancelPlan();
  bool planning() const { return plan_.busy(); }

  // Files. Each says in a sentence what went wrong and changes nothing then.
  /// A scenario, a study, a result folder or file, by what is in it. False: it could not be opened.
  bool openAny(const QString& path);
  bool openScenario(const QString& path);
  void openRun(const QString& path);
  /// Is a run being read?
  bool loading() const { return loader_.loading(); }
  /// Sets the first workload to a recorded trace.
  bool useTrace(const QString& path);
  bool save(const QString& path);
  /// Copies the shown run's files.
  bool exportRun(const QString& folder);
  void pinB();

  static QStringList recentFiles();

 signals:
  void runFinished();  ///< in whatever way; a good one is already loaded
  void planFinished();
  void studyOpened(QString text, QString file);
  void runShown();  ///< runA is new

 private:
  void onParsed();
  void sendCheck();
  void onCheckTold(const QJsonObject& line);
  void onRunTold(const QJsonObject& line);
  void onPlanTold(const QJsonObject& line);
  void remember(const QString& path);
  void forget(const RunPtr& run);

  Document& document_;
  WorkerProcess check_, run_, plan_;
  RunLoader loader_;
  QTemporaryDir folder_;
  QTimer* check_soon_;
  bool check_again_ = false;
  QString checked_text_, ran_text_, loading_for_;
  std::uint64_t tasks_ = 0;
};

}  // namespace headroom::gui
