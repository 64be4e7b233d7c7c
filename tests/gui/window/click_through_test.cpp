// A real window on a real X server, driven through that server as a person would: xdotool moves the pointer, clicks and
// presses keys; what came of it is read from the program. Run it under xvfb-run (the ctest entry does).
// HEADROOM_CLICK_IMAGES=DIR keeps a picture of the screen after each step.
#include <gtest/gtest.h>

#include <QApplication>
#include <QComboBox>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QScreen>
#include <QStandardPaths>
#include <QTableView>
#include <QToolButton>

#include "gui/design/scenario_form.h"
#include "gui/main_window.h"
#include "gui/models/difference.h"
#include "gui/pages/compare_page.h"
#include "gui/pages/design_page.h"
#include "gui/pages/plan_page.h"
#include "gui/views/inspector_view.h"
#include "gui/views/latency_view.h"
#include "gui/views/pareto_view.h"
#include "gui/views/timeline_view.h"
#include "tests/gui/gui_test.h"

namespace headroom::gui {
namespace {

class ClickThrough : public testing::Test {
 protected:
  void SetUp() override {
    if (QGuiApplication::platformName() != QLatin1String("xcb")) GTEST_SKIP() << "needs an X server: use xvfb-run";
    if (QStandardPaths::findExecutable(QStringLiteral("xdotool")).isEmpty()) GTEST_SKIP() << "needs xdotool";
    window.move(0, 0);
    window.resize(1600, 1000);
    window.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&window));
    window.activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(&window));
  }
  void TearDown() override { window.document().markSaved(window.document().file()); }

  /// Through the X server; then lets the program hear it.
  void xdo(const QStringList& what) {
    QProcess tool;
    tool.start(QStringLiteral("xdotool"), what);
    ASSERT_TRUE(tool.waitForFinished(20'000));
    ASSERT_EQ(tool.exitCode(), 0) << tool.readAllStandardError().toStdString();
    QTest::qWait(120);
  }
  QStringList pointerTo(const QWidget& widget, const QPoint& at) {
    const QPoint there = widget.mapToGlobal(at);
    return {QStringLiteral("mousemove"), QString::number(there.x()), QString::number(there.y())};
  }
  void click(const QWidget& widget, const QPoint& at) {
    ASSERT_TRUE(widget.isVisible());
    xdo(pointerTo(widget, at) + QStringList{QStringLiteral("click"), QStringLiteral("1")});
  }
  void click(const QWidget& widget) { click(widget, widget.rect().center()); }
  void key(const char* keys) { xdo({QStringLiteral("key"), QString::fromLatin1(keys)}); }
  void type(const char* text) {
    xdo({QStringLiteral("type"), QStringLiteral("--delay"), QStringLiteral("20"), QString::fromLatin1(text)});
  }
  template <class Widget>
  Widget& named(const QString& name) {
    for (Widget* widget : window.findChildren<Widget*>()) {
      if (widget->isVisible() && widget->accessibleName() == name) return *widget;
    }
    ADD_FAILURE() << "nothing is called " << name.toStdString();
    static Widget none;
    return none;
  }
  /// The one on the page that is shown.
  template <class View>
  View& shown() {
    for (View* view : window.findChildren<View*>()) {
      if (view->isVisible()) return *view;
    }
    ADD_FAILURE() << "no such view is shown";
    return *window.findChild<View*>();
  }
  void keep(const char* step) {
    const QByteArray folder = qgetenv("HEADROOM_CLICK_IMAGES");
    if (folder.isEmpty()) return;
    const QString file = QStringLiteral("%1/%2.png").arg(QString::fromLocal8Bit(folder), QLatin1String(step));
    EXPECT_TRUE(window.screen()->grabWindow(0).save(file)) << file.toStdString();
  }
  bool waitForRun(const RunPtr& before) {
    return waitFor([&] { return window.document().runA() != before && !window.desk().running(); });
  }

  MainWindow window;
};

TEST_F(ClickThrough, EveryPageFromTheExampleToThePlan) {
  window.openExample();
  ASSERT_TRUE(waitForRun(nullptr)) << window.message().toStdString();
  QTest::qWait(300);
  keep("1-example");

  // Pages by click and by key.
  click(named<QToolButton>(QStringLiteral("Page Design")));
  EXPECT_EQ(window.currentPage(), 0);
  keep("2-design");
  key("ctrl+3");
  EXPECT_EQ(window.currentPage(), 2);
  click(named<QToolButton>(QStringLiteral("Page Run")));
  EXPECT_EQ(window.currentPage(), 1);

  // Run by key.
  const RunPtr first = window.document().runA();
  key("ctrl+r");
  ASSERT_TRUE(waitForRun(first)) << window.message().toStdString();
  QTest::qWait(300);

  // A time is dragged out, filters, and Esc takes it back.
  auto& timeline = shown<TimelineView>();
  const QPoint from = timeline.rowsArea().center().toPoint() - QPoint(150, 0);
  xdo(pointerTo(timeline, from) + QStringList{QStringLiteral("mousedown"), QStringLiteral("1")});
  for (int x = 40; x <= 240; x += 40) xdo(pointerTo(timeline, from + QPoint(x, 0)));
  xdo({QStringLiteral("mouseup"), QStringLiteral("1")});
  ASSERT_TRUE(window.selection().now().time);
  EXPECT_NEAR(window.selection().now().time->begin, timeline.timeAt(from.x()), 0.01 * timeline.axis().length());
  EXPECT_NEAR(window.selection().now().time->end, timeline.timeAt(from.x() + 240), 0.01 * timeline.axis().length());
  auto& inspector = shown<InspectorView>();
  ASSERT_TRUE(waitFor([&] { return inspector.model().matching() < window.document().runA()->requests.size(); }, 5000));
  keep("3-selected");

  // A late request's life.
  click(*inspector.requests().viewport(), QPoint(60, inspector.requests().rowHeight(0) * 3 / 2));
  ASSERT_TRUE(window.selection().now().request);
  EXPECT_EQ(*window.selection().now().request, window.document().runA()->requests.id[inspector.model().requestAt(1)]);
  keep("4-inspector");
  key("Escape");
  EXPECT_FALSE(window.selection().now().request);
  key("Escape");
  EXPECT_TRUE(window.selection().now().empty());

  // Pin as B, change a setting, run again, compare.
  click(named<QPushButton>(QStringLiteral("Pin the present run as B")));
  EXPECT_EQ(window.document().runB(), window.document().runA());
  key("ctrl+1");
  FieldRow* row = window.designPage().form().row(QStringLiteral("/deployments/0/pools/0/replicas"));
  ASSERT_NE(row, nullptr);
  click(*row->editor());
  key("ctrl+a");
  type("6");
  key("Return");
  EXPECT_TRUE(window.document().text().contains(QStringLiteral("replicas: 6")));
  const RunPtr pinned = window.document().runA();
  key("ctrl+r");
  ASSERT_TRUE(waitForRun(pinned)) << window.message().toStdString();
  key("ctrl+3");
  EXPECT_EQ(window.currentPage(), 2);
  EXPECT_EQ(window.comparePage().inputs().rowCount(), 1);
  QTest::qWait(300);
  keep("5-compare");

  // Undo by key: the setting is what it was.
  key("ctrl+1");
  key("ctrl+z");
  EXPECT_TRUE(window.document().text().contains(QStringLiteral("replicas: 8")));

  // The plan: candidates come, a click opens one.
  key("ctrl+4");
  click(*window.planPage().findChild<QPushButton*>(QStringLiteral("search")));
  ASSERT_TRUE(waitFor([&] { return window.document().plan().stage == PlanState::Stage::done; }, 240'000))
      << window.message().toStdString();
  QTest::qWait(300);
  EXPECT_GT(window.document().plan().candidates.size(), 10u);
  keep("6-plan");
  window.document().markSaved(window.document().file());
  ParetoView& pareto = window.planPage().pareto();
  click(pareto, pareto.pointOf(0));
  EXPECT_EQ(window.currentPage(), 0);
  EXPECT_TRUE(window.document().scenario());

  // The other theme.
  key("ctrl+t");
  EXPECT_EQ(window.themeName(), QStringLiteral("light"));
  keep("7-light");
  key("ctrl+t");
}

}  // namespace
}  // namespace headroom::gui
