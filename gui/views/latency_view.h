// The cumulative share of requests by latency, run A and run B over it, with the limits of the SLO and what is within
// them. A point a column of pixels, whatever the number of requests. Pointer or arrow keys read the curve off.
#pragma once

#include <qcustomplot.h>

#include <optional>

#include "gui/document.h"
#include "gui/geometry/latency_curve.h"
#include "gui/selection.h"

namespace headroom::gui {

class LatencyView final : public QCustomPlot {
  Q_OBJECT
 public:
  LatencyView(Document& document, Selection& selection, QWidget* parent = nullptr);

  void setMetric(Metric metric);
  Metric metric() const { return metric_; }
  const LatencyRange& range() const { return range_; }
  /// What the curve of A reads at a moment of the axis; none: no requests.
  std::optional<double> shareAt(double ms) const;
  /// Where the pointer or the keys read, in ms.
  std::optional<double> reading() const { return reading_; }
  std::unique_ptr<QAbstractItemModel> table() const;
  QSize sizeHint() const override { return {420, 320}; }
  QSize minimumSizeHint() const override { return {260, 200}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void refresh();  ///< other requests
  void restyle();  ///< other colours
  void redraw();   ///< other size, metric or requests
  void describe();
  const LatencyCounts& countsA() const { return a_.latencies[static_cast<std::size_t>(metric_)]; }
  const LatencyCounts& countsB() const { return b_.latencies[static_cast<std::size_t>(metric_)]; }
  QPointF pixelOf(double ms, double percent) const;
  void paintLimits(QPainter& painter) const;
  void paintPercentiles(QPainter& painter) const;
  void paintLegend(QPainter& painter) const;
  void paintReading(QPainter& painter) const;

  Document& document_;
  Selection& selection_;
  Metric metric_ = Metric::ttft;
  RequestSummary a_, b_;
  bool any_ = false, has_b_ = false;
  std::vector<LatencyLimit> limits_;
  LatencyRange range_;
  QCPGraph *curve_a_, *curve_b_;
  std::optional<double> reading_;
};

}  // namespace headroom::gui
