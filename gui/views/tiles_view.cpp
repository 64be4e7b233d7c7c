#include "gui/views/tiles_view.h"

#include <QPainter>
#include <QPolygonF>
#include <algorithm>
#include <cmath>

#include "gui/widgets/plot_parts.h"

namespace headroom::gui {
namespace {

constexpr double kPadding = 12;
constexpr int kTile = 72, kDelta = 18;  // heights: of a tile, its difference to B

/// A curve without axes; 1 px, so that it is cheap.
void paintSpark(QPainter& painter, const std::vector<double>& values, const QRectF& box, const QColor& colour) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (!(high >= low) || values.size() < 2) return;
  const double span = high > low ? high - low : 1;
  QPolygonF line;
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(colour, 1));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      painter.drawPolyline(line);
      line.clear();
      continue;
    }
    const double x = box.left() + box.width() * static_cast<double>(i) / static_cast<double>(values.size() - 1);
    line << QPointF(x, box.bottom() - (values[i] - low) / span * box.height());
  }
  painter.drawPolyline(line);
}

}  // namespace

RequestFilter filterOf(const Selection& selection) {
  return {selection.now().time, selection.now().replica};
}

TilesView::TilesView(Document& document, Selection& selection, QWidget* parent)
    : QWidget(parent), document_(document), selection_(selection) {
  setAccessibleName(tr("Figures of the run"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  connect(&document, &Document::runsChanged, this, &TilesView::refresh);
  connect(&selection, &Selection::changed, this, &TilesView::refresh);
  refresh();
}

QSize TilesView::sizeHint() const {
  const bool deltas = std::any_of(tiles_.begin(), tiles_.end(), [](const Tile& tile) { return !tile.delta.isEmpty(); });
  return {900, kTile + (deltas ? kDelta : 0)};
}

QSize TilesView::minimumSizeHint() const {
  return {480, sizeHint().height()};
}

void TilesView::refresh() {
  const RunPtr run = document_.runA();
  tiles_.clear();
  line_.clear();
  if (run) {
    const RequestFilter filter = filterOf(selection_);
    tiles_ = tilesOf(*run, document_.runB().get(), filter, selection_.now().percentile);
    line_ = selectionText(*run, filter);
  }
  QStringList sentences;
  for (const Tile& tile : tiles_) sentences << tile.sentence();
  if (!line_.isEmpty()) sentences.prepend(line_);
  setAccessibleDescription(sentences.join(QStringLiteral("; ")));
  updateGeometry();
  update();
}

void TilesView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Theme& theme = themeOf(*this);
  if (tiles_.empty()) {
    paintEmpty(painter, theme, rect(), tr("No run yet"), tr("Run the scenario with Ctrl+R, or open a run."));
    return;
  }
  const double each = static_cast<double>(width()) / static_cast<double>(tiles_.size());
  for (std::size_t i = 0; i < tiles_.size(); ++i) {
    const QRectF box(each * static_cast<double>(i), 0, each, height());
    paintTile(painter, tiles_[i], box);
    if (i > 0) painter.fillRect(QRectF(box.left(), box.top() + 6, 1, box.height() - 12), theme.outline);
  }
}

void TilesView::paintTile(QPainter& painter, const Tile& tile, const QRectF& box) const {
  const Theme& theme = themeOf(*this);
  const QRectF inner = box.adjusted(kPadding, 0, -kPadding, 0);
  const bool spark = !tile.spark.empty() && inner.width() >= 120;
  const double name_room = inner.width() - (spark ? 50 : 0);
  const QString tile_words = tile.whole_run ? tile.words + tr(", whole run") : tile.words;
  paintText(painter, QRectF(inner.left(), 1, name_room, 18), tile.name, textFont(12), theme.muted);
  if (spark) {
    const QColor colour = tile.state == TileState::bad       ? theme.bad
                          : tile.state == TileState::warning ? theme.warning
                                                             : theme.series_a;
    paintSpark(painter, tile.spark, QRectF(inner.right() - 44, 5, 44, 13), colour);
  }
  const double value_top = 19, value_height = 30;
  const double value = paintText(painter, QRectF(inner.left(), value_top, inner.width(), value_height), tile.value,
                                 figureFont(24, QFont::Bold), theme.text);
  paintText(painter, QRectF(inner.left() + value + 5, value_top + 3, inner.width() - value - 5, value_height),
            tile.unit, textFont(12), theme.muted);
  QRectF words(inner.left(), value_top + value_height, inner.width(), 18);
  if (tile.state != TileState::plain) {
    paintStatus(painter, theme, tile.state, QRectF(words.left(), words.top() + 4, 11, 11));
    words.setLeft(words.left() + 17);
  }
  paintText(painter, words, tile_words, textFont(12),
            tile.state == TileState::plain ? theme.muted : colourOf(theme, tile.state));
  if (!tile.delta.isEmpty()) {
    const QRectF delta(inner.left(), words.bottom(), inner.width(), 17);
    const QString mark = tile.verdict > 0   ? QStringLiteral("better: ")
                         : tile.verdict < 0 ? QStringLiteral("worse: ")
                                            : QString();
    const QColor colour = tile.verdict > 0 ? theme.good : tile.verdict < 0 ? theme.bad : theme.muted;
    paintText(painter, delta, mark + tile.delta, textFont(11), colour);
  }
}

}  // namespace headroom::gui
