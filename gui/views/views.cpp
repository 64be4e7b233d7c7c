#include "gui/views/views.h"

#include "gui/widgets/panel.h"

namespace headroom::gui {

QWidget* makeTiles(Document&, Selection&, QWidget* parent) {
  return new Panel(QStringLiteral("Figures"), parent);
}
QWidget* makeTopology(Document&, Selection&, QWidget* parent) {
  return new Panel(QStringLiteral("Topology"), parent);
}
QWidget* makeTimeline(Document&, Selection&, QWidget* parent) {
  return new Panel(QStringLiteral("Timeline"), parent);
}
QWidget* makeLatency(Document&, Selection&, QWidget* parent) {
  return new Panel(QStringLiteral("Latency"), parent);
}
QWidget* makeInspector(Document&, Selection&, QWidget* parent) {
  return new Panel(QStringLiteral("Request"), parent);
}

}  // namespace headroom::gui
