#include "gui/views/timeline_view.h"

#include <QEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "gui/geometry/ticks.h"
#include "gui/models/listed_table_model.h"
#include "gui/views/tiles_view.h"
#include "gui/widgets/plot_parts.h"

namespace headroom::gui {
namespace {

constexpr double kNames = 92, kRight = 8, kAxis = 22;  // left and right of the plot, below it
constexpr double kLeastArrivals = 42, kLeastQueue = 30, kMostCurves = 240, kGap = 6;  // heights of the curves
constexpr double kDragFrom = 4;                                                       // pixels; less is a click
constexpr int kLabelWidth = 58;                                                       // a box so wide has words
constexpr double kWordsFrom = 14;                                                     // height of a row with words
constexpr int kTableBins = 60;

QString batchText(const PhaseCounts& counts) {
  if (counts.decode > 0) return QStringLiteral("batch %1").arg(counts.decode);
  if (counts.prefill > 0) return QStringLiteral("prefill %1").arg(counts.prefill);
  return QStringLiteral("KV %1").arg(counts.transfer);
}

}  // namespace

TimelineView::TimelineView(Document& document, Selection& selection, QWidget* parent)
    : QWidget(parent), document_(document), selection_(selection) {
  setAccessibleName(tr("Timeline of replicas"));
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  connect(&document, &Document::runsChanged, this, &TimelineView::onRuns);
  connect(&selection, &Selection::changed, this, [this] {
    describe();
    back_ = {};  // the chosen replica's name stands out
    update();
  });
  connect(&selection, &Selection::cursorMoved, this, qOverload<>(&QWidget::update));
  onRuns();
}

void TimelineView::onRuns() {
  if (run_ == document_.runA() && run_) return;  // only B is new
  run_ = document_.runA();
  axis_ = TimeAxis(run_ ? run_->length() : 1);
  scroll_ = 0;
  mark_.reset();
  most_decoding_ = 1;
  if (run_) {
    for (const ReplicaPhases& phases : run_->phases)
      most_decoding_ = std::max<int>(most_decoding_, phases.mostDecoding());
  }
  back_ = {};
  describe();
  update();
  emit axisChanged();
}

QString TimelineView::summary() const {
  if (!run_) return {};
  const double step = (axis_.end() - axis_.begin()) / 10;
  const QString range = axis_.showsAll()
                            ? tr("whole run, %1").arg(timeText(axis_.length(), std::max(1.0, step)))
                            : tr("%1 – %2").arg(timeText(axis_.begin(), step), timeText(axis_.end(), step));
  return tr("replica activity and queue, %1").arg(range);
}

void TimelineView::describe() {
  QString text = summary();
  if (run_ && run_->hasRequests()) {
    text += tr(". %1 replicas, %2 requests. ")
                .arg(run_->phases.size())
                .arg(countText(static_cast<std::int64_t>(run_->requests.size())));
    text += selectionText(*run_, filterOf(selection_));
  }
  setAccessibleDescription(text);
}

QRectF TimelineView::plotArea() const {
  return {kNames, 0, std::max(width() - kNames - kRight, 1.0), std::max(height() - kAxis, 1.0)};
}

TimelineView::Curves TimelineView::curves() const {
  const QRectF plot = plotArea();
  const double least = kLeastArrivals + kLeastQueue, gaps = 2 * kGap;
  const double rows = RowLayout::of(run_ ? run_->phases.size() : 0, plot.height() - least - gaps).all;
  const double both = std::clamp(plot.height() - gaps - rows, least, kMostCurves);  // few rows leave them more
  const double arrivals = std::round(both * kLeastArrivals / least);
  return {QRectF(plot.left(), 0, plot.width(), arrivals),
          QRectF(plot.left(), arrivals + kGap, plot.width(), both - arrivals)};
}

QRectF TimelineView::rowsArea() const {
  return plotArea().adjusted(0, curves().queue.bottom() + kGap, 0, 0);
}

double TimelineView::xOf(double s) const {
  return plotArea().left() + axis_.xOf(s, plotArea().width());
}

double TimelineView::timeAt(double x) const {
  return std::clamp(axis_.timeAt(x - plotArea().left(), plotArea().width()), 0.0, axis_.length());
}

int TimelineView::columns() const {
  return static_cast<int>(std::lround(plotArea().width() * devicePixelRatioF()));
}

RowLayout TimelineView::rows() const {
  return RowLayout::of(run_ ? run_->phases.size() : 0, rowsArea().height());
}

int TimelineView::rowAt(const QPointF& at) const {
  if (!run_ || at.y() < rowsArea().top() || at.y() > rowsArea().bottom()) return -1;
  return rows().rowAt(at.y() - rowsArea().top() + scroll_, run_->phases.size());
}

void TimelineView::setAxis(const TimeAxis& axis) {
  if (axis == axis_) return;
  axis_ = axis;
  back_ = {};
  describe();
  update();
  emit axisChanged();
}

void TimelineView::scrollBy(double pixels) {
  const double most = std::max(0.0, rows().all - rowsArea().height());
  const double scroll = std::clamp(scroll_ + pixels, 0.0, most);
  if (scroll == scroll_) return;
  scroll_ = scroll;
  back_ = {};
  update();
}

// Painting.

void TimelineView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Theme& theme = themeOf(*this);
  if (!run_ || !run_->hasRequests()) {
    paintEmpty(painter, theme, rect(), run_ ? tr("This result has no requests") : tr("No run yet"),
               run_ ? tr("Open the folder of a run to see its replicas over time; a result.json alone has sums only.")
                    : tr("Run the scenario with Ctrl+R."));
    return;
  }
  if (back_.isNull()) renderBack();
  painter.drawImage(QPointF(0, 0), back_);
  paintSelection(painter);
  paintCursor(painter);
  if (hasFocus()) {
    painter.setPen(QPen(theme.accent, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(rowsArea().adjusted(-0.5, -0.5, 0.5, 0.5));
  }
  paintHover(painter);
}

void TimelineView::renderBack() {
  back_ = QImage(size() * devicePixelRatioF(), QImage::Format_ARGB32_Premultiplied);
  back_.setDevicePixelRatio(devicePixelRatioF());
  back_.fill(Qt::transparent);
  QPainter painter(&back_);
  renderAxis(painter);
  renderLoad(painter);
  renderRows(painter);
}

void TimelineView::renderAxis(QPainter& painter) {
  const Theme& theme = themeOf(*this);
  const QRectF plot = plotArea();
  const std::vector<double> ticks =
      timeTicks(axis_.begin(), axis_.end(), std::max(2, static_cast<int>(plot.width() / 110)));
  const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : axis_.end() - axis_.begin();
  for (const double tick : ticks) {
    const double x = std::round(xOf(tick));
    painter.fillRect(QRectF(x, 0, 1, plot.height()), theme.grid);
    QRectF box(x - 50, plot.bottom() + 3, 100, kAxis - 4);
    Qt::Alignment alignment = Qt::AlignCenter;
    if (box.right() > width()) {
      box.moveRight(width() - 1);
      alignment = Qt::AlignRight | Qt::AlignVCenter;
    }
    paintText(painter, box, timeText(tick, step), figureFont(11), theme.muted, alignment);
  }
}

void TimelineView::renderLoad(QPainter& painter) {
  constexpr int kBin = 4;  // columns
  const Theme& theme = themeOf(*this);
  const QRectF plot = plotArea();
  const int width = static_cast<int>(plot.width());
  const LoadCurve curve = loadCurve(run_->requests.arrival, run_->scheduled, axis_, width, kBin);
  const auto draw = [&](const std::vector<double>& values, double most, const QRectF& box, const QColor& colour) {
    QPolygonF line;
    for (std::size_t b = 0; b < values.size(); ++b) {
      const double x = std::min(box.left() + (static_cast<double>(b) + 0.5) * kBin, box.right());
      line << QPointF(x, box.bottom() - (most > 0 ? values[b] / most : 0) * (box.height() - 2));
    }
    if (line.isEmpty()) return;
    line.first().setX(box.left());
    line.last().setX(box.right());
    QPolygonF area = line;
    area << box.bottomRight() << box.bottomLeft();
    QColor fill = colour;
    fill.setAlpha(theme.dark ? 64 : 52);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawPolygon(area);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colour, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawPolyline(line);
    painter.setRenderHint(QPainter::Antialiasing, false);
  };
  const auto [arrivals, queue] = curves();
  draw(curve.arrivals_per_s, curve.most_arrivals, arrivals, theme.series_a);
  draw(curve.waiting, curve.most_waiting, queue, theme.warning);
  const QRectF name(0, 0, kNames - 8, 16);
  paintText(painter, name.translated(0, 2), tr("Arrivals"), textFont(12, QFont::DemiBold), theme.text);
  paintText(painter, name.translated(0, 18), tr("peak %1 /s").arg(figureText(curve.most_arrivals)), textFont(11),
            theme.muted);
  paintText(painter, name.translated(0, queue.top() - 3), tr("Queue"), textFont(12, QFont::DemiBold), theme.text);
  paintText(painter, name.translated(0, queue.top() + 12),
            tr("peak %1").arg(countText(static_cast<std::int64_t>(curve.most_waiting))), textFont(11), theme.muted);
}

void TimelineView::renderRows(QPainter& painter) {
  const Theme& theme = themeOf(*this);
  const QRectF area = rowsArea();
  const RowLayout layout = rows();
  const int n = columns();
  const double dpr = devicePixelRatioF();
  const auto count = run_->phases.size();
  const auto first = static_cast<std::size_t>(std::max(0.0, std::floor(scroll_ / layout.pitch)));
  const auto last = std::min(count, static_cast<std::size_t>(std::ceil((scroll_ + area.height()) / layout.pitch)));
  // Two lines of pixels a row: prompts and transfers above, decoding below.
  QImage lines(n, 2, QImage::Format_RGB32);
  std::array<QRgb, 256> prefill, transfer, decode;
  // Boxes of the light theme are pale, so that words can stand on them; a row of columns wants more.
  const auto strong = [&](const QColor& colour) { return theme.dark ? colour : colour.darker(128); };
  const QColor prompts = strong(theme.prefill);
  for (int level = 0; level < 256; ++level) {
    const auto at = static_cast<std::size_t>(level);
    prefill[at] = mixed(theme.idle, prompts, level / 255.0).rgb();
    transfer[at] = mixed(theme.idle, strong(theme.transfer), level / 255.0).rgb();
    decode[at] = mixed(theme.idle, strong(theme.decode), level / 255.0).rgb();
  }
  const QRgb edge = theme.card.rgb();
  const QFont label_font = figureFont(11, QFont::DemiBold);
  painter.save();
  painter.setClipRect(QRectF(0, area.top(), width(), area.height()));
  for (std::size_t r = first; r < last; ++r) {
    const double y = area.top() + layout.pitch * static_cast<double>(r) - scroll_;
    const TimelineRow row = timelineRow(run_->phases[r], axis_, n, most_decoding_, static_cast<int>(kLabelWidth * dpr));
    auto* above = reinterpret_cast<QRgb*>(lines.scanLine(0));
    auto* below = reinterpret_cast<QRgb*>(lines.scanLine(1));
    for (std::size_t c = 0; c < row.columns.size(); ++c) {
      const ColumnShade& shade = row.columns[c];
      const QRgb base = shade.decode_edge ? edge : decode[shade.decode];
      below[c] = base;
      if (shade.transfer > shade.prefill) {
        above[c] = transfer[shade.transfer];
      } else if (shade.prefill > 0) {
        const bool over = shade.decode > 0 && shade.prefill < 255;
        above[c] = over ? mixed(QColor(base), prompts, std::sqrt(shade.prefill / 255.0)).rgb() : prefill[shade.prefill];
      } else {
        above[c] = base;
      }
    }
    const double split = std::round(layout.height * 0.45);
    painter.drawImage(QRectF(area.left(), y, area.width(), split), lines, QRectF(0, 0, n, 1));
    painter.drawImage(QRectF(area.left(), y + split, area.width(), layout.height - split), lines, QRectF(0, 1, n, 1));
    if (layout.height < kWordsFrom) continue;
    for (const TimelineBox& box : row.boxes) {
      const QRectF words(area.left() + box.begin / dpr + 3, y, (box.end - box.begin) / dpr - 6, layout.height);
      paintText(painter, words, batchText(box.counts), label_font, theme.on_box, Qt::AlignCenter);
    }
  }
  // Names: of every row where there is room, else of every pool.
  const bool each = layout.pitch >= kWordsFrom;
  for (std::size_t r = 0; r < count; ++r) {
    const bool begins_pool =
        r == 0 || run_->replicas.size() <= r || run_->replicas[r].pool_index != run_->replicas[r - 1].pool_index;
    if (!each && !begins_pool) continue;
    const double y = area.top() + layout.pitch * static_cast<double>(r) - scroll_;
    const bool chosen = selection_.now().replica == static_cast<int>(r);
    QString name = QString::fromStdString(run_->replicaName(static_cast<std::uint32_t>(r)));
    if (!each && r < run_->replicas.size())
      name = QString::fromStdString(run_->replicas[r].pool).section(QLatin1Char('/'), -1);
    paintText(painter, QRectF(2, y, kNames - 10, std::max(layout.height, 14.0)), name,
              textFont(12, chosen ? QFont::DemiBold : QFont::Normal), chosen ? theme.accent : theme.muted);
  }
  if (layout.all > area.height() + 1) {  // a thin bar says how far down the rows one is
    const double share = area.height() / layout.all;
    painter.fillRect(QRectF(width() - 4, area.top() + scroll_ * share, 3, area.height() * share), theme.outline);
  }
  painter.restore();
}

void TimelineView::paintSelection(QPainter& painter) {
  const auto& range = selection_.now().time;
  if (!range) return;
  const Theme& theme = themeOf(*this);
  const QRectF plot = plotArea();
  const double left = std::clamp(xOf(range->begin), plot.left(), plot.right());
  const double right = std::clamp(xOf(range->end), plot.left(), plot.right());
  if (right <= plot.left() || left >= plot.right()) return;
  painter.fillRect(QRectF(left, 0, std::max(right - left, 1.0), plot.height()), theme.selection_fill);
  painter.fillRect(QRectF(left, 0, 1, plot.height()), theme.accent);
  painter.fillRect(QRectF(right - 1, 0, 1, plot.height()), theme.accent);
  const QString text = selectionText(*run_, filterOf(selection_)).section(QStringLiteral(": "), 1);
  const QFontMetricsF metrics(textFont(12, QFont::DemiBold));
  const double width = metrics.horizontalAdvance(text) + 12;
  QRectF box(right + 4, 2, width, 18);
  if (box.right() > plot.right()) box.moveRight(left - 4);
  if (box.left() < plot.left()) box.moveLeft(left + 4);
  QColor behind = theme.card;
  behind.setAlpha(210);
  painter.fillRect(box, behind);
  paintText(painter, box, text, textFont(12, QFont::DemiBold), theme.text, Qt::AlignCenter);
}

void TimelineView::paintCursor(QPainter& painter) {
  if (!selection_.cursor()) return;
  const Theme& theme = themeOf(*this);
  const QRectF plot = plotArea();
  const double x = std::round(xOf(*selection_.cursor()));
  if (x < plot.left() || x > plot.right()) return;
  painter.fillRect(QRectF(x, 0, 1, plot.height()), theme.text);
  const QString text = timeText(*selection_.cursor(), std::min((axis_.end() - axis_.begin()) / 500, 0.1));
  const double width = QFontMetricsF(figureFont(11, QFont::DemiBold)).horizontalAdvance(text) + 14;
  QRectF chip(x - width / 2, plot.bottom() + 2, width, kAxis - 4);
  chip.moveLeft(std::clamp(chip.left(), 0.0, std::max(0.0, this->width() - width)));
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.text);
  painter.drawRoundedRect(chip, 4, 4);
  painter.setRenderHint(QPainter::Antialiasing, false);
  paintText(painter, chip, text, figureFont(11, QFont::DemiBold), theme.card, Qt::AlignCenter);
}

void TimelineView::paintHover(QPainter& painter) {
  if (!hover_ || dragging_ || !plotArea().contains(*hover_)) return;
  const double s = timeAt(hover_->x());
  const int row = rowAt(*hover_);
  std::vector<CardRow> lines;
  QString title = timeText(s, std::min((axis_.end() - axis_.begin()) / 500, 0.1));
  if (row < 0) {
    const double half = (axis_.end() - axis_.begin()) / plotArea().width() * 2;
    const auto [begin, end] = run_->statistics.indices({s - half, s + half});
    lines = {{tr("Arrivals"), tr("%1 /s").arg(figureText(static_cast<double>(end - begin) / (2 * half)))},
             {tr("Waiting"), countText(run_->waitingAt(toNs(s)))}};
  } else {
    const auto r = static_cast<std::size_t>(row);
    const PhaseCounts counts = run_->phases[r].at(toNs(s));
    title = QString::fromStdString(run_->replicaName(static_cast<std::uint32_t>(row))) + QStringLiteral(" at ") + title;
    lines = {{tr("Waiting"), countText(counts.queue)},
             {tr("In prefill"), countText(counts.prefill)},
             {tr("Decoding"), countText(counts.decode)}};
    if (counts.transfer > 0) lines.push_back({tr("KV on its way"), countText(counts.transfer)});
    if (const sim::ReplicaSeries::Bin* bin = run_->activity.at(r, s)) {
      lines.push_back({tr("KV cache"), percentText(bin->kv_usage)});
      lines.push_back(
          {tr("Steps"), tr("%1 /s").arg(figureText(static_cast<double>(bin->steps) / (bin->end_s - bin->begin_s)))});
    }
  }
  paintCard(painter, themeOf(*this), rect(), *hover_, title, lines);
}

// Mouse and keys.

void TimelineView::mousePressEvent(QMouseEvent* event) {
  if (!run_ || !run_->hasRequests() || event->button() != Qt::LeftButton) return;
  const QPointF at = event->position();
  if (at.x() < plotArea().left()) {
    const int row = rowAt(at);
    if (row >= 0) selection_.selectReplica(selection_.now().replica == row ? std::nullopt : std::optional<int>(row));
    return;
  }
  drag_from_ = at.x();
}

void TimelineView::mouseMoveEvent(QMouseEvent* event) {
  if (!run_ || !run_->hasRequests()) return;
  hover_ = event->position();
  if (drag_from_) {
    const TimeRange range{timeAt(std::min(*drag_from_, hover_->x())), timeAt(std::max(*drag_from_, hover_->x()))};
    if (!dragging_ && std::abs(hover_->x() - *drag_from_) >= kDragFrom) {
      dragging_ = true;
      selection_.selectTime(range);
    } else if (dragging_) {
      selection_.adjustTime(range);
    }
  }
  selection_.setCursor(plotArea().contains(*hover_) ? std::optional(timeAt(hover_->x())) : std::nullopt);
  update();
}

void TimelineView::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  drag_from_.reset();
  dragging_ = false;
  update();
}

