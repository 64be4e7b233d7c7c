#include "gui/views/timeline_view.h"

#include <QEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>
#include <algorithm>
#include <array>
#include <cmath>

#include "gui/geometry/ticks.h"
#include "gui/models/listed_table_model.h"
#include "gui/views/tiles_view.h"
#include "gui/widgets/plot_parts.h"

namespace headroom::gui {
namespace {

constexpr double kRight = 8;                                                          // of the plot
constexpr double kLeastArrivals = 42, kLeastQueue = 30, kMostCurves = 240, kGap = 6;  // heights of the curves
constexpr double kDragFrom = 4;                                                       // pixels; less is a click
constexpr int kTableBins = 60;

/// "down 40 %, starting 12 %" of a time.
QString awayText(const RunData& run, std::size_t replica, const TimeRange& range) {
  std::array<double, sim::kAbsences> seconds{};
  if (replica >= run.absences.size()) return {};
  for (const sim::AbsenceSpan& span : run.absences[replica]) {
    const double part = std::min(span.end_s, range.end) - std::max(span.begin_s, range.begin);
    if (part > 0) seconds[static_cast<std::size_t>(span.what)] += part;
  }
  QStringList parts;
  for (std::size_t what = 0; what < seconds.size(); ++what) {
    if (seconds[what] <= 0) continue;
    parts << textOf(static_cast<sim::Absence>(what)) + QLatin1Char(' ') +
                 percentText(seconds[what] / (range.end - range.begin));
  }
  return parts.join(QStringLiteral(", "));
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
    if (selection_.now().replica != named_) back_ = {};  // its name stands out
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
                      tr("Waiting"),
                      tr("Takes no new requests")};
  if (run_) {
    const double step = (axis_.end() - axis_.begin()) / kTableBins;
    for (std::size_t r = 0; r < std::min<std::size_t>(run_->phases.size(), 200); ++r) {
      for (int b = 0; b < kTableBins; ++b) {
        const double begin = axis_.begin() + step * b;
        const PhaseMeans means = run_->phases[r].mean(toNs(begin), toNs(begin + step));
        rows.push_back({timeText(begin, step), timeText(begin + step, step),
                        QString::fromStdString(run_->replicaName(static_cast<std::uint32_t>(r))),
                        percentText(means.prefill_share), means.prefill, means.decode, means.queue,
                        awayText(*run_, r, {begin, begin + step})});
      }
    }
  }
  return std::make_unique<ListedTableModel>(headers, std::move(rows));
}

}  // namespace headroom::gui
