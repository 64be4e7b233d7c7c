#include "gui/views/latency_view.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "gui/geometry/ticks.h"
#include "gui/models/listed_table_model.h"
#include "gui/views/tiles_view.h"
#include "gui/widgets/plot_parts.h"

namespace headroom::gui {
namespace {

constexpr QMargins kMargins{46, 24, 16, 46};
constexpr QSize kLeastPlot{200, 150};
constexpr double kShares[] = {0.5, 0.9, 0.95, 0.99, 0.999};

/// Tick labels as short as their neighbours allow: "50 ms", "100", "200", "1 s".
QString tickText(double ms, bool first) {
  const bool seconds = ms >= 1000;
  const double value = seconds ? ms / 1000 : ms;
  const QString number = QLocale::c().toString(value, 'g', 4);
  const bool round = std::abs(std::log10(ms) - std::round(std::log10(ms))) < 1e-9;
  if (seconds) return number + (round || first ? QStringLiteral(" s") : QString());
  return number + (first ? QStringLiteral(" ms") : QString());
}

}  // namespace

LatencyView::LatencyView(Document& document, Selection& selection, QWidget* parent)
    : QCustomPlot(parent), document_(document), selection_(selection), curve_a_(nullptr), curve_b_(nullptr) {
  setAccessibleName(tr("Latency, cumulative share of requests"));
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setMinimumSize(kLeastPlot);  // on a page that was never shown it has no size else, and cannot be drawn
  setNoAntialiasingOnDrag(false);
  setPlottingHint(QCP::phFastPolylines, true);  // a wide line in one piece takes many times as long
  axisRect()->setAutoMargins(QCP::msNone);
  axisRect()->setMargins(kMargins);
  xAxis->setScaleType(QCPAxis::stLogarithmic);
  yAxis->setRange(0, 104);  // room for a mark at p99
  for (QCPAxis* axis : {xAxis, yAxis}) {
    axis->setSubTicks(false);
    axis->setTickLength(0, 0);
    axis->grid()->setZeroLinePen(Qt::NoPen);
    axis->setTickLabelPadding(6);
  }
  QSharedPointer<QCPAxisTickerText> percent(new QCPAxisTickerText);
  for (const int tick : {0, 25, 50, 75, 90}) percent->addTick(tick, QString::number(tick));
  percent->addTick(100, QStringLiteral("100 %"));
  yAxis->setTicker(percent);
  curve_b_ = addGraph();  // behind A
  curve_a_ = addGraph();
  for (QCPGraph* curve : {curve_a_, curve_b_}) curve->setAdaptiveSampling(false);
  connect(&document, &Document::runsChanged, this, &LatencyView::refresh);
  connect(&selection, &Selection::changed, this, &LatencyView::refresh);
  restyle();
  refresh();
}

void LatencyView::setMetric(Metric metric) {
  if (metric == metric_) return;
  metric_ = metric;
  reading_.reset();
  refresh();
}

void LatencyView::refresh() {
  const RunPtr a = document_.runA(), b = document_.runB();
  const RequestFilter filter = filterOf(selection_);
  a_ = a && a->hasRequests() ? a->statistics.summarize(filter) : RequestSummary{};
  b_ = b && b->hasRequests() ? b->statistics.summarize(filter) : RequestSummary{};
  any_ = countsA().count() > 0;
  has_b_ = countsB().count() > 0;
  limits_ = a ? limitsOf(a->scenario, metric_) : std::vector<LatencyLimit>{};
  range_ = LatencyRange::around({&countsA(), &countsB()}, limits_);
  describe();
  redraw();
}

void LatencyView::describe() {
  if (!any_) return setAccessibleDescription(tr("No requests."));
  QStringList text;
  for (const double share : {0.5, 0.9, 0.99}) {
    text << tr("%1 % within %2").arg(share * 100).arg(latencyText(*countsA().quantileMs(share)));
  }
  for (const LatencyLimit& limit : limits_) {
    text << tr("%1 within the limit of %2").arg(percentText(countsA().shareWithin(limit.ms)), latencyText(limit.ms));
  }
  setAccessibleDescription(QString::fromLatin1(nameOf(metric_)) + QStringLiteral(": ") +
                           text.join(QStringLiteral(", ")));
}

void LatencyView::redraw() {
  const int columns = std::max(axisRect()->width(), 50);
  const auto fill = [&](QCPGraph* curve, const LatencyCounts& counts) {
    const std::vector<QPointF> points = cumulativeCurve(counts, range_, columns);
    QVector<double> x, y;
    x.reserve(static_cast<qsizetype>(points.size()));
    y.reserve(static_cast<qsizetype>(points.size()));
    for (const QPointF& point : points) {
      // Level stretches need their ends only.
      if (y.size() >= 2 && y.back() == point.y() && y[y.size() - 2] == point.y()) {
        x.back() = point.x();
        continue;
      }
      x.push_back(point.x());
      y.push_back(point.y());
    }
    curve->setData(x, y, true);
  };
  fill(curve_a_, countsA());
  fill(curve_b_, countsB());
  curve_b_->setVisible(has_b_);
  xAxis->setRange(range_.begin, range_.end);
  QSharedPointer<QCPAxisTickerText> ticker(new QCPAxisTickerText);
  const std::vector<double> ticks = logTicks(range_.begin, range_.end, std::max(3, columns / 52));
  for (std::size_t i = 0; i < ticks.size(); ++i) ticker->addTick(ticks[i], tickText(ticks[i], i == 0));
  xAxis->setTicker(ticker);
  replot(QCustomPlot::rpQueuedReplot);
}

void LatencyView::restyle() {
  const Theme& theme = themeOf(*this);
  setBackground(QBrush(theme.card));
  for (QCPAxis* axis : {xAxis, yAxis}) {
    axis->setBasePen(QPen(theme.outline, 1));
    axis->setTickLabelColor(theme.muted);
    axis->setTickLabelFont(figureFont(11));
    axis->grid()->setPen(QPen(theme.grid, 1));
  }
  curve_a_->setPen(QPen(theme.series_a, 2));
  QPen dashed(theme.series_b, 1);
  dashed.setDashPattern({5, 3});
  curve_b_->setPen(dashed);
}

QPointF LatencyView::pixelOf(double ms, double percent) const {
  return {xAxis->coordToPixel(ms), yAxis->coordToPixel(percent)};
}

std::optional<double> LatencyView::shareAt(double ms) const {
  if (!any_) return std::nullopt;
  return countsA().shareWithin(ms);
}

void LatencyView::paintEvent(QPaintEvent* event) {
  if (!any_) {
    QPainter painter(this);
    const Theme& theme = themeOf(*this);
    const RunPtr run = document_.runA();
    painter.fillRect(rect(), theme.card);
    if (!run || run->hasRequests()) {
      paintEmpty(
          painter, theme, rect(), run ? tr("No request here") : tr("No run yet"),
          run ? tr("None with a %1 is in what is selected. Esc goes back.").arg(QString::fromLatin1(nameOf(metric_)))
              : tr("Run the scenario with Ctrl+R."));
    } else {
      paintEmpty(painter, theme, rect(), tr("This result has no requests"),
                 tr("Open the folder of a run for the curve."));
    }
    return;
  }
  QCustomPlot::paintEvent(event);
  QPainter painter(this);
  paintLimits(painter);
  paintPercentiles(painter);
  paintLegend(painter);
  if (hasFocus()) {
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(QPen(themeOf(*this).accent, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(axisRect()->rect().adjusted(0, 0, -1, -1));
  }
  paintReading(painter);
}

void LatencyView::paintLimits(QPainter& painter) const {
  const Theme& theme = themeOf(*this);
  const QRectF plot = axisRect()->rect();
  double free_from = plot.left();
  for (const LatencyLimit& limit : limits_) {
    if (limit.ms <= range_.begin || limit.ms >= range_.end) continue;
    const double x = xAxis->coordToPixel(limit.ms);
    const double within = countsA().shareWithin(limit.ms);
    const bool met = within >= limit.attainment;
    if (&limit == &limits_.front())
      painter.fillRect(QRectF(x, plot.top(), plot.right() - x, plot.height()), theme.bad_fill);
    QPen pen(theme.bad, 1);
    pen.setDashPattern({4, 3});
    painter.setPen(pen);
    painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
    const QString of =
        limits_.size() > 1 ? QString::fromStdString(limit.request_class) + QStringLiteral(" ") : QString();
    const QString text = tr("%1SLO %2: %3 within").arg(of, latencyText(limit.ms), percentText(within));
    const QFont font = textFont(12, QFont::DemiBold);
    const double width = QFontMetricsF(font).horizontalAdvance(text) + 18;
    double left = std::min(x, plot.right() - width);
    left = std::max(left, free_from);
    if (left + width > this->width()) continue;  // no room beside the others: its line stands, the table has the figure
    paintStatus(painter, theme, met ? TileState::good : TileState::bad, QRectF(left, 6, 11, 11));
    paintText(painter, QRectF(left + 16, 2, width, 18), text, font, met ? theme.good : theme.bad);
    free_from = left + width + 8;
  }
}

void LatencyView::paintPercentiles(QPainter& painter) const {
  const Theme& theme = themeOf(*this);
  const QRectF plot = axisRect()->rect();
  std::vector<double> percentiles{50, 90, selection_.now().percentile};
  std::sort(percentiles.begin(), percentiles.end());
  percentiles.erase(std::unique(percentiles.begin(), percentiles.end()), percentiles.end());
  painter.setRenderHint(QPainter::Antialiasing);
  double last_y = 1e9;
  for (const double p : percentiles) {
    const auto ms = countsA().quantileMs(p / 100);
    if (!ms || *ms < range_.begin || *ms > range_.end) continue;
    const QPointF at = pixelOf(*ms, p);
    const QString text = QStringLiteral("p%1  %2").arg(p, 0, 'g', 4).arg(latencyText(*ms));
    const bool chosen = p == selection_.now().percentile;
    const QFont font = figureFont(12, chosen ? QFont::Bold : QFont::Normal);
    const double width = QFontMetricsF(font).horizontalAdvance(text) + 2;
    painter.setPen(QPen(theme.card, 1.5));
    painter.setBrush(theme.series_a);
    painter.drawEllipse(at, 4.5, 4.5);
    if (last_y - at.y() < 16) continue;
    QRectF box(at.x() - width - 9, at.y() - 9, width, 18);
    if (box.left() < plot.left() + 2) box.moveLeft(at.x() + 9);
    painter.fillRect(box.adjusted(0, 2, 0, -2), theme.card);
    paintText(painter, box, text, font, theme.text);
    last_y = at.y();
  }
}

void LatencyView::paintLegend(QPainter& painter) const {
  const Theme& theme = themeOf(*this);
  const QRectF plot = axisRect()->rect();
  double x = plot.left();
  const double y = height() - 11;
  const auto entry = [&](const QString& name, const RunPtr& run, const QPen& pen, std::int64_t count) {
    if (!run) return;
    painter.setPen(pen);
    painter.drawLine(QPointF(x, y), QPointF(x + 22, y));
    const QString text = has_b_ ? tr("%1  %2").arg(name, run->title)
                                : tr("%1  %2 · %3 requests").arg(name, run->title, countText(count));
    const double room = std::max(20.0, (has_b_ ? plot.width() / 2 : plot.width()) - 36);
    paintText(painter, QRectF(x + 28, y - 9, room, 18), text, textFont(12), theme.text);
    x += plot.width() / 2;
  };
  entry(QStringLiteral("A"), document_.runA(), QPen(theme.series_a, 2), countsA().count());
  QPen dashed(theme.series_b, 1);
  dashed.setDashPattern({5, 3});
  if (has_b_) entry(QStringLiteral("B"), document_.runB(), dashed, countsB().count());
}

void LatencyView::paintReading(QPainter& painter) const {
  if (!reading_) return;
  const Theme& theme = themeOf(*this);
  const QRectF plot = axisRect()->rect();
  const double share = countsA().shareWithin(*reading_);
  const QPointF at = pixelOf(*reading_, share * 100);
  painter.setRenderHint(QPainter::Antialiasing, false);
  painter.fillRect(QRectF(std::round(at.x()), plot.top(), 1, plot.height()), theme.muted);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(theme.card, 1.5));
  painter.setBrush(theme.text);
  painter.drawEllipse(at, 4, 4);
  std::vector<CardRow> rows{{has_b_ ? tr("A") : tr("Requests within"), percentText(share)}};
  if (has_b_) rows.push_back({tr("B"), percentText(countsB().shareWithin(*reading_))});
  rows.push_back({tr("Slower"), countText(std::llround((1 - share) * static_cast<double>(countsA().count())))});
  paintCard(painter, theme, rect(), at, tr("within %1").arg(latencyText(*reading_)), rows);
}

void LatencyView::mouseMoveEvent(QMouseEvent* event) {
  const QPointF at = event->position();
  const QRectF plot = axisRect()->rect();
  reading_ = any_ && plot.contains(at) ? std::optional(xAxis->pixelToCoord(at.x())) : std::nullopt;
  update();
}

void LatencyView::leaveEvent(QEvent* event) {
  reading_.reset();
  update();
  QCustomPlot::leaveEvent(event);
}

void LatencyView::keyPressEvent(QKeyEvent* event) {
  const double now = reading_ ? range_.shareOf(*reading_) : 0.5;
  switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
      if (any_) reading_ = range_.valueAt(std::clamp(now + (event->key() == Qt::Key_Left ? -0.01 : 0.01), 0.0, 1.0));
      update();
      return;
    case Qt::Key_Escape:
      if (reading_) {
        reading_.reset();
        update();
      } else if (!selection_.back()) {
        event->ignore();
      }
      return;
    default:
      QCustomPlot::keyPressEvent(event);
  }
}

void LatencyView::changeEvent(QEvent* event) {
  QCustomPlot::changeEvent(event);
  if (event->type() != QEvent::PaletteChange || curve_a_ == nullptr) return;
  restyle();
  replot(QCustomPlot::rpQueuedReplot);
}

void LatencyView::resizeEvent(QResizeEvent* event) {
  QCustomPlot::resizeEvent(event);
  redraw();
}

std::unique_ptr<QAbstractItemModel> LatencyView::table() const {
  QStringList headers{tr("Latency"), tr("Share"), tr("A")};
  if (has_b_) headers << tr("B");
  std::vector<QVariantList> rows;
  for (std::size_t m = 0; m < kMetrics; ++m) {
    for (const double share : kShares) {
      QVariantList row{QString::fromLatin1(nameOf(static_cast<Metric>(m))), QStringLiteral("p%1").arg(share * 100)};
      for (const RequestSummary* summary : {&a_, &b_}) {
        const auto ms = summary->latencies[m].quantileMs(share);
        row << (ms ? latencyText(*ms) : QStringLiteral("–"));
      }
      rows.push_back(std::move(row));
    }
  }
  for (const LatencyLimit& limit : limits_) {
    const QString name = tr("%1 within %2").arg(QString::fromLatin1(nameOf(metric_)), latencyText(limit.ms));
    rows.push_back({name, QString::fromStdString(limit.request_class), percentText(countsA().shareWithin(limit.ms)),
                    has_b_ ? percentText(countsB().shareWithin(limit.ms)) : QString()});
  }
  return std::make_unique<ListedTableModel>(headers, std::move(rows));
}

}  // namespace headroom::gui
