// A row of figures: name, small curve, value, and whether it meets the SLO by shape, colour and words.
#pragma once

#include <QWidget>

#include "gui/document.h"
#include "gui/selection.h"
#include "gui/tiles.h"

namespace headroom::gui {

class TilesView final : public QWidget {
  Q_OBJECT
 public:
  TilesView(Document& document, Selection& selection, QWidget* parent = nullptr);
  const std::vector<Tile>& tiles() const { return tiles_; }
  const QString& selectionLine() const { return line_; }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void refresh();
  void paintTile(QPainter& painter, const Tile& tile, const QRectF& box) const;

  Document& document_;
  Selection& selection_;
  std::vector<Tile> tiles_;
  QString line_;
};

/// What the selection leaves of a run's requests.
RequestFilter filterOf(const Selection& selection);

}  // namespace headroom::gui
