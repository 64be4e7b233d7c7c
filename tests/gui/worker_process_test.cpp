#include "gui/work/worker_process.h"

#include <gtest/gtest.h>

#include <QSignalSpy>

#include "tests/gui/gui_test.h"

namespace headroom::gui {
namespace {

planner::Task checkTask() {
  return {.id = 5,
          .kind = planner::Task::Kind::check,
          .text = smallScenario().toStdString(),
          .file = "x.yaml",
          .out = {},
          .program = {}};
}

struct Watched {
  explicit Watched(const QString& program) : worker(program, QStringLiteral("the test")) {}
  WorkerProcess worker;
  QSignalSpy told{&worker, &WorkerProcess::told}, ended{&worker, &WorkerProcess::ended},
      silent{&worker, &WorkerProcess::silent};
  QString problem() { return ended.isEmpty() ? QString() : ended.back()[0].toString(); }
};

TEST(WorkerProcess, AnswersOneTaskAfterTheOther) {
  Watched w(WorkerProcess::findProgram());
  for (int i = 1; i <= 2; ++i) {
    w.worker.start(checkTask());
    EXPECT_TRUE(w.worker.busy());
    ASSERT_TRUE(waitFor([&] { return w.ended.count() == i; }));
    EXPECT_EQ(w.problem(), QString());
    EXPECT_EQ(w.told.back()[0].toJsonObject().value("status").toString(), "ok");
  }
}

TEST(WorkerProcess, OneThatIsMissingIsASentence) {
  Watched w(QStringLiteral("/nowhere/headroom"));
  w.worker.start(checkTask());
  ASSERT_TRUE(waitFor([&] { return w.ended.count() == 1; }));
  EXPECT_TRUE(w.problem().contains("missing")) << w.problem().toStdString();
  EXPECT_FALSE(w.worker.busy());
}

TEST(WorkerProcess, OneThatDiesSaysItsLastWords) {
  QTemporaryDir folder;
  Watched w(writeScript(folder, QStringLiteral("read line; echo 'terminate called: boom' >&2; kill -SEGV $$")));
  w.worker.start(checkTask());
  ASSERT_TRUE(waitFor([&] { return w.ended.count() == 1; }));
  EXPECT_TRUE(w.problem().contains("boom")) << w.problem().toStdString();
  EXPECT_TRUE(w.problem().contains("signal 11")) << w.problem().toStdString();
  w.worker.start(checkTask());  // and the next one starts a new process
  ASSERT_TRUE(waitFor([&] { return w.ended.count() == 2; }));
}

TEST(WorkerProcess, OneThatHangsIsToldAndCanBeEndedEvenIfItIgnoresTheSignal) {
  QTemporaryDir folder;
  Watched w(writeScript(folder, QStringLiteral("trap '' TERM; read line; while true; do sleep 0.1; done")));
  w.worker.setPatience(100);
  w.worker.start(checkTask());
  ASSERT_TRUE(waitFor([&] { return w.silent.count() == 1; }));
  EXPECT_TRUE(w.worker.busy());
  w.worker.cancel();
  ASSERT_TRUE(waitFor([&] { return w.ended.count() == 1; }));
  EXPECT_TRUE(w.ended.back()[1].toBool());
}

TEST(WorkerProcess, HalfALineAndNonsenseAreLeftOut) {
  QTemporaryDir folder;
  Watched w(writeScript(
      folder,
      QStringLiteral(
          R"(read line; printf 'nonsense\n{"id":5,"ev'; sleep 0.1; printf 'ent":"x"}\n{"id":4,"status":"ok"}\n{"id":5,"status":"ok"}\n'; read line)")));
  w.worker.start(checkTask());
  ASSERT_TRUE(waitFor([&] { return w.ended.count() == 1; }));
  EXPECT_EQ(w.told.count(), 2);
  EXPECT_EQ(w.problem(), QString());
}

}  // namespace
}  // namespace headroom::gui
