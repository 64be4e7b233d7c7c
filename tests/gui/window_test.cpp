// The whole window with the real worker, driven by keys and clicks.
#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>

#include "gui/design/yaml_editor.h"
#include "gui/models/difference.h"
#include "gui/models/ledger_model.h"
#include "gui/pages/compare_page.h"
#include "gui/pages/plan_page.h"
#include "gui/screenshot.h"
#include "gui/theme.h"
#include "gui/views/pareto_view.h"
#include "tests/gui/window_fixture.h"
#include "tests/planner/small_study.h"

namespace headroom::gui {
namespace {

TEST_F(Window, EveryPageOpensByItsKey) {
  for (int i = 0; i < 4; ++i) {
    press(static_cast<Qt::Key>(Qt::Key_1 + i), Qt::ControlModifier);
    EXPECT_EQ(window.currentPage(), i);
    EXPECT_FALSE(window.grab().isNull());
  }
}

TEST_F(Window, ARunShowsItsFiguresAndTheKeyStartsIt) {
  press(Qt::Key_R, Qt::ControlModifier);
  EXPECT_EQ(window.currentPage(), 1);
  ASSERT_TRUE(waitFor([&] { return window.document().runA() != nullptr; })) << window.message().toStdString();
  EXPECT_EQ(window.document().runA()->result.requests.offered, 300);
  EXPECT_FALSE(window.document().runIsStale());
  window.document().replace(0, 0, QStringLiteral("# more\n"));
  EXPECT_TRUE(window.document().runIsStale());
}

TEST_F(Window, EscStopsARun) {
  window.document().open(smallScenario(2'000'000'000), folder.filePath(QStringLiteral("long.yaml")));
  window.desk().run();
  ASSERT_TRUE(
      waitFor([&] { return window.document().progress() && window.document().progress()->requests_finished > 0; }));
  EXPECT_EQ(window.document().progress()->requests_expected, 2'000'000'000);
  window.setFocus();
  press(Qt::Key_Escape);
  ASSERT_TRUE(waitFor([&] { return !window.desk().running(); }, 10'000));
  EXPECT_FALSE(window.document().progress());
  EXPECT_EQ(window.document().runA(), nullptr);
}

TEST_F(Window, AFormEditChangesOneValueOfTheTextAndUndoTakesItBackFromBoth) {
  setField(QStringLiteral("/deployments/0/pools/0/replicas"), QStringLiteral("5"));
  EXPECT_EQ(window.document().text(),
            smallScenario().replace(QStringLiteral("replicas: 2"), QStringLiteral("replicas: 5")));
  setField(QStringLiteral("/slos/0/ttft"), QStringLiteral("300"));
  EXPECT_TRUE(window.document().text().contains(QStringLiteral("ttft: 300 ms")));
  press(Qt::Key_Z, Qt::ControlModifier);
  press(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(window.document().text(), smallScenario());
  window.document().parseNow();
  EXPECT_EQ(window.designPage().form().row(QStringLiteral("/deployments/0/pools/0/replicas"))->text(),
            QStringLiteral("2"));
  press(Qt::Key_Y, Qt::ControlModifier);
  EXPECT_TRUE(window.document().text().contains(QStringLiteral("replicas: 5")));
}

TEST_F(Window, TheLoadersMessageStandsBesideItsFieldAndAtItsLine) {
  setField(QStringLiteral("/deployments/0/model"), QStringLiteral("llama-3.1-9b"));
  FieldRow* row = window.designPage().form().row(QStringLiteral("/deployments/0/model"));
  EXPECT_TRUE(row->problem().contains(QStringLiteral("llama-3.1-9b"))) << row->problem().toStdString();
  EXPECT_EQ(window.designPage().editor().wrongLine(), 6);
  setField(QStringLiteral("/deployments/0/model"), QStringLiteral("llama-3.1-8b"));
  EXPECT_EQ(row->problem(), QString());
  EXPECT_EQ(window.designPage().editor().wrongLine(), 0);
}

TEST_F(Window, WhetherItFitsIsKnownBeforeAnyRun) {
  ASSERT_TRUE(waitFor([&] { return window.document().feasibility().has_value(); })) << window.message().toStdString();
  const Feasibility fits = *window.document().feasibility();
  EXPECT_EQ(fits.problem, QString());
  ASSERT_EQ(fits.pools.size(), 1U);
  EXPECT_GT(fits.pools[0].kv_cache, 0);
  EXPECT_GT(fits.usd_per_h.value_or(0), 0);
  setField(QStringLiteral("/deployments/0/model"), QStringLiteral("llama-3.1-405b"));
  ASSERT_TRUE(
      waitFor([&] { return window.document().feasibility() && !window.document().feasibility()->problem.isEmpty(); }));
  EXPECT_TRUE(window.designPage()
                  .findChild<QLabel*>(QStringLiteral("verdict"))
                  ->text()
                  .contains(QStringLiteral("Does not fit")));
}

TEST_F(Window, ATraceIsPutIntoTheFirstWorkload) {
  QString rows = QStringLiteral("arrival_s,prompt_tokens,output_tokens\n");
  for (int i = 0; i < 30; ++i) rows += QStringLiteral("%1,100,20\n").arg(i);
  window.openAny(writeText(folder, QStringLiteral("t.csv"), rows));
  window.document().parseNow();
  EXPECT_TRUE(window.document().scenario()) << window.document().problem()->sentence().toStdString();
  EXPECT_TRUE(window.document().text().contains(QStringLiteral("type: trace"))) << window.message().toStdString();
}

TEST_F(Window, PinAsBComparesTwoRuns) {
  ASSERT_TRUE(run());
  window.setFocus();
  press(Qt::Key_B);
  EXPECT_EQ(window.document().runB(), window.document().runA());
  setField(QStringLiteral("/deployments/0/pools/0/replicas"), QStringLiteral("1"));
  ASSERT_TRUE(run());
  window.showPage(2);
  EXPECT_EQ(window.comparePage().inputs().rowCount(), 1);
  EXPECT_EQ(window.comparePage().inputs().index(0, 0).data().toString(),
            QStringLiteral("deployments/0/pools/0/replicas"));
  EXPECT_GT(window.comparePage().outcomes().rowCount(), 10);
}

TEST_F(Window, APlanFillsAndAClickOpensItsCandidate) {
  const QString path =
      writeText(folder, QStringLiteral("s.study.yaml"), QString::fromStdString(planner::smallStudyText()));
  window.openAny(path);
  EXPECT_EQ(window.currentPage(), 3);
  window.planPage().start();
  ASSERT_TRUE(waitFor([&] { return window.document().plan().stage == PlanState::Stage::done; }))
      << window.message().toStdString();
  const PlanState& plan = window.document().plan();
  EXPECT_EQ(plan.ledger.size(), 4U);
  EXPECT_EQ(window.planPage().ledger().rowCount(), 4);
  ASSERT_TRUE(plan.recommendation);
  EXPECT_FALSE(plan.recommendation->evidence.empty());
  QTest::qWait(50);
  ParetoView& pareto = window.planPage().pareto();
  const QPoint point = pareto.pointOf(0);
  ASSERT_TRUE(pareto.candidateAt(point));
  pareto.setFocus();
  QTest::keyClick(&pareto, Qt::Key_Right);
  QTest::keyClick(&pareto, Qt::Key_Return);
  EXPECT_EQ(window.currentPage(), 0);
  EXPECT_TRUE(window.document().scenario());
}

TEST_F(Window, EverythingThatTakesTheFocusHasAName) {
  ASSERT_TRUE(run());
  window.desk().pinB();
  for (int page = 0; page < 4; ++page) {
    window.showPage(page);
    for (const QWidget* widget : window.findChildren<QWidget*>()) {
      if (!widget->isVisible() || widget->focusPolicy() == Qt::NoFocus || widget->focusProxy() != nullptr) continue;
      const auto* button = qobject_cast<const QAbstractButton*>(widget);
      const bool inside_named =
          widget->parentWidget() != nullptr && qobject_cast<const QComboBox*>(widget->parentWidget()) != nullptr;
      const bool named =
          !widget->accessibleName().isEmpty() || (button != nullptr && !button->text().isEmpty()) || inside_named;
      EXPECT_TRUE(named) << page << " " << widget->metaObject()->className() << " "
                         << widget->objectName().toStdString();
    }
  }
}

TEST_F(Window, TheKeyboardAloneReachesASettingAndTheNextPanel) {
  press(Qt::Key_K, Qt::ControlModifier);
  auto* dialog = window.findChild<GoTo*>();
  ASSERT_NE(dialog, nullptr);
  auto* edit = dialog->findChild<QLineEdit*>();
  QTest::keyClicks(edit, QStringLiteral("pool replicas"));
  QTest::keyClick(edit, Qt::Key_Return);
  QTest::qWait(20);
  ASSERT_NE(window.focusWidget(), nullptr);
  EXPECT_EQ(window.focusWidget()->objectName(), QStringLiteral("/deployments/0/pools/0/replicas"));
  const QWidget* before = window.focusWidget();
  window.activateWindow();  // no window manager does it here
  ASSERT_TRUE(QTest::qWaitForWindowActive(&window));
  press(Qt::Key_F6);
  EXPECT_NE(window.focusWidget(), before);
  EXPECT_EQ(window.focusWidget()->objectName(), QStringLiteral("yaml"));
}

TEST(Screenshot, RefusesWhatItDoesNotKnow) {
  ScreenshotOptions options;
  options.theme = QStringLiteral("pink");
  EXPECT_TRUE(takeScreenshot(*qApp, options).contains(QStringLiteral("pink")));
  options.theme = QStringLiteral("dark");
  options.page = QStringLiteral("nowhere");
  EXPECT_TRUE(takeScreenshot(*qApp, options).contains(QStringLiteral("nowhere")));
}

}  // namespace
}  // namespace headroom::gui
