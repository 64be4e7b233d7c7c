// The runs of a plan over their cost: filled meets the SLO, a ring misses it; the line joins what no other beats. The
// pointer shows a card, a click opens the candidate's scenario.
#pragma once

#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

#include "gui/plan_state.h"

class QAbstractItemModel;
class QCustomPlot;
class QCPGraph;
class QCPItemTracer;

namespace headroom::gui {

class Document;

/// Which figure stands over the cost.
enum class ParetoMeasure { attainment, ttft, goodput };
double measureOf(const PlanCandidate& candidate, ParetoMeasure measure);
/// Indices of the candidates that meet the SLO and that no other beats in both cost and measure, by rising cost.
std::vector<int> paretoFront(const std::vector<PlanCandidate>& candidates, ParetoMeasure measure);

class ParetoView final : public QWidget {
  Q_OBJECT
 public:
  ParetoView(Document& document, QWidget* parent);
  ~ParetoView() override;
  void setMeasure(ParetoMeasure measure);
  /// The candidate nearest to a point of the widget, within some pixels.
  std::optional<int> candidateAt(const QPoint& point) const;
  QPoint pointOf(int candidate) const;
  std::unique_ptr<QAbstractItemModel> table() const;

 signals:
  void opened(int candidate);

 protected:
  void changeEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void restyle();
  void refill();
  void hover(std::optional<int> candidate);

  Document& document_;
  QCustomPlot* plot_;
  QCPGraph *meets_, *misses_, *front_, *chosen_;
  QWidget* card_;
  ParetoMeasure measure_ = ParetoMeasure::attainment;
  std::optional<int> hovered_;
};

}  // namespace headroom::gui
