// What every painted view shares: the card beside the pointer, the shape of a status, a legend, a line of text that is
// cut where there is no room, and a note where there is nothing to draw.
#pragma once

#include <QPainter>
#include <QRectF>
#include <QString>
#include <QWidget>
#include <vector>

#include "gui/theme.h"
#include "gui/tiles.h"
#include "sim/metrics/replica_absences.h"

namespace headroom::gui {

/// A check, a triangle, a cross or a dot: told apart without colour.
void paintStatus(QPainter& painter, const Theme& theme, TileState state, const QRectF& box);
QColor colourOf(const Theme& theme, TileState state);

struct CardRow {
  QString name, value;
};
/// Beside `near`, inside `bounds`.
void paintCard(QPainter& painter, const Theme& theme, const QRectF& bounds, const QPointF& near, const QString& title,
               const std::vector<CardRow>& rows);

/// Cut with an ellipsis to the width of the box. Returns the width drawn.
double paintText(QPainter& painter, const QRectF& box, const QString& text, const QFont& font, const QColor& colour,
                 Qt::Alignment alignment = Qt::AlignLeft | Qt::AlignVCenter);

/// "Nothing here yet": a heading and a sentence in the middle.
void paintEmpty(QPainter& painter, const Theme& theme, const QRectF& area, const QString& heading,
                const QString& sentence);

/// Of a replica that takes no new requests: a colour to fill with, one for words on a card, "loading weights".
QColor fillOf(const Theme& theme, sim::Absence absence);
QColor wordsOf(const Theme& theme, sim::Absence absence);
QString textOf(sim::Absence absence);

/// Colours of the pools of a run.
QColor poolColour(const Theme& theme, std::size_t pool);
QColor mixed(const QColor& a, const QColor& b, double share);

/// A legend: small squares with names, as wide as it needs.
class Legend final : public QWidget {
  Q_OBJECT
 public:
  struct Entry {
    QString name;
    QColor Theme::*colour;
  };
  Legend(std::vector<Entry> entries, QWidget* parent = nullptr);
  void setEntries(std::vector<Entry> entries);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  std::vector<Entry> entries_;
};

}  // namespace headroom::gui
