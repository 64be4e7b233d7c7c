// The views as a person uses them, offscreen: what is drawn, dragged, zoomed, read off and said. Has its own main,
// since widgets need an application. HEADROOM_VIEW_IMAGES=DIR keeps an image of every view; HEADROOM_VIEW_RUN=DIR shows
// that run on them.
#include "gui/views/views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QAbstractItemModel>
#include <QApplication>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QTimer>
#include <QVBoxLayout>
#include <QWheelEvent>
#include <memory>
#include <set>

#include "gui/document.h"
#include "gui/selection.h"
#include "gui/theme.h"
#include "gui/views/inspector_view.h"
#include "gui/views/latency_view.h"
#include "gui/views/tiles_view.h"
#include "gui/views/timeline_view.h"
#include "gui/views/topology_view.h"
#include "gui/widgets/panel.h"
#include "tests/gui/views/sample_run.h"

namespace headroom::gui {
namespace {

/// A run for all tests of this file, and a fabric.
class Views : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    simulateInto(folder_->path() / "burst", burstScenario());
    simulateInto(folder_->path() / "fabric", fabricScenario(16));
    burst_ = loadRun(folder_->path() / "burst");
    fabric_ = loadRun(folder_->path() / "fabric");
  }
  static void TearDownTestSuite() {
    burst_.reset();
    fabric_.reset();
    delete folder_;
  }
  /// Shown, so that it gets events.
  template <typename View>
  View& shown(int width = 900, int height = 360) {
    auto view = std::make_unique<View>(document_, selection_);
    view->resize(width, height);
    view->show();
    EXPECT_TRUE(QTest::qWaitForWindowExposed(view.get()));
    View& shown = *view;
    widget_ = std::move(view);
    return shown;
  }
  static std::set<QRgb> coloursOf(QWidget& view) {
    const QImage image = view.grab().toImage();
    std::set<QRgb> colours;
    for (int y = 0; y < image.height(); y += 2) {
      for (int x = 0; x < image.width(); x += 2) colours.insert(image.pixel(x, y));
    }
    return colours;
  }

  static TemporaryFolder* folder_;
  static RunPtr burst_, fabric_;
  Document document_;
  Selection selection_;
  std::unique_ptr<QWidget> widget_;
};
TemporaryFolder* Views::folder_ = nullptr;
RunPtr Views::burst_, Views::fabric_;

void drag(QWidget& view, const QPoint& from, const QPoint& to) {
  QTest::mousePress(&view, Qt::LeftButton, {}, from);
  QTest::mouseMove(&view, (from + to) / 2);
  QTest::mouseMove(&view, to);
  QTest::mouseRelease(&view, Qt::LeftButton, {}, to);
}

TEST_F(Views, DraggingOverTheTimelineSelectsThatTimeAndEscTakesItBack) {
  document_.setRunA(burst_);
  TimelineView& view = shown<TimelineView>();
  const int y = static_cast<int>(view.rowsArea().center().y());
  drag(view, QPoint(300, y), QPoint(500, y));
  ASSERT_TRUE(selection_.now().time.has_value());
  EXPECT_NEAR(selection_.now().time->begin, view.timeAt(300), 1e-6);
  EXPECT_NEAR(selection_.now().time->end, view.timeAt(500), 1e-6);
  QTest::keyClick(&view, Qt::Key_Escape);
  EXPECT_FALSE(selection_.now().time.has_value()) << "a drag is one step";
  drag(view, QPoint(400, y), QPoint(402, y));
  EXPECT_FALSE(selection_.now().time.has_value()) << "two pixels are a click";
}

TEST_F(Views, AllViewsFollowASelectedTime) {
  document_.setRunA(burst_);
  TilesView& tiles = shown<TilesView>(1000, 96);
  LatencyView latency(document_, selection_);
  InspectorView inspector(document_, selection_);
  const QString before = latency.accessibleDescription();
  const int rows = inspector.model().rowCount();
  selection_.selectTime(TimeRange{2, 4});
  EXPECT_NE(latency.accessibleDescription(), before);
  EXPECT_LT(inspector.model().rowCount(), rows);
  EXPECT_THAT(tiles.accessibleDescription().toStdString(), testing::HasSubstr("Selected 2.0 s"));
  EXPECT_EQ(inspector.model().rowCount(), burst_->statistics.summarize({TimeRange{2, 4}, {}}).offered);
  selection_.back();
  EXPECT_EQ(latency.accessibleDescription(), before);
}

