// How the topology is painted: images of fabric and nodes that are kept, and what is chosen or under the pointer on
// top.
#include <QLinearGradient>
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <set>

#include "gui/geometry/ticks.h"
#include "gui/views/topology_view.h"

namespace headroom::gui {
namespace {

constexpr double kHot = 0.8;  ///< of its bandwidth: a link stands out from here
constexpr std::size_t kWideLinks = 64;
using Hit = TopologyLayout::Hit;

const char* nameOf(TopologyView::Heat heat) {
  switch (heat) {
    case TopologyView::Heat::links:
      return "Link load";
    case TopologyView::Heat::busy:
      return "Busy";
    case TopologyView::Heat::kv_cache:
      return "KV cache";
    case TopologyView::Heat::queue:
      break;
  }
  return "Queue";
}

}  // namespace

void TopologyView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Theme& theme = themeOf(*this);
  if (!run_ || (!run_->topology && run_->replicas.empty())) {
    paintEmpty(painter, theme, rect(), run_ ? tr("This result names no replicas") : tr("No run yet"),
               run_ ? tr("Open the folder of a run: the scenario in it says what stands where.")
                    : tr("Run the scenario with Ctrl+R."));
    return;
  }
  if (back_.isNull()) renderBack();
  painter.drawImage(QPointF(0, 0), back_);
  paintMarks(painter);
  paintHover(painter);
  if (hasFocus()) {
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(QPen(theme.accent, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
  }
}

void TopologyView::renderBase() {
  base_ = QImage(back_.size(), QImage::Format_ARGB32_Premultiplied);
  base_.setDevicePixelRatio(devicePixelRatioF());
  base_.fill(Qt::transparent);
  QPainter painter(&base_);
  const Theme& theme = themeOf(*this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(theme.outline, 1));
  for (const QRectF& frame : layout_.frames) painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7);
  QColor faint = theme.heat[1];
  faint.setAlpha(130);
  painter.setPen(QPen(faint, 1));
  for (const LaidLink& link : layout_.links) painter.drawPath(link.path());
}

void TopologyView::renderBack() {
  back_ = QImage(size() * devicePixelRatioF(), QImage::Format_ARGB32_Premultiplied);
  back_.setDevicePixelRatio(devicePixelRatioF());
  back_.fill(Qt::transparent);
  QPainter painter(&back_);
  const Theme& theme = themeOf(*this);
  layoutShown();
  if (base_.isNull()) renderBase();
  painter.drawImage(QPointF(0, 0), base_);
  renderLinks(painter);
  renderNodes(painter);
  renderTiles(painter);
  for (const LaidLabel& label : layout_.labels) {
    if (label.alignment == Qt::AlignCenter) {
      painter.fillRect(label.box.adjusted(20, 1, -20, -1), theme.card);
    }
    paintText(painter, label.box, label.text, textFont(12, label.strong ? QFont::DemiBold : QFont::Normal),
              label.strong ? theme.text : theme.muted, label.alignment);
  }
  renderLegend(painter);
}

void TopologyView::renderLinks(QPainter& painter) {
  if (heat_ != Heat::links || link_shares_.empty()) return;
  const Theme& theme = themeOf(*this);
  constexpr double kWarm = 0.02;
  std::vector<std::pair<double, const LaidLink*>> warm;
  for (const LaidLink& link : layout_.links) {
    if (const double share = linkShare(link.link); share >= kWarm) warm.emplace_back(share, &link);
  }
  // The hottest on top.
  std::sort(warm.begin(), warm.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setBrush(Qt::NoBrush);
  for (std::size_t i = 0; i < warm.size(); ++i) {
    const auto& [share, link] = warm[i];
    const bool wide = i + kWideLinks >= warm.size();  // wide curves take ten times as long as thin ones
    painter.setPen(QPen(theme.heatAt(share), wide ? 1 + 3 * std::min(share, 1.0) : 1, Qt::SolidLine, Qt::FlatCap));
    painter.drawPath(link->path());
  }
}

void TopologyView::renderNodes(QPainter& painter) {
  const Theme& theme = themeOf(*this);
  std::set<std::uint32_t> hot;  // switches at the end of a hot link
  if (heat_ == Heat::links && !link_shares_.empty()) {
    for (const LaidLink& link : layout_.links) {
      if (linkShare(link.link) < kHot) continue;
      hot.insert(run_->topology->topology.links()[link.link].from);
      hot.insert(run_->topology->topology.links()[link.link].to);
    }
  }
  painter.setRenderHint(QPainter::Antialiasing);
  for (const LaidSwitch& one : layout_.switches) {
    const bool is_hot = hot.count(one.vertex) > 0;
    painter.setPen(QPen(is_hot ? theme.warning : theme.outline, is_hot ? 1.6 : 1));
    painter.setBrush(theme.raised);
    painter.drawRoundedRect(one.box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    if (!one.label.isEmpty())
      paintText(painter, one.box, one.label, textFont(11), is_hot ? theme.warning : theme.text, Qt::AlignCenter);
  }
  for (const LaidNode& node : layout_.nodes) {
    if (!node.cells.empty()) {
      const bool rounded = node.box.width() >= 40;  // hundreds of round corners take longer than all else
      painter.setRenderHint(QPainter::Antialiasing, rounded);
      if (rounded) {
        painter.setPen(QPen(theme.outline, 1));
        painter.setBrush(theme.field);
        painter.drawRoundedRect(node.box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
      } else {
        painter.fillRect(node.box.toAlignedRect(), theme.outline);
        painter.fillRect(node.box.toAlignedRect().adjusted(1, 1, -1, -1), theme.field);
      }
      painter.setRenderHint(QPainter::Antialiasing, false);
      for (const LaidCell& cell : node.cells) painter.fillRect(cell.box, cellColour(theme, cell.replica));
    } else {
      painter.fillRect(node.box, theme.idle);
    }
  }
}

void TopologyView::renderTiles(QPainter& painter) {
  for (const LaidTile& tile : layout_.tiles) renderTile(painter, tile);
}

void TopologyView::renderTile(QPainter& painter, const LaidTile& tile) {
  const Theme& theme = themeOf(*this);
  const QRectF& box = tile.box;
  const auto r = static_cast<std::size_t>(tile.replica);
  const ReplicaState state = r < states_.size() ? states_[r] : ReplicaState{};
  if (box.width() < 46 || box.height() < 30) {
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.fillRect(box, cellColour(theme, tile.replica));
    return;
  }
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(theme.outline, 1));
  painter.setBrush(theme.field);
  painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
  const QRectF inner = box.adjusted(8, 4, -8, -6);
  paintText(painter, QRectF(inner.left(), inner.top(), inner.width(), 18),
            QString::fromStdString(run_->replicaName(static_cast<std::uint32_t>(r))), textFont(12, QFont::DemiBold),
            theme.text);
  const auto bar = [&](double y, const QString& name, double share, const QString& value, const QColor& colour) {
    const QRectF track(inner.left(), y + 16, inner.width(), 5);
    paintText(painter, QRectF(inner.left(), y, inner.width(), 15), name, textFont(11), theme.muted);
    paintText(painter, QRectF(inner.left(), y, inner.width(), 15), value, figureFont(11), theme.text,
              Qt::AlignRight | Qt::AlignVCenter);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.raised);
    painter.drawRoundedRect(track, 2.5, 2.5);
    painter.setBrush(colour);
    painter.drawRoundedRect(
        QRectF(track.left(), track.top(), std::max(track.width() * std::min(share, 1.0), 5.0), track.height()), 2.5,
        2.5);
  };
  struct Line {
    Heat heat;
    QString name;
    double share;
    QString value;
  };
  std::vector<Line> lines{{Heat::busy, tr("Busy"), state.busy, percentText(state.busy)},
                          {Heat::kv_cache, tr("KV cache"), state.kv_usage, percentText(state.kv_usage)},
                          {Heat::queue, tr("Waiting"), state.waiting / most_waiting_, figureText(state.waiting)}};
  // The chosen one first: small tiles have room for it alone.
  std::stable_partition(lines.begin(), lines.end(), [this](const Line& line) { return line.heat == heat_; });
  double y = inner.top() + 20;
  for (const Line& line : lines) {
    if (y + 22 > inner.bottom() + 2) break;
    bar(y, line.name, line.share, line.value, line.heat == Heat::busy ? theme.series_a : theme.heatAt(line.share));
    y += 28;
  }
  if (y + 16 <= inner.bottom()) {
    paintText(painter, QRectF(inner.left(), y, inner.width(), 16), tr("%1 running").arg(figureText(state.running)),
              textFont(11), theme.muted);
  }
}

void TopologyView::renderLegend(QPainter& painter) {
  const Theme& theme = themeOf(*this);
  const double y = height() - kLegendHeight + 4;
  QString name = QString::fromLatin1(nameOf(heat_));
  if (heat_ == Heat::links && link_shares_.empty()) {
    paintStatus(painter, theme, TileState::plain, QRectF(2, y + 4, 11, 11));
    paintText(painter, QRectF(18, y, width() - 150.0, 18), tr("Nothing went over the network in this run"),
              textFont(12), theme.muted);
  } else {
    const double at = 2 + paintText(painter, QRectF(2, y, 90, 18), name, textFont(12), theme.muted) + 10;
    const QRectF scale(at, y + 6, 96, 6);
    QLinearGradient gradient(scale.topLeft(), scale.topRight());
    for (int i = 0; i <= 4; ++i) gradient.setColorAt(i / 4.0, heatColour(theme, i / 4.0));
    painter.setPen(Qt::NoPen);
    painter.setBrush(gradient);
    painter.drawRoundedRect(scale, 3, 3);
    const QString ends = heat_ == Heat::queue ? tr("0 – %1 waiting").arg(figureText(most_waiting_)) : tr("0 – 100 %");
    paintText(painter, QRectF(scale.right() + 8, y, 130, 18), ends, figureFont(12), theme.muted);
  }
  paintText(painter, QRectF(width() - 210.0, y, 208, 18), momentText(), textFont(12), theme.muted,
            Qt::AlignRight | Qt::AlignVCenter);
}

void TopologyView::paintMarks(QPainter& painter) {
  const Theme& theme = themeOf(*this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setBrush(Qt::NoBrush);
  const auto outline = [&](const QRectF& box, const QColor& colour) {
    painter.setPen(QPen(colour, 2));
    painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), 4, 4);
  };
  const auto markReplica = [&](int replica, const QColor& colour) {
    for (const LaidTile& tile : layout_.tiles) {
      if (tile.replica == replica) outline(tile.box, colour);
    }
    for (const LaidNode& node : layout_.nodes) {
      QRectF all;
      for (const LaidCell& cell : node.cells) {
        if (cell.replica == replica) all = all.united(cell.box);
      }
      if (!all.isNull()) outline(all, colour);
    }
  };
  if (selection_.now().replica) markReplica(*selection_.now().replica, theme.accent);
  if (hover_.kind == Hit::Kind::replica) markReplica(static_cast<int>(hover_.index), theme.text);
  for (const LaidLink& link : layout_.links) {
    const bool chosen =
        run_->topology && !selection_.now().link.isEmpty() &&
        selection_.now().link.toStdString() == run_->topology->topology.linkName(sim::FabricLinkId(link.link));
    const bool under = hover_.kind == Hit::Kind::link && hover_.index == link.link;
    if (!chosen && !under) continue;
    painter.setPen(QPen(chosen ? theme.accent : theme.text, 2));
    painter.drawPath(link.path());
  }
}

}  // namespace headroom::gui
