#include "gui/views/pareto_view.h"

#include <qcustomplot.h>

#include <QLabel>
#include <QStandardItemModel>
#include <algorithm>

#include "gui/document.h"
#include "gui/theme.h"

namespace headroom::gui {
namespace {

constexpr double kReachPixels = 12;
constexpr QSize kLeastPlot{240, 160};

bool lowerIsBetter(ParetoMeasure measure) {
  return measure == ParetoMeasure::ttft;
}

QString axisName(ParetoMeasure measure) {
  switch (measure) {
    case ParetoMeasure::attainment:
      return QStringLiteral("good requests (%)");
    case ParetoMeasure::ttft:
      return QStringLiteral("TTFT p99 (ms)");
    case ParetoMeasure::goodput:
      return QStringLiteral("goodput (req/s)");
  }
  return {};
}

}  // namespace

double measureOf(const PlanCandidate& c, ParetoMeasure measure) {
  switch (measure) {
    case ParetoMeasure::attainment:
      return 100 * c.attainment;
    case ParetoMeasure::ttft:
      return c.ttft_p99_ms;
    case ParetoMeasure::goodput:
      return c.goodput_per_s;
  }
  return 0;
}

std::vector<int> paretoFront(const std::vector<PlanCandidate>& candidates, ParetoMeasure measure) {
  const auto better = [&](double a, double b) { return lowerIsBetter(measure) ? a < b : a > b; };
  std::vector<int> order;
  for (int i = 0; i < static_cast<int>(candidates.size()); ++i) {
    if (candidates[static_cast<std::size_t>(i)].meets_slo) order.push_back(i);
  }
  const auto at = [&](int i) -> const PlanCandidate& { return candidates[static_cast<std::size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    if (at(a).usd_per_h != at(b).usd_per_h) return at(a).usd_per_h < at(b).usd_per_h;
    return better(measureOf(at(a), measure), measureOf(at(b), measure));
  });
  std::vector<int> front;
  for (const int i : order) {
    if (front.empty() || better(measureOf(at(i), measure), measureOf(at(front.back()), measure))) front.push_back(i);
  }
  return front;
}

ParetoView::ParetoView(Document& document, QWidget* parent)
    : QWidget(parent), document_(document), plot_(new QCustomPlot(this)), card_(new QFrame(this)) {
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Pareto view: runs of the plan over their cost"));
  setAccessibleDescription(
      tr("Left and right go from run to run, Enter opens one. Filled meets its SLOs, a ring misses."));
  auto* rows = new QVBoxLayout(this);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->addWidget(plot_);
  plot_->setAccessibleName(accessibleName());
  plot_->setMouseTracking(true);
  plot_->setFocusPolicy(Qt::NoFocus);
  plot_->setMinimumSize(kLeastPlot);  // on a page that was never shown it has no size else, and cannot be drawn
  plot_->installEventFilter(this);
  front_ = plot_->addGraph();
  front_->setLineStyle(QCPGraph::lsStepLeft);
  misses_ = plot_->addGraph();
  misses_->setLineStyle(QCPGraph::lsNone);
  meets_ = plot_->addGraph();
  meets_->setLineStyle(QCPGraph::lsNone);
  chosen_ = plot_->addGraph();
  chosen_->setLineStyle(QCPGraph::lsNone);
  card_->setObjectName(QStringLiteral("card"));
  card_->setAttribute(Qt::WA_TransparentForMouseEvents);
  auto* words = new QLabel(card_);
  words->setObjectName(QStringLiteral("words"));
  auto* card_rows = new QVBoxLayout(card_);
  card_rows->setContentsMargins(10, 8, 10, 8);
  card_rows->addWidget(words);
  card_->hide();
  connect(&document_, &Document::candidateAdded, this, [this] { refill(); });
  connect(&document_, &Document::planChanged, this, &ParetoView::refill);
  restyle();
  refill();
}

ParetoView::~ParetoView() = default;

void ParetoView::setMeasure(ParetoMeasure measure) {
  measure_ = measure;
  refill();
}

void ParetoView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) restyle();
}

