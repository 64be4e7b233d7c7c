#include "gui/widgets/plot_parts.h"

#include <QFontMetricsF>
#include <QPainterPath>
#include <algorithm>

namespace headroom::gui {

QColor colourOf(const Theme& theme, TileState state) {
  switch (state) {
    case TileState::good:
      return theme.good;
    case TileState::warning:
      return theme.warning;
    case TileState::bad:
      return theme.bad;
    case TileState::plain:
      break;
  }
  return theme.muted;
}

void paintStatus(QPainter& painter, const Theme& theme, TileState state, const QRectF& box) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(colourOf(theme, state), 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  painter.setBrush(Qt::NoBrush);
  const auto at = [&](double x, double y) {
    return QPointF(box.left() + x * box.width(), box.top() + y * box.height());
  };
  switch (state) {
    case TileState::good:
      painter.drawPolyline(QPolygonF({at(0.1, 0.55), at(0.4, 0.85), at(0.92, 0.2)}));
      break;
    case TileState::warning:
      painter.drawPolygon(QPolygonF({at(0.5, 0.08), at(0.96, 0.92), at(0.04, 0.92)}));
      painter.drawLine(at(0.5, 0.4), at(0.5, 0.6));
      painter.drawPoint(at(0.5, 0.76));
      break;
    case TileState::bad:
      painter.drawLine(at(0.15, 0.15), at(0.85, 0.85));
      painter.drawLine(at(0.85, 0.15), at(0.15, 0.85));
      break;
    case TileState::plain:
      painter.drawLine(at(0.2, 0.5), at(0.8, 0.5));
      break;
  }
  painter.restore();
}

double paintText(QPainter& painter, const QRectF& box, const QString& text, const QFont& font, const QColor& colour,
                 Qt::Alignment alignment) {
  const QFontMetricsF metrics(font);
  QString shown = text;
  double width = metrics.horizontalAdvance(text);
  if (width > box.width()) {
    shown = metrics.elidedText(text, Qt::ElideRight, box.width());
    width = metrics.horizontalAdvance(shown);
  }
  painter.setFont(font);
  painter.setPen(colour);
  painter.drawText(box, static_cast<int>(alignment) | Qt::TextSingleLine, shown);
  return width;
}

void paintCard(QPainter& painter, const Theme& theme, const QRectF& bounds, const QPointF& near, const QString& title,
               const std::vector<CardRow>& rows) {
  const QFont title_font = textFont(12, QFont::DemiBold), name_font = textFont(12), value_font = figureFont(12);
  const QFontMetricsF title_metrics(title_font), name_metrics(name_font), value_metrics(value_font);
  constexpr double kPadding = 10, kLine = 18, kBetween = 18;
  double width = title_metrics.horizontalAdvance(title);
  for (const CardRow& row : rows) {
    width = std::max(width,
                     name_metrics.horizontalAdvance(row.name) + kBetween + value_metrics.horizontalAdvance(row.value));
  }
  const QSizeF size(std::min(width + 2 * kPadding + 2, bounds.width()),
                    kLine * (1 + static_cast<double>(rows.size())) + 2 * kPadding - 4);
  QPointF corner = near + QPointF(16, 14);
  if (corner.x() + size.width() > bounds.right()) corner.setX(near.x() - 16 - size.width());
  if (corner.y() + size.height() > bounds.bottom()) corner.setY(near.y() - 14 - size.height());
  corner.setX(std::clamp(corner.x(), bounds.left(), std::max(bounds.left(), bounds.right() - size.width())));
  corner.setY(std::clamp(corner.y(), bounds.top(), std::max(bounds.top(), bounds.bottom() - size.height())));
  const QRectF card(corner, size);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(QColor(0, 0, 0, theme.dark ? 90 : 36));
  painter.drawRoundedRect(card.translated(0, 2).adjusted(-1, -1, 1, 1), 6, 6);
  painter.setPen(QPen(theme.outline, 1));
  painter.setBrush(theme.raised);
  painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
  QRectF line(card.left() + kPadding, card.top() + kPadding - 3, card.width() - 2 * kPadding, kLine);
  paintText(painter, line, title, title_font, theme.text);
  for (const CardRow& row : rows) {
    line.translate(0, kLine);
    paintText(painter, line, row.name, name_font, theme.muted);
    paintText(painter, line, row.value, value_font, theme.text, Qt::AlignRight | Qt::AlignVCenter);
  }
  painter.restore();
}

void paintEmpty(QPainter& painter, const Theme& theme, const QRectF& area, const QString& heading,
                const QString& sentence) {
  const QRectF box = area.adjusted(16, 0, -16, 0);
  const double middle = area.center().y();
  paintText(painter, QRectF(box.left(), middle - 24, box.width(), 22), heading, textFont(14, QFont::DemiBold),
            theme.text, Qt::AlignCenter);
  painter.setFont(textFont(12));
  painter.setPen(theme.muted);
  painter.drawText(QRectF(box.left(), middle + 2, box.width(), 48), Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap,
                   sentence);
}

QColor fillOf(const Theme& theme, sim::Absence absence) {
  return absence == sim::Absence::down ? theme.failure : theme.loading;
}

QColor wordsOf(const Theme& theme, sim::Absence absence) {
  return absence == sim::Absence::down ? theme.bad : theme.warning;
}

QString textOf(sim::Absence absence) {
  return QString::fromLatin1(sim::nameOf(absence)).replace(QLatin1Char('-'), QLatin1Char(' '));
}

QColor poolColour(const Theme& theme, std::size_t pool) {
  const QColor colours[] = {theme.prefill, theme.decode, theme.transfer, theme.loading, theme.queue};
  return colours[pool % std::size(colours)];
}

QColor mixed(const QColor& a, const QColor& b, double share) {
  const auto part = static_cast<float>(std::clamp(share, 0.0, 1.0));
  const auto mix = [part](float from, float to) { return from + (to - from) * part; };
  return QColor::fromRgbF(mix(a.redF(), b.redF()), mix(a.greenF(), b.greenF()), mix(a.blueF(), b.blueF()));
}

Legend::Legend(std::vector<Entry> entries, QWidget* parent) : QWidget(parent) {
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  setEntries(std::move(entries));
}

void Legend::setEntries(std::vector<Entry> entries) {
  entries_ = std::move(entries);
  QStringList names;
  for (const Entry& entry : entries_) names << entry.name;
  setAccessibleName(tr("Legend: %1").arg(names.join(QStringLiteral(", "))));
  updateGeometry();
  update();
}

QSize Legend::sizeHint() const {
  const QFontMetricsF metrics(textFont(12));
  double width = 0;
  for (const Entry& entry : entries_) width += 15 + metrics.horizontalAdvance(entry.name) + 14;
  return {static_cast<int>(width), 20};
}

void Legend::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Theme& theme = themeOf(*this);
  const QFontMetricsF metrics(textFont(12));
  double x = 0;
  for (const Entry& entry : entries_) {
    painter.fillRect(QRectF(x, height() / 2.0 - 5, 10, 10), theme.*entry.colour);
    const double width = metrics.horizontalAdvance(entry.name) + 1;
    paintText(painter, QRectF(x + 15, 0, width, height()), entry.name, textFont(12), theme.muted);
    x += 15 + width + 13;
  }
}

}  // namespace headroom::gui