void TimelineView::mouseDoubleClickEvent(QMouseEvent*) {
  const auto& range = selection_.now().time;
  TimeAxis axis = axis_;
  if (range) {
    axis.show({range->begin, range->end});
  } else {
    axis.showAll();
  }
  setAxis(axis);
}

void TimelineView::wheelEvent(QWheelEvent* event) {
  if (!run_) return;
  const QPointF by = event->angleDelta();
  if (event->modifiers() & Qt::ShiftModifier) {
    scrollBy(-(by.y() + by.x()) / 4);
  } else if (by.x() != 0 && std::abs(by.x()) > std::abs(by.y())) {
    TimeAxis axis = axis_;
    axis.pan(-by.x() / 1200);
    setAxis(axis);
  } else if (by.y() != 0) {
    TimeAxis axis = axis_;
    axis.zoom(std::pow(0.8, by.y() / 120), timeAt(event->position().x()));
    setAxis(axis);
  }
  event->accept();
}

void TimelineView::keyPressEvent(QKeyEvent* event) {
  if (!run_ || !run_->hasRequests()) return QWidget::keyPressEvent(event);
  TimeAxis axis = axis_;
  const double middle = selection_.cursor().value_or((axis_.begin() + axis_.end()) / 2);
  const double step = (axis_.end() - axis_.begin()) / 200 * (event->modifiers() & Qt::ControlModifier ? 10 : 1);
  switch (event->key()) {
    case Qt::Key_W:
    case Qt::Key_Plus:
      axis.zoom(0.7, middle);
      break;
    case Qt::Key_S:
    case Qt::Key_Minus:
      axis.zoom(1 / 0.7, middle);
      break;
    case Qt::Key_A:
      axis.pan(-0.15);
      break;
    case Qt::Key_D:
      axis.pan(0.15);
      break;
    case Qt::Key_Home:
      axis.showAll();
      break;
    case Qt::Key_Left:
    case Qt::Key_Right: {
      const double at = std::clamp(middle + (event->key() == Qt::Key_Left ? -step : step), 0.0, axis_.length());
      selection_.setCursor(at);
      if (mark_) selection_.adjustTime({*mark_, at});
      break;
    }
    case Qt::Key_Space:
      if (mark_) {
        mark_.reset();
      } else {
        mark_ = middle;
        selection_.setCursor(middle);
        selection_.selectTime(TimeRange{middle, middle + step});
      }
      break;
    case Qt::Key_Up:
    case Qt::Key_Down: {
      const int last = static_cast<int>(run_->phases.size()) - 1;
      const int now = selection_.now().replica.value_or(event->key() == Qt::Key_Down ? -1 : last + 1);
      selection_.selectReplica(std::clamp(now + (event->key() == Qt::Key_Down ? 1 : -1), 0, last));
      break;
    }
    case Qt::Key_Escape:
      mark_.reset();
      drag_from_.reset();
      dragging_ = false;
      if (!selection_.back()) event->ignore();
      return;
    default:
      QWidget::keyPressEvent(event);
      return;
  }
  setAxis(axis);
}