void ParetoView::restyle() {
  const Theme& t = themeOf(*this);
  plot_->setBackground(t.card);
  for (QCPAxis* axis : {plot_->xAxis, plot_->yAxis}) {
    axis->setBasePen(QPen(t.outline));
    axis->setTickPen(QPen(t.outline));
    axis->setSubTickPen(Qt::NoPen);
    axis->setTickLabelColor(t.muted);
    axis->setLabelColor(t.muted);
    axis->setTickLabelFont(figureFont(12));
    axis->setLabelFont(textFont(12));
    axis->grid()->setPen(QPen(t.grid));
    axis->grid()->setZeroLinePen(Qt::NoPen);
  }
  front_->setPen(QPen(t.series_a, 1.4));
  meets_->setScatterStyle({QCPScatterStyle::ssCircle, QPen(t.series_a), QBrush(t.series_a), 7});
  misses_->setScatterStyle({QCPScatterStyle::ssCircle, QPen(t.muted, 1.2), Qt::NoBrush, 7});
  chosen_->setScatterStyle({QCPScatterStyle::ssCircle, QPen(t.text, 2), Qt::NoBrush, 14});
  plot_->replot(QCustomPlot::rpQueuedReplot);
}

void ParetoView::refill() {
  const std::vector<PlanCandidate>& candidates = document_.plan().candidates;
  QVector<double> meets_x, meets_y, misses_x, misses_y, front_x, front_y;
  for (const PlanCandidate& c : candidates) {
    (c.meets_slo ? meets_x : misses_x).push_back(c.usd_per_h);
    (c.meets_slo ? meets_y : misses_y).push_back(measureOf(c, measure_));
  }
  for (const int i : paretoFront(candidates, measure_)) {
    front_x.push_back(candidates[static_cast<std::size_t>(i)].usd_per_h);
    front_y.push_back(measureOf(candidates[static_cast<std::size_t>(i)], measure_));
  }
  meets_->setData(meets_x, meets_y);
  misses_->setData(misses_x, misses_y);
  front_->setData(front_x, front_y);
  chosen_->data()->clear();
  const auto& recommended = document_.plan().recommendation;
  for (const PlanCandidate& c : candidates) {
    if (recommended && c.name == recommended->name && c.replicas == recommended->replicas) {
      chosen_->setData({c.usd_per_h}, {measureOf(c, measure_)});
    }
  }
  plot_->xAxis->setLabel(tr("cost (USD/h)"));
  plot_->yAxis->setLabel(axisName(measure_));
  plot_->rescaleAxes();
  if (candidates.empty()) {
    plot_->xAxis->setRange(0, 50);
    plot_->yAxis->setRange(0, 100);
  }
  // A point on the edge would be cut.
  for (QCPAxis* axis : {plot_->xAxis, plot_->yAxis}) {
    const double room = std::max(axis->range().size() * 0.07, 0.5);
    axis->setRange(axis->range().lower - room, axis->range().upper + room);
  }
  if (hovered_ && *hovered_ >= static_cast<int>(candidates.size())) hover(std::nullopt);
  plot_->replot(QCustomPlot::rpQueuedReplot);
}

QPoint ParetoView::pointOf(int candidate) const {
  const PlanCandidate& c = document_.plan().candidates[static_cast<std::size_t>(candidate)];
  const QPoint inside(qRound(plot_->xAxis->coordToPixel(c.usd_per_h)),
                      qRound(plot_->yAxis->coordToPixel(measureOf(c, measure_))));
  return plot_->mapTo(this, inside);
}

