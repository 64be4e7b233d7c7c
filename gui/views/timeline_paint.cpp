// How the timeline is painted: an image of axis, curves and rows that is kept, and selection, cursor and card on top.
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "gui/geometry/ticks.h"
#include "gui/views/tiles_view.h"
#include "gui/views/timeline_view.h"
#include "gui/widgets/plot_parts.h"

namespace headroom::gui {
namespace {

constexpr int kLabelWidth = 58;    // a box so wide has words
constexpr double kWordsFrom = 14;  // height of a row with words

QString batchText(const PhaseCounts& counts) {
  if (counts.decode > 0) return QStringLiteral("batch %1").arg(counts.decode);
  if (counts.prefill > 0) return QStringLiteral("prefill %1").arg(counts.prefill);
  return QStringLiteral("KV %1").arg(counts.transfer);
}

}  // namespace

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
  named_ = selection_.now().replica;
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
  const auto strong = [&](const QColor& colour) {
    return theme.dark ? colour
                      : QColor::fromHsvF(colour.hsvHueF(), std::min(colour.hsvSaturationF() * 1.5F, 1.0F),
                                         colour.valueF() * 0.84F);
  };
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
    TimelineRow row = timelineRow(run_->phases[r], axis_, n, most_decoding_, static_cast<int>(kLabelWidth * dpr));
    if (run_->hasUnanswered() && r < run_->activity.replicas.size()) {
      addUnanswered(row, run_->phases[r], run_->activity.replicas[r], axis_);
    }
    auto* above = reinterpret_cast<QRgb*>(lines.scanLine(0));
    auto* below = reinterpret_cast<QRgb*>(lines.scanLine(1));
    for (std::size_t c = 0; c < row.columns.size(); ++c) {
      const ColumnShade& shade = row.columns[c];
      const QRgb base = shade.decode_edge      ? edge
                        : shade.unanswered > 0 ? mixed(theme.idle, theme.series_b, shade.unanswered / 510.0).rgb()
                                               : decode[shade.decode];
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
    renderAbsences(painter, r, y, layout.height);
    if (layout.height < kWordsFrom) continue;
    for (const TimelineBox& box : row.boxes) {
      const QRectF words(area.left() + box.begin / dpr + 3, y, (box.end - box.begin) / dpr - 6, layout.height);
      paintText(painter, words, batchText(box.counts), label_font, theme.on_box, Qt::AlignCenter);
    }
  }
  renderNames(painter, layout);
  if (layout.all > area.height() + 1) {  // a thin bar says how far down the rows one is
    const double share = area.height() / layout.all;
    painter.fillRect(QRectF(width() - 4, area.top() + scroll_ * share, 3, area.height() * share), theme.outline);
  }
  painter.restore();
}

/// Outlined and hatched, so that they are told from work without colour; one that drains goes on working below it.
void TimelineView::renderAbsences(QPainter& painter, std::size_t replica, double y, double height) {
  if (replica >= run_->absences.size()) return;
  const Theme& theme = themeOf(*this);
  const double dpr = devicePixelRatioF();
  for (const AbsenceBox& box : absenceBoxes(run_->absences[replica], axis_, columns())) {
    const sim::Absence what = box.span.what;
    const bool drains = what == sim::Absence::draining;
    const QRectF area(plotArea().left() + box.begin / dpr, drains ? y + height * 0.75 : y, (box.end - box.begin) / dpr,
                      drains ? height * 0.25 : height);
    const QColor colour = fillOf(theme, what);
    if (area.width() < 4) {
      painter.fillRect(area, colour);
      continue;
    }
    if (!drains) painter.fillRect(area, theme.card);
    painter.fillRect(area, QBrush(colour, what == sim::Absence::down ? Qt::DiagCrossPattern : Qt::BDiagPattern));
    painter.setPen(QPen(colour, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5));
    if (drains || height < kWordsFrom) continue;
    const QFont font = figureFont(11, QFont::DemiBold);
    const auto widthOf = [&](const QString& text) { return QFontMetricsF(font).horizontalAdvance(text) + 8; };
    QString text = textOf(what) + QLatin1Char(' ') + latencyText(1e3 * (box.span.end_s - box.span.begin_s));
    if (widthOf(text) > area.width() - 4) text = textOf(what);
    const double width = widthOf(text);
    if (width > area.width() - 4) continue;
    const QRectF words(area.center().x() - width / 2, y + 1.5, width, height - 3);
    painter.fillRect(words, theme.card);
    paintText(painter, words, text, font, wordsOf(theme, what), Qt::AlignCenter);
  }
}

/// Of every row where there is room, else of every pool.
void TimelineView::renderNames(QPainter& painter, const RowLayout& layout) {
  const Theme& theme = themeOf(*this);
  const bool each = layout.pitch >= kWordsFrom;
  for (std::size_t r = 0; r < run_->phases.size(); ++r) {
    const bool begins_pool =
        r == 0 || run_->replicas.size() <= r || run_->replicas[r].pool_index != run_->replicas[r - 1].pool_index;
    if (!each && !begins_pool) continue;
    const double y = rowsArea().top() + layout.pitch * static_cast<double>(r) - scroll_;
    const bool chosen = selection_.now().replica == static_cast<int>(r);
    QString name = QString::fromStdString(run_->replicaName(static_cast<std::uint32_t>(r)));
    if (!each && r < run_->replicas.size())
      name = QString::fromStdString(run_->replicas[r].pool).section(QLatin1Char('/'), -1);
    paintText(painter, QRectF(2, y, kNames - 10, std::max(layout.height, 14.0)), name,
              textFont(12, chosen ? QFont::DemiBold : QFont::Normal), chosen ? theme.accent : theme.muted);
  }
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
    if (const sim::AbsenceSpan* absence = run_->absenceAt(r, s)) {
      lines.insert(lines.begin(), {textOf(absence->what), tr("until %1").arg(timeText(absence->end_s, 0.1))});
    }
    if (counts.transfer > 0) lines.push_back({tr("KV on its way"), countText(counts.transfer)});
    if (const sim::ReplicaSeries::Bin* bin = run_->activity.at(r, s)) {
      lines.push_back({tr("KV cache"), percentText(bin->kv_usage)});
      lines.push_back(
          {tr("Steps"), tr("%1 /s").arg(figureText(static_cast<double>(bin->steps) / (bin->end_s - bin->begin_s)))});
    }
  }
  paintCard(painter, themeOf(*this), QRectF(0, 0, width(), height() - kAxis), *hover_, title, lines);
}

}  // namespace headroom::gui