TEST_F(Views, WheelAndKeysZoomPanAndShowAll) {
  document_.setRunA(burst_);
  TimelineView& view = shown<TimelineView>();
  const double at = view.timeAt(400);
  QWheelEvent wheel(QPointF(400, 200), view.mapToGlobal(QPointF(400, 200)), {}, QPoint(0, 240), Qt::NoButton,
                    Qt::NoModifier, Qt::NoScrollPhase, false);
  QApplication::sendEvent(&view, &wheel);
  EXPECT_FALSE(view.axis().showsAll());
  EXPECT_NEAR(view.timeAt(400), at, 1e-6) << "what is under the pointer stays";
  const double begin = view.axis().begin();
  QTest::keyClick(&view, Qt::Key_D);
  EXPECT_GT(view.axis().begin(), begin);
  const double span = view.axis().end() - view.axis().begin();
  QTest::keyClick(&view, Qt::Key_W);
  EXPECT_LT(view.axis().end() - view.axis().begin(), span);
  QTest::keyClick(&view, Qt::Key_Home);
  EXPECT_TRUE(view.axis().showsAll());
}

TEST_F(Views, KeysAloneSelectATimeAndAReplica) {
  document_.setRunA(burst_);
  TimelineView& view = shown<TimelineView>();
  view.setFocus();
  QTest::keyClick(&view, Qt::Key_Space);
  for (int i = 0; i < 20; ++i) QTest::keyClick(&view, Qt::Key_Right);
  QTest::keyClick(&view, Qt::Key_Space);
  ASSERT_TRUE(selection_.now().time.has_value());
  EXPECT_NEAR(selection_.now().time->end - selection_.now().time->begin, burst_->length() / 10, burst_->length() / 100);
  QTest::keyClick(&view, Qt::Key_Down);
  EXPECT_EQ(selection_.now().replica, 0);
  QTest::keyClick(&view, Qt::Key_Escape);
  QTest::keyClick(&view, Qt::Key_Escape);
  EXPECT_TRUE(selection_.now().empty());
}

TEST_F(Views, TheCursorOfTheTimelineIsTheMomentOfTheTopology) {
  document_.setRunA(burst_);
  TimelineView& view = shown<TimelineView>();
  TopologyView topology(document_, selection_);
  const QString mean = topology.accessibleDescription();
  QTest::mouseMove(&view, QPoint(450, 200));
  ASSERT_TRUE(selection_.cursor().has_value());
  EXPECT_NE(topology.accessibleDescription(), mean);
  QEvent leave(QEvent::Leave);
  QApplication::sendEvent(&view, &leave);
  EXPECT_FALSE(selection_.cursor().has_value());
  EXPECT_EQ(topology.accessibleDescription(), mean);
}

TEST_F(Views, HoveringDrawsACardAndLeavingTakesItAway) {
  document_.setRunA(burst_);
  TimelineView& view = shown<TimelineView>();
  const QImage plain = view.grab().toImage();
  QTest::mouseMove(&view, QPoint(450, static_cast<int>(view.rowsArea().top()) + 8));
  EXPECT_NE(view.grab().toImage(), plain);
  QEvent leave(QEvent::Leave);
  QApplication::sendEvent(&view, &leave);
  EXPECT_EQ(view.grab().toImage(), plain);
}

TEST_F(Views, AClickOnANameSelectsTheReplicaAndOnceMoreLetsGo) {
  document_.setRunA(burst_);
  TimelineView& view = shown<TimelineView>();
  const QPoint name(20, static_cast<int>(view.rowsArea().top()) + 8);
  QTest::mouseClick(&view, Qt::LeftButton, {}, name);
  EXPECT_EQ(selection_.now().replica, 0);
  QTest::mouseClick(&view, Qt::LeftButton, {}, name);
  EXPECT_FALSE(selection_.now().replica.has_value());
}

