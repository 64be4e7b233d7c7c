// What goes wrong from outside: files that are not what they should be, a worker that is missing, dies or hangs, a
// place that cannot be written to. Each is a sentence in the window, and nothing is lost.
#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QMimeData>

#include "gui/design/yaml_editor.h"
#include "tests/gui/window_fixture.h"

namespace headroom::gui {
namespace {

using BadInput = Window;

TEST_F(BadInput, ABrokenScenarioOpensInTheEditorWithItsError) {
  const QString path =
      writeText(folder, QStringLiteral("broken.yaml"), smallScenario() + QStringLiteral("nonsense: 1\n"));
  window.openAny(path);
  EXPECT_TRUE(window.document().text().contains(QStringLiteral("nonsense")));
  EXPECT_EQ(window.designPage().editor().wrongLine(), 16);
  EXPECT_TRUE(window.message().contains(QStringLiteral("nonsense"))) << window.message().toStdString();
  window.openAny(writeText(folder, QStringLiteral("worse.yaml"), QStringLiteral("a: [1\n: {")));
  EXPECT_FALSE(window.message().isEmpty());
  EXPECT_TRUE(window.document().text().startsWith(QStringLiteral("a: [1")));
}

TEST_F(BadInput, AResultOfAnotherVersionAndATraceThatIsNoneChangeNothing) {
  const QString text = window.document().text();
  window.openAny(writeText(folder, QStringLiteral("r.json"), QStringLiteral(R"({"schema": "headroom.result/9"})")));
  ASSERT_TRUE(waitFor([&] { return !window.message().isEmpty(); }));
  EXPECT_EQ(window.document().runA(), nullptr);
  window.openAny(writeText(folder, QStringLiteral("t.csv"), QStringLiteral("some,words\nno,trace\n")));
  EXPECT_TRUE(window.message().contains(QStringLiteral("no trace"))) << window.message().toStdString();
  window.openAny(folder.filePath(QStringLiteral("missing.yaml")));
  EXPECT_TRUE(window.message().contains(QStringLiteral("no file")));
  EXPECT_EQ(window.document().text(), text);
}

TEST_F(BadInput, WhatCannotBeSavedIsKept) {
  window.document().replace(0, 0, QStringLiteral("# mine\n"));
  const QString file = writeText(folder, QStringLiteral("file"), {});
  EXPECT_FALSE(window.desk().save(file + QStringLiteral("/below/x.yaml")));
  EXPECT_TRUE(window.message().contains(QStringLiteral("not saved"))) << window.message().toStdString();
  EXPECT_TRUE(window.document().isModified());
  EXPECT_TRUE(window.document().text().startsWith(QStringLiteral("# mine")));
  EXPECT_TRUE(window.desk().save(folder.filePath(QStringLiteral("ok.yaml"))));
  EXPECT_FALSE(window.document().isModified());
  EXPECT_EQ(Desk::recentFiles().value(0), folder.filePath(QStringLiteral("ok.yaml")));
}

TEST_F(BadInput, AFolderThatMayNotBeWrittenToKeepsTheChanges) {
  window.document().replace(0, 0, QStringLiteral("# mine\n"));
  EXPECT_FALSE(window.desk().save(QStringLiteral("/proc/x.yaml")));  // nobody may, root neither
  EXPECT_TRUE(window.message().contains(QStringLiteral("not saved"))) << window.message().toStdString();
  EXPECT_TRUE(window.document().isModified());
  EXPECT_FALSE(window.desk().exportRun(QStringLiteral("/proc")));
}

TEST_F(BadInput, ARunFolderWithADamagedTableIsNamedAndTheShownRunStays) {
  ASSERT_TRUE(run());
  const RunPtr shown = window.document().runA();
  QDir(folder.path()).mkdir(QStringLiteral("bad"));
  for (const char* name : {"result.json", "scenario.resolved.yaml"}) {
    QFile::copy(QString::fromStdString((shown->folder / name).string()),
                folder.filePath(QStringLiteral("bad/") + QLatin1String(name)));
  }
  writeText(folder, QStringLiteral("bad/requests.csv.zst"), QStringLiteral("no table"));
  window.openAny(folder.filePath(QStringLiteral("bad")));
  ASSERT_TRUE(waitFor([&] { return !window.message().isEmpty(); }));
  EXPECT_TRUE(window.message().contains(QStringLiteral("requests.csv.zst"))) << window.message().toStdString();
  EXPECT_EQ(window.document().runA(), shown);
}

TEST_F(BadInput, WhatIsDroppedIsOpenedOrRefusedByWhatItIs) {
  const auto drop = [&](const QString& path) {
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &enter);
    EXPECT_TRUE(enter.isAccepted());
    QDropEvent event(QPointF(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &event);
  };
  drop(writeText(folder, QStringLiteral("other.yaml"), QStringLiteral("# other\n") + smallScenario()));
  EXPECT_TRUE(window.document().text().startsWith(QStringLiteral("# other")));
  drop(writeText(folder, QStringLiteral("t.csv"), QStringLiteral("some,words\nno,trace\n")));
  EXPECT_TRUE(window.message().contains(QStringLiteral("no trace")));
  EXPECT_TRUE(window.document().text().startsWith(QStringLiteral("# other")));
  ASSERT_TRUE(window.desk().save(folder.filePath(QStringLiteral("other.yaml"))));
  drop(writeText(folder, QStringLiteral("r.json"), QStringLiteral(R"({"schema": "headroom.result/9"})")));
  ASSERT_TRUE(waitFor([&] { return window.message().contains(QStringLiteral("The result was not opened")); }));
}

class MissingWorker : public Window {
 protected:
  MissingWorker() : Window(QStringLiteral("/nowhere/headroom")) {}
};

TEST_F(MissingWorker, IsASentenceInTheWindow) {
  window.desk().run();
  ASSERT_TRUE(waitFor([&] { return !window.message().isEmpty(); }));
  EXPECT_TRUE(window.message().contains(QStringLiteral("missing"))) << window.message().toStdString();
  EXPECT_FALSE(window.desk().running());
  EXPECT_TRUE(window.isVisible());
}

/// A worker made of a few lines of shell.
class StandIn : public ::testing::Test {
 protected:
  QTemporaryDir folder;
  std::unique_ptr<MainWindow> opened(const QString& body) {
    auto window = std::make_unique<MainWindow>(writeScript(folder, body));
    window->document().open(smallScenario(), folder.filePath(QStringLiteral("small.yaml")));
    window->show();
    return window;
  }
};

TEST_F(StandIn, ThatDiesInARunIsReportedWithItsLastWordsAndTheTextStays) {
  const auto window = opened(QStringLiteral("read line; echo 'out of memory: boom' >&2; kill -SEGV $$"));
  window->desk().run();
  ASSERT_TRUE(waitFor([&] {
    return !window->desk().running() && window->message().contains(QStringLiteral("the run"));
  })) << window->message().toStdString();
  EXPECT_TRUE(window->message().contains(QStringLiteral("boom"))) << window->message().toStdString();
  EXPECT_FALSE(window->document().progress());
  EXPECT_EQ(window->document().text(), smallScenario());
  window->document().markSaved(window->document().file());
}

TEST_F(StandIn, ThatSaysNothingIsReportedAndEscEndsIt) {
  const auto window = opened(QStringLiteral("trap '' TERM; read line; while true; do sleep 0.1; done"));
  window->desk().runWorker().setPatience(150);
  window->desk().run();
  ASSERT_TRUE(waitFor([&] { return !window->message().isEmpty(); }));
  EXPECT_TRUE(window->desk().running()) << "it may still answer";
  QTest::keyClick(window.get(), Qt::Key_Escape);
  ASSERT_TRUE(waitFor([&] { return !window->desk().running(); }, 20'000));
  EXPECT_EQ(window->document().text(), smallScenario());
  window->document().markSaved(window->document().file());
}

}  // namespace
}  // namespace headroom::gui
