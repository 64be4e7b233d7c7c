#include "gui/views/views.h"

#include <QAbstractItemModel>
#include <algorithm>

#include "gui/models/listed_table_model.h"
#include "gui/views/inspector_view.h"
#include "gui/views/latency_view.h"
#include "gui/views/tiles_view.h"
#include "gui/views/timeline_view.h"
#include "gui/views/topology_view.h"
#include "gui/widgets/panel.h"
#include "gui/widgets/plot_parts.h"

namespace headroom::gui {

QWidget* makeTiles(Document& document, Selection& selection, QWidget* parent) {
  auto* panel = new Panel(QStringLiteral("Figures"), parent);
  auto* view = new TilesView(document, selection, panel);
  panel->setBody(view);
  panel->offerTable([view] {
    std::vector<QVariantList> rows;
    for (const Tile& tile : view->tiles()) rows.push_back({tile.name, tile.value, tile.unit, tile.words, tile.delta});
    return std::make_unique<ListedTableModel>(QStringList{Panel::tr("Figure"), Panel::tr("Value"), Panel::tr("Unit"),
                                                          Panel::tr("SLO"), Panel::tr("Against B")},
                                              std::move(rows));
  });
  return panel;
}

QWidget* makeTopology(Document& document, Selection& selection, QWidget* parent) {
  auto* panel = new Panel(QStringLiteral("Topology"), parent);
  auto* view = new TopologyView(document, selection, panel);
  auto* heat = new Segments({Panel::tr("Links"), Panel::tr("Busy"), Panel::tr("KV cache"), Panel::tr("Queue")}, panel);
  heat->setAccessibleName(Panel::tr("What the topology colours"));
  heat->setCurrent(static_cast<int>(view->heat()));
  QObject::connect(heat, &Segments::chosen, view, [view](int i) { view->setHeat(static_cast<TopologyView::Heat>(i)); });
  QObject::connect(view, &TopologyView::heatChanged, heat,
                   [view, heat] { heat->setCurrent(static_cast<int>(view->heat())); });
  panel->addToHeader(heat);
  panel->setBody(view);
  panel->setSubtitle(view->summary());
  QObject::connect(view, &TopologyView::described, panel, [panel, view] { panel->setSubtitle(view->summary()); });
  panel->offerTable([view] { return view->table(); });
  return panel;
}

QWidget* makeTimeline(Document& document, Selection& selection, QWidget* parent) {
  auto* panel = new Panel(QStringLiteral("Timeline"), parent);
  auto* view = new TimelineView(document, selection, panel);
  auto* legend = new Legend({}, panel);
  const auto entries = [&document, legend] {
    std::vector<Legend::Entry> all{{Panel::tr("Prefill"), &Theme::prefill},
                                   {Panel::tr("Decode, by batch"), &Theme::decode}};
    const RunPtr run = document.runA();
    if (run && run->requests.movesKv()) all.push_back({Panel::tr("KV transfer"), &Theme::transfer});
    if (run && run->hasUnanswered()) all.push_back({Panel::tr("Without answer"), &Theme::series_b});
    const auto any = [&](auto holds) {
      return run && std::any_of(run->absences.begin(), run->absences.end(),
                                [&](const auto& spans) { return std::any_of(spans.begin(), spans.end(), holds); });
    };
    if (any([](const sim::AbsenceSpan& span) { return span.what == sim::Absence::down; })) {
      all.push_back({Panel::tr("Down"), &Theme::failure});
    }
    if (any([](const sim::AbsenceSpan& span) { return span.what != sim::Absence::down; })) {
      all.push_back({Panel::tr("Starting, draining"), &Theme::loading});
    }
    legend->setEntries(std::move(all));
  };
  entries();
  QObject::connect(&document, &Document::runsChanged, legend, entries);
  panel->addToHeader(legend);
  panel->setBody(view);
  panel->setSubtitle(view->summary());
  QObject::connect(view, &TimelineView::axisChanged, panel, [panel, view] { panel->setSubtitle(view->summary()); });
  panel->offerTable([view] { return view->table(); });
  return panel;
}

QWidget* makeLatency(Document& document, Selection& selection, QWidget* parent) {
  auto* panel = new Panel(QStringLiteral("Latency"), parent);
  auto* view = new LatencyView(document, selection, panel);
  auto* metrics = new Segments({nameOf(Metric::ttft), nameOf(Metric::tpot), nameOf(Metric::e2e)}, panel);
  metrics->setAccessibleName(Panel::tr("Which latency"));
  QObject::connect(metrics, &Segments::chosen, view, [view](int i) { view->setMetric(static_cast<Metric>(i)); });
  panel->addToHeader(metrics);
  panel->setBody(view);
  panel->setSubtitle(Panel::tr("cumulative share"));
  panel->offerTable([view] { return view->table(); });
  return panel;
}

QWidget* makeInspector(Document& document, Selection& selection, QWidget* parent) {
  auto* panel = new Panel(QStringLiteral("Requests"), parent);
  auto* view = new InspectorView(document, selection, panel);
  panel->setBody(view);
  panel->setSubtitle(view->summary());
  QObject::connect(view, &InspectorView::described, panel, [panel, view] { panel->setSubtitle(view->summary()); });
  panel->offerTable([view] { return view->table(); });
  return panel;
}

}  // namespace headroom::gui