TEST_F(Views, AClickInTheTopologySelectsReplicasAndLinks) {
  document_.setRunA(fabric_);
  TopologyView& view = shown<TopologyView>(700, 400);
  const LaidNode& node = view.layoutShown().nodes[3];
  ASSERT_FALSE(node.cells.empty());
  QTest::mouseClick(&view, Qt::LeftButton, {}, node.cells[0].box.center().toPoint());
  EXPECT_EQ(selection_.now().replica, node.cells[0].replica);
  const LaidLink& link = view.layoutShown().links[0];
  QTest::mouseClick(&view, Qt::LeftButton, {}, link.path().pointAtPercent(0.5).toPoint());
  EXPECT_FALSE(selection_.now().link.isEmpty());
  QTest::keyClick(&view, Qt::Key_Escape);
  EXPECT_TRUE(selection_.now().link.isEmpty());
}

TEST_F(Views, TheCurveIsReadOffByPointerAndByKeys) {
  document_.setRunA(burst_);
  document_.setRunB(burst_);
  LatencyView& view = shown<LatencyView>(460, 340);
  QTest::mouseMove(&view, QPoint(240, 160));
  ASSERT_TRUE(view.reading().has_value());
  const double read = *view.reading();
  QTest::keyClick(&view, Qt::Key_Right);
  EXPECT_GT(*view.reading(), read);
  EXPECT_GE(*view.shareAt(*view.reading()), *view.shareAt(read));
  QTest::keyClick(&view, Qt::Key_Escape);
  EXPECT_FALSE(view.reading().has_value());
  view.setMetric(Metric::e2e);
  EXPECT_THAT(view.accessibleDescription().toStdString(), testing::StartsWith("End to end"));
}

TEST_F(Views, ChoosingARowShowsTheRequestAndEscGoesBackToTheSlowest) {
  document_.setRunA(burst_);
  InspectorView& view = shown<InspectorView>();
  const auto slowest = view.waterfall().story()->title;
  view.requests().selectRow(7);
  const std::uint64_t id = burst_->requests.id[view.model().requestAt(7)];
  EXPECT_EQ(selection_.now().request, id);
  EXPECT_NE(view.waterfall().story()->title, slowest);
  selection_.back();
  EXPECT_EQ(view.waterfall().story()->title, slowest);
}

TEST_F(Views, EveryViewHasANameADescriptionAndATable) {
  document_.setRunA(burst_);
  QWidget window;
  for (auto* make : {makeTiles, makeTopology, makeTimeline, makeLatency, makeInspector}) {
    auto* panel = qobject_cast<Panel*>(make(document_, selection_, &window));
    ASSERT_NE(panel, nullptr);
    EXPECT_FALSE(panel->body()->accessibleName().isEmpty());
    const bool described = !panel->body()->accessibleDescription().isEmpty();
    EXPECT_TRUE(described || make == makeInspector) << panel->title().toStdString();
    panel->showTable();
    const auto tables = window.window()->findChildren<QTableView*>();
    bool filled = false;
    for (const QTableView* table : tables)
      filled = filled || (table->window() != &window && table->model()->rowCount() > 0);
    EXPECT_TRUE(filled) << panel->title().toStdString();
    for (QObject* dialog : window.children()) {
      if (dialog->inherits("QDialog")) delete dialog;
    }
  }
}