std::optional<int> ParetoView::candidateAt(const QPoint& point) const {
  std::optional<int> nearest;
  double best = kReachPixels * kReachPixels;
  for (int i = 0; i < static_cast<int>(document_.plan().candidates.size()); ++i) {
    const QPoint d = pointOf(i) - point;
    const double distance = static_cast<double>(QPoint::dotProduct(d, d));
    if (distance > best) continue;
    best = distance;
    nearest = i;
  }
  return nearest;
}

void ParetoView::hover(std::optional<int> candidate) {
  hovered_ = candidate;
  card_->setVisible(candidate.has_value());
  if (!candidate) return;
  const PlanCandidate& c = document_.plan().candidates[static_cast<std::size_t>(*candidate)];
  const QString verdict = c.meets_slo ? tr("✓ meets its SLOs") : tr("○ misses its SLOs");
  card_->findChild<QLabel*>(QStringLiteral("words"))
      ->setText(tr("<b>%1 × %2</b><br>%3<br>%4 USD/h · %5 accelerators<br>good %6 % · %7 req/s<br>TTFT p99 %8 ms")
                    .arg(c.replicas)
                    .arg(c.name.toHtmlEscaped(), verdict)
                    .arg(c.usd_per_h, 0, 'f', 2)
                    .arg(c.accelerators)
                    .arg(100 * c.attainment, 0, 'f', 2)
                    .arg(c.goodput_per_s, 0, 'f', 1)
                    .arg(c.ttft_p99_ms, 0, 'f', 0));
  card_->adjustSize();
  const QPoint at = pointOf(*candidate);
  const int x = at.x() + 16 + card_->width() > width() ? at.x() - 16 - card_->width() : at.x() + 16;
  const int y = std::clamp(at.y() - card_->height() / 2, 4, std::max(4, height() - card_->height() - 4));
  card_->move(std::max(4, x), y);
  card_->raise();
}

bool ParetoView::eventFilter(QObject* watched, QEvent* event) {
  if (watched != plot_) return QWidget::eventFilter(watched, event);
  if (event->type() == QEvent::MouseMove) {
    hover(candidateAt(static_cast<QMouseEvent*>(event)->pos()));
  } else if (event->type() == QEvent::Leave) {
    hover(std::nullopt);
  } else if (event->type() == QEvent::MouseButtonRelease) {
    setFocus(Qt::MouseFocusReason);
    if (const auto i = candidateAt(static_cast<QMouseEvent*>(event)->pos())) emit opened(*i);
  }
  return QWidget::eventFilter(watched, event);
}

void ParetoView::keyPressEvent(QKeyEvent* event) {
  const int count = static_cast<int>(document_.plan().candidates.size());
  const int step = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
  if (step != 0 && count > 0) {
    hover(((hovered_ ? *hovered_ : (step > 0 ? -1 : 0)) + step + count) % count);
  } else if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && hovered_) {
    emit opened(*hovered_);
  } else {
    QWidget::keyPressEvent(event);
  }
}

std::unique_ptr<QAbstractItemModel> ParetoView::table() const {
  const std::vector<PlanCandidate>& candidates = document_.plan().candidates;
  auto model = std::make_unique<QStandardItemModel>(static_cast<int>(candidates.size()), 6);
  model->setHorizontalHeaderLabels(
      {tr("Candidate"), tr("Replicas"), tr("USD/h"), tr("Good %"), tr("TTFT p99 ms"), tr("SLOs")});
  for (int i = 0; i < model->rowCount(); ++i) {
    const PlanCandidate& c = candidates[static_cast<std::size_t>(i)];
    const QString cells[] = {c.name,
                             QString::number(c.replicas),
                             QString::number(c.usd_per_h, 'f', 2),
                             QString::number(100 * c.attainment, 'f', 2),
                             QString::number(c.ttft_p99_ms, 'f', 0),
                             c.meets_slo ? tr("meets") : tr("misses")};
    for (int column = 0; column < 6; ++column) model->setItem(i, column, new QStandardItem(cells[column]));
  }
  return model;
}

}  // namespace headroom::gui
