// Replicas over time: arrivals and the queue above, a row a replica below, what each did in colours. Drag selects a
// time, wheel and W/S zoom, A/D pan, Home shows all, arrows move the cursor, Space begins and ends a selection there.
// Rows are painted into an image, a line of pixels each, which is kept until what they show changes.
#pragma once

#include <QImage>
#include <QWidget>
#include <optional>

#include "gui/document.h"
#include "gui/geometry/timeline_geometry.h"
#include "gui/selection.h"

class QAbstractItemModel;

namespace headroom::gui {

class TimelineView final : public QWidget {
  Q_OBJECT
 public:
  TimelineView(Document& document, Selection& selection, QWidget* parent = nullptr);

  const TimeAxis& axis() const { return axis_; }
  QRectF plotArea() const;  ///< where times stand, the curves included
  QRectF rowsArea() const;
  double xOf(double s) const;
  double timeAt(double x) const;
  /// "50.0 s – 200.0 s of 9:47, 2 replicas".
  QString summary() const;
  std::unique_ptr<QAbstractItemModel> table() const;
  QSize sizeHint() const override { return {900, 300}; }
  QSize minimumSizeHint() const override { return {360, 150}; }

 signals:
  void axisChanged();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  static constexpr double kNames = 92, kAxis = 22;  ///< left of the plot, below it
  void onRuns();
  void describe();
  void setAxis(const TimeAxis& axis);
  void scrollBy(double pixels);
  int columns() const;  ///< device pixels of the plot's width
  struct Curves {
    QRectF arrivals, queue;
  };
  Curves curves() const;
  RowLayout rows() const;
  int rowAt(const QPointF& at) const;  ///< -1: none
  // timeline_paint.cpp
  void renderBack();
  void renderRows(QPainter& painter);
  void renderAbsences(QPainter& painter, std::size_t replica, double y, double height);
  void renderNames(QPainter& painter, const RowLayout& layout);
  void renderLoad(QPainter& painter);
  void renderAxis(QPainter& painter);
  void paintSelection(QPainter& painter);
  void paintCursor(QPainter& painter);
  void paintHover(QPainter& painter);

  Document& document_;
  Selection& selection_;
  RunPtr run_;
  TimeAxis axis_;
  double scroll_ = 0;  ///< pixels of rows above the first one shown
  QImage back_;        ///< all but selection, cursor and card; null: to be painted
  std::optional<double> drag_from_;
  bool dragging_ = false;
  std::optional<double> mark_;  ///< where a selection by keyboard began
  std::optional<QPointF> hover_;
  std::optional<int> named_;  ///< the replica whose name stands out in back_
  int most_decoding_ = 1;
};

}  // namespace headroom::gui