TEST_F(Views, AreDrawnInBothThemesWithAndWithoutARun) {
  const QByteArray images = qgetenv("HEADROOM_VIEW_IMAGES");
  RunPtr shown_run = burst_;
  if (const QByteArray other = qgetenv("HEADROOM_VIEW_RUN"); !other.isEmpty()) shown_run = loadRun(other.toStdString());
  RunPtr second;
  if (const QByteArray other = qgetenv("HEADROOM_VIEW_B"); !other.isEmpty()) second = loadRun(other.toStdString());
  struct Case {
    const char* name;
    QWidget* (*make)(Document&, Selection&, QWidget*);
    QSize size;
  };
  const Case cases[] = {{"tiles", makeTiles, {990, 150}},
                        {"topology", makeTopology, {580, 440}},
                        {"timeline", makeTimeline, {990, 400}},
                        {"latency", makeLatency, {400, 440}},
                        {"inspector", makeInspector, {1200, 420}}};
  for (const Theme* theme : {&darkTheme(), &lightTheme()}) {
    applyTheme(*qApp, *theme);
    for (const Case& c : cases) {
      for (const bool run : {false, true}) {
        for (const bool selected : {false, true}) {
          if (selected && !run) continue;
          Document document;
          Selection selection;
          document.setRunA(run ? shown_run : nullptr);
          document.setRunB(run ? second : nullptr);
          QWidget window;
          window.setAttribute(Qt::WA_StyledBackground);
          auto* rows = new QVBoxLayout(&window);
          rows->setContentsMargins(8, 8, 8, 8);
          rows->addWidget(c.make(document, selection, &window));
          window.resize(c.size);
          if (selected) {
            const double length = shown_run->length();
            selection.selectTime(TimeRange{length * 0.4, length * 0.55});
            selection.selectReplica(0);
            selection.setCursor(length * 0.47);
          }
          window.show();
          QApplication::processEvents();
          window.grab();
          QApplication::processEvents();  // a plot that was queued
          const QImage image = window.grab().toImage();
          std::set<QRgb> colours;
          for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) colours.insert(image.pixel(x, y));
          }
          EXPECT_GT(colours.size(), 8u) << c.name;
          if (images.isEmpty()) continue;
          const char* state = !run ? "empty" : selected ? "selected" : "run";
          const QString file =
              QStringLiteral("%1/%2-%3-%4.png").arg(QString::fromLocal8Bit(images), c.name, state, theme->name);
          EXPECT_TRUE(image.save(file)) << file.toStdString();
        }
      }
    }
  }
}

TEST_F(Views, TheLoaderAnswersWithTheLastRunAskedForAndSaysWhatIsWrong) {
  RunLoader loader;
  QSignalSpy loaded(&loader, &RunLoader::loaded), failed(&loader, &RunLoader::failed);
  const QString burst = QString::fromStdString((folder_->path() / "burst").string());
  const QString fabric = QString::fromStdString((folder_->path() / "fabric").string());
  loader.load(burst);
  loader.load(fabric);
  ASSERT_TRUE(QTest::qWaitFor([&] { return !loader.loading(); }, 20'000));
  ASSERT_EQ(loaded.size(), 1);
  EXPECT_EQ(loaded[0][0].value<RunPtr>()->result, fabric_->result);
  loader.load(burst + QStringLiteral("-missing"));
  ASSERT_TRUE(QTest::qWaitFor([&] { return failed.size() == 1; }, 20'000));
  EXPECT_THAT(failed[0][0].toString().toStdString(), testing::HasSubstr("burst-missing"));
}

TEST_F(Views, AReplicaThatIsDownIsDrawnAndSaidInWords) {
  simulateInto(folder_->path() / "faults",
               burstScenario() + "faults: [{domain: replica, name: chat/all/1, at: 4 s, for: 6 s}]\n");
  const RunPtr run = loadRun(folder_->path() / "faults");
  document_.setRunA(run);
  TimelineView& view = shown<TimelineView>();
  const Theme& theme = themeOf(view);
  const QImage image = view.grab().toImage();
  const int x = static_cast<int>(view.xOf(4.0)), y = static_cast<int>(view.rowsArea().bottom()) - 12;
  bool outlined = false;
  for (int dx = -2; dx <= 2; ++dx) outlined = outlined || image.pixelColor(x + dx, y) == theme.failure;
  EXPECT_TRUE(outlined) << "its left edge";
  bool words = false;
  const auto table = view.table();
  for (int row = 0; row < table->rowCount(); ++row) {
    words = words || table->index(row, 7).data().toString().contains(QStringLiteral("down"));
  }
  EXPECT_TRUE(words);
}

TEST_F(Views, ReplacingTheRunForgetsTheZoom) {
  document_.setRunA(burst_);
  TimelineView& view = shown<TimelineView>();
  QTest::keyClick(&view, Qt::Key_W);
  document_.setRunA(fabric_);
  EXPECT_TRUE(view.axis().showsAll());
  EXPECT_NEAR(view.axis().length(), fabric_->length(), 1e-9);
  document_.setRunA(nullptr);
  EXPECT_FALSE(coloursOf(view).empty());
}

}  // namespace
}  // namespace headroom::gui

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  qRegisterMetaType<headroom::gui::RunPtr>("headroom::gui::RunPtr");
  headroom::gui::applyTheme(application, headroom::gui::darkTheme());
  return RUN_ALL_TESTS();
}
