// What a person would wait for: opening a run of a million requests, every repaint while dragging, sorting, and the
// longest time the window would not answer while a run is loaded. Medians of CPU time of the calling thread, and wall
// time where threads work together. Offscreen at 1600 x 900.
#include <fmt/format.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QGridLayout>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QTimer>
#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <random>

#include "gui/theme.h"
#include "gui/views/inspector_view.h"
#include "gui/views/latency_view.h"
#include "gui/views/tiles_view.h"
#include "gui/views/timeline_view.h"
#include "gui/views/topology_view.h"
#include "tests/gui/turn_watch.h"
#include "tests/gui/views/sample_run.h"

namespace headroom::gui {
namespace {

namespace fs = std::filesystem;

double wallMs() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void report(const char* what, double limit_ms, std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  const double median = ms[ms.size() / 2];
  fmt::print("{:<58} {:>9.2f} ms median, {:>9.2f} ms best  (limit {:.0f} ms{})\n", what, median, ms.front(), limit_ms,
             median <= limit_ms ? "" : ", MISSED");
}

void measure(const char* what, double limit_ms, const std::function<void(int)>& once, int times = 15) {
  std::vector<double> ms;
  for (int i = 0; i < times; ++i) {
    const double begin = threadMs();
    once(i);
    ms.push_back(threadMs() - begin);
  }
  report(what, limit_ms, std::move(ms));
}

void paint(QWidget& view, QImage& image) {
  QPainter painter(&image);
  view.render(&painter, {}, {}, QWidget::DrawChildren);
}

void benchOpening(const fs::path& folder) {
  std::vector<double> wall, cpu;
  for (int i = 0; i < 5; ++i) {
    const double begin = wallMs();
    const std::clock_t cpu_begin = std::clock();
    const RunPtr run = loadRun(folder);
    wall.push_back(wallMs() - begin);
    cpu.push_back(static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC * 1e3);
    if (run->requests.size() != 1'000'000) fmt::print("lost requests\n");
  }
  report("open a run of 1,000,000 requests (wall)", 2000, wall);
  report("the same, CPU time of all threads together", 2000, cpu);
}

/// The views as they stand on the Run page.
struct Page {
  Page() {
    auto* grid = new QGridLayout(&window);
    grid->addWidget(new TilesView(document, selection, &window), 0, 0, 1, 2);
    grid->addWidget(new TopologyView(document, selection, &window), 1, 0);
    grid->addWidget(new LatencyView(document, selection, &window), 1, 1);
    grid->addWidget(timeline = new TimelineView(document, selection, &window), 2, 0);
    grid->addWidget(new InspectorView(document, selection, &window), 2, 1);
    window.resize(1600, 900);
    window.show();
    QApplication::processEvents();
  }
  Document document;
  Selection selection;
  QWidget window;
  TimelineView* timeline = nullptr;
};

/// The longest turn of the window's event loop while a run is opened and shown.
void benchAnswering(const fs::path& folder) {
  std::vector<double> worst;
  for (int i = 0; i < 5; ++i) {
    Page page;
    RunLoader loader;
    QEventLoop loop;
    QObject::connect(&loader, &RunLoader::loaded, [&](const RunPtr& run) {
      page.document.setRunA(run);
      QTimer::singleShot(300, &loop, &QEventLoop::quit);
    });
    TurnWatch watch;
    loader.load(QString::fromStdString(folder.string()));
    loop.exec();
    worst.push_back(watch.longestMs());
  }
  report("longest turn of the window's event loop while it opens", 50, worst);
}

/// All views follow a drag over the timeline; the table follows when the drag rests.
void benchDragging(const RunPtr& run) {
  Page page;
  page.document.setRunA(run);
  for (int i = 0; i < 20; ++i) QApplication::processEvents(QEventLoop::AllEvents, 20);
  TimelineView& view = *page.timeline;
  const QPointF from = view.rowsArea().center() - QPointF(view.rowsArea().width() / 4, 0);
  const auto send = [&](QEvent::Type type, const QPointF& at) {
    QMouseEvent event(type, at, view.mapToGlobal(at), type == QEvent::MouseMove ? Qt::NoButton : Qt::LeftButton,
                      Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&view, &event);
  };
  send(QEvent::MouseButtonPress, from);
  send(QEvent::MouseMove, from + QPointF(8, 0));
  QApplication::processEvents();
  measure(
      "a move of a drag: all views of the page follow", 16,
      [&](int i) {
        send(QEvent::MouseMove, from + QPointF(20 + 9 * i, 0));
        QApplication::processEvents();
      },
      30);
  send(QEvent::MouseButtonRelease, from + QPointF(290, 0));
}

void benchViews(const RunPtr& run) {
  Document document;
  Selection selection;
  document.setRunA(run);
  QImage image(1600, 900, QImage::Format_ARGB32_Premultiplied);
  const auto prepare = [&](QWidget& view) {
    view.resize(1600, 900);
    view.show();
    QApplication::processEvents();
  };
  const double length = run->length();
  {
    LatencyView view(document, selection);
    prepare(view);
    measure("latency curve of 1,000,000: another metric, repainted", 16, [&](int i) {
      view.setMetric(static_cast<Metric>(i % 3));
      view.replot(QCustomPlot::rpImmediateRefresh);
      paint(view, image);
    });
  }
  {
    TimelineView view(document, selection);
    prepare(view);
    std::size_t boxes = 0;
    for (const ReplicaPhases& phases : run->phases) boxes += phases.size();
    fmt::print("timeline: {} pieces on {} replicas\n", boxes, run->phases.size());
    measure("timeline, all of it: pan and repaint", 16, [&](int i) {
      QKeyEvent zoom(QEvent::KeyPress, i % 2 == 0 ? Qt::Key_W : Qt::Key_S, Qt::NoModifier);
      QApplication::sendEvent(&view, &zoom);
      paint(view, image);
    });
    measure("timeline: cursor moved and repainted", 16, [&](int i) {
      selection.setCursor(length * (0.3 + 0.01 * i));
      paint(view, image);
    });
    selection.setCursor(std::nullopt);
  }
  {
    TilesView tiles(document, selection);
    LatencyView latency(document, selection);
    prepare(tiles);
    prepare(latency);
    measure("tiles and curve follow a drag (statistics and paint)", 16, [&](int i) {
      selection.selectTime(TimeRange{length * 0.2, length * (0.3 + 0.02 * i)});
      paint(tiles, image);
      latency.replot(QCustomPlot::rpImmediateRefresh);
      paint(latency, image);
    });
    selection.clear();
    measure("figures of one replica of 1,000,000 requests", 16, [&](int i) {
      run->statistics.summarize({.time = {}, .replica = i % static_cast<int>(run->phases.size())});
    });
  }
  {
    RequestTableModel model;
    model.setRun(run);
    measure("first 100,000 of 1,000,000 requests by a column", 50, [&](int i) {
      model.sort(i % 2 == 0 ? RequestTableModel::kTtft : RequestTableModel::kE2e, Qt::DescendingOrder);
    });
    model.setFilter({.time = TimeRange{0, length / 10}, .replica = {}}, false);
    fmt::print("table: {} rows\n", model.rowCount());
    measure("sort those rows", 30, [&](int i) {
      model.sort(i % 2 == 0 ? RequestTableModel::kTtft : RequestTableModel::kE2e, Qt::DescendingOrder);
    });
  }
}

void benchBoxes(const RunPtr& run) {
  Document document;
  Selection selection;
  document.setRunA(run);
  std::size_t boxes = 0;
  for (const ReplicaPhases& phases : run->phases) boxes += phases.size();
  fmt::print("timeline: {} pieces on {} replicas\n", boxes, run->phases.size());
  TimelineView view(document, selection);
  view.resize(1600, 900);
  QImage image(1600, 900, QImage::Format_ARGB32_Premultiplied);
  view.show();
  QApplication::processEvents();
  measure("timeline of about 100,000 boxes, repainted whole", 16, [&](int i) {
    view.resize(1600, 900 - i % 2);  // so that nothing is kept
    paint(view, image);
  });
}

/// Loads drawn at random on every link.
void writeLinks(const fs::path& folder) {
  const RunPtr run = loadRun(folder);
  std::mt19937_64 random(1);
  sim::LinkSeries series{.interval_s = run->length() / 100, .links = {}};
  const sim::Topology& topology = run->topology->topology;
  for (std::uint32_t link = 0; link < topology.links().size(); ++link) {
    series.links.push_back({topology.linkName(sim::FabricLinkId(link)), {}});
    for (int i = 0; i < 100; ++i) series.links.back().shares.push_back(0.05F + static_cast<float>(random() % 90) / 100);
  }
  fmt::print("topology: {} links\n", series.links.size() / 2);
  series.write(folder / "links.csv.zst");
}

void benchTopology(const fs::path& folder) {
  simulateInto(folder, fabricScenario(256, 400));
  writeLinks(folder);
  Document document;
  Selection selection;
  document.setRunA(loadRun(folder));
  TopologyView view(document, selection);
  view.resize(1600, 900);
  view.show();
  QApplication::processEvents();
  QImage image(1600, 900, QImage::Format_ARGB32_Premultiplied);
  measure("topology of 256 nodes, every link warm: another moment", 16, [&](int i) {
    selection.setCursor(0.2 + 0.1 * i);
    paint(view, image);
  });
}

int run() {
  TemporaryFolder folder;
  const fs::path large = folder.path() / "large", boxes = folder.path() / "boxes";
  for (const fs::path& path : {large, boxes}) simulateInto(path, burstScenario(200, 8));
  writeRequests(large, 1'000'000, 8);
  writeRequests(boxes, 32'000, 8);
  benchOpening(large);
  benchAnswering(large);
  benchViews(loadRun(large));
  benchDragging(loadRun(large));
  benchBoxes(loadRun(boxes));
  benchTopology(folder.path() / "fabric");
  return 0;
}

}  // namespace
}  // namespace headroom::gui

int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  headroom::gui::applyTheme(application, headroom::gui::darkTheme());
  return headroom::gui::run();
}