void TimelineView::leaveEvent(QEvent*) {
  hover_.reset();
  selection_.setCursor(std::nullopt);
  update();
}

void TimelineView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) back_ = {};
  QWidget::changeEvent(event);
}

void TimelineView::resizeEvent(QResizeEvent*) {
  back_ = {};
  scrollBy(0);
}

std::unique_ptr<QAbstractItemModel> TimelineView::table() const {
  std::vector<QVariantList> rows;
  QStringList headers{tr("From"),
                      tr("To"),
                      tr("Replica"),
                      tr("Prefill share of the time"),
                      tr("Requests in prefill"),
                      tr("Batch (decoding)"),
                      tr("Waiting")};
  if (run_) {
    const double step = (axis_.end() - axis_.begin()) / kTableBins;
    for (std::size_t r = 0; r < std::min<std::size_t>(run_->phases.size(), 200); ++r) {
      for (int b = 0; b < kTableBins; ++b) {
        const double begin = axis_.begin() + step * b;
        const PhaseMeans means = run_->phases[r].mean(toNs(begin), toNs(begin + step));
        rows.push_back({timeText(begin, step), timeText(begin + step, step),
                        QString::fromStdString(run_->replicaName(static_cast<std::uint32_t>(r))),
                        percentText(means.prefill_share), means.prefill, means.decode, means.queue});
      }
    }
  }
  return std::make_unique<ListedTableModel>(headers, std::move(rows));
}

}  // namespace headroom::gui
