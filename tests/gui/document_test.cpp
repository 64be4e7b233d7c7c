#include "gui/document.h"

#include <gtest/gtest.h>

#include <QSignalSpy>

#include "gui/selection.h"
#include "tests/gui/gui_test.h"

namespace headroom::gui {
namespace {

TEST(Document, ATextThatIsNoScenarioSaysLineAndPath) {
  Document document;
  document.open(smallScenario().replace(QStringLiteral("llama-3.1-8b"), QStringLiteral("llama-3.1-9b")),
                QStringLiteral("x.yaml"));
  EXPECT_FALSE(document.scenario());
  ASSERT_TRUE(document.problem());
  EXPECT_EQ(document.problem()->path, QStringLiteral("/deployments/0/model"));
  EXPECT_EQ(document.problem()->line, 6);
  EXPECT_TRUE(document.problem()->sentence().contains(QStringLiteral("llama-3.1-8b")))
      << document.problem()->sentence().toStdString();
}

TEST(Document, UndoTakesBackOneReplacementAndTheSavedTextIsUnmodified) {
  Document document;
  document.open(smallScenario(), QStringLiteral("x.yaml"));
  EXPECT_FALSE(document.isModified());
  EXPECT_FALSE(document.canUndo());
  document.replace(0, 1, QStringLiteral("##"));
  EXPECT_TRUE(document.isModified());
  document.undo();
  EXPECT_EQ(document.text(), smallScenario());
  EXPECT_FALSE(document.isModified());
  document.redo();
  document.markSaved(QStringLiteral("y.yaml"));
  EXPECT_FALSE(document.isModified());
  EXPECT_EQ(document.title(), QStringLiteral("y"));
}

TEST(Document, ParsesAMomentAfterTheLastChange) {
  Document document;
  document.open(smallScenario(), {});
  QSignalSpy parsed(&document, &Document::parsed);
  for (int i = 0; i < 5; ++i) document.replace(0, 0, QStringLiteral("#\n"));
  EXPECT_EQ(parsed.count(), 0);
  EXPECT_TRUE(waitFor([&] { return parsed.count() == 1; }, 2000));
  EXPECT_TRUE(document.scenario());
}

TEST(Selection, EachChoiceIsAStepBack) {
  Selection selection;
  QSignalSpy changed(&selection, &Selection::changed);
  selection.selectTime(TimeRange{5, 2});
  selection.selectReplica(3);
  selection.selectReplica(3);
  EXPECT_EQ(changed.count(), 2);
  EXPECT_EQ(selection.now().time, (TimeRange{2, 5}));
  EXPECT_TRUE(selection.back());
  EXPECT_FALSE(selection.now().replica);
  EXPECT_TRUE(selection.now().time);
  EXPECT_TRUE(selection.back());
  EXPECT_TRUE(selection.now().empty());
  EXPECT_FALSE(selection.back());
}

TEST(Selection, ClearingKeepsThePercentile) {
  Selection selection;
  selection.setPercentile(90);
  selection.selectRequest(7);
  selection.clear();
  EXPECT_TRUE(selection.now().empty());
  EXPECT_EQ(selection.now().percentile, 90);
  EXPECT_FALSE(selection.back());
}

}  // namespace
}  // namespace headroom::gui
