#include "gui/views/topology_view.h"

#include <QEvent>
#include <QKeyEvent>
#include <QLinearGradient>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <set>

#include "gui/geometry/ticks.h"
#include "gui/models/listed_table_model.h"

namespace headroom::gui {
namespace {

constexpr double kLegendHeight = 24;
constexpr double kHot = 0.8;  ///< of its bandwidth: a link stands out from here
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

QString rateText(double bytes_per_s) {
  return figureText(bytes_per_s / 1e9) + QStringLiteral(" GB/s");
}

}  // namespace

TopologyView::TopologyView(Document& document, Selection& selection, QWidget* parent)
    : QWidget(parent), document_(document), selection_(selection) {
  setAccessibleName(tr("Topology"));
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  connect(&document, &Document::runsChanged, this, &TopologyView::onRuns);
  connect(&selection, &Selection::changed, this, &TopologyView::refresh);
  connect(&selection, &Selection::cursorMoved, this, &TopologyView::refresh);
  onRuns();
}

void TopologyView::onRuns() {
  if (run_ == document_.runA() && run_) return;
  run_ = document_.runA();
  laid_ = false;
  base_ = {};
  hover_ = {};
  const Heat heat = run_ && !run_->links.empty() ? Heat::links : Heat::busy;
  if (heat != heat_ && (heat == Heat::links || heat_ == Heat::links)) {
    heat_ = heat;
    emit heatChanged();
  }
  refresh();
}

void TopologyView::setHeat(Heat heat) {
  if (heat == heat_) return;
  heat_ = heat;
  emit heatChanged();
  refresh();
}

void TopologyView::refresh() {
  states_.clear();
  link_shares_.clear();
  most_waiting_ = 1;
  if (run_) {
    const auto cursor = selection_.cursor();
    states_ = cursor ? replicaStatesAt(*run_, *cursor) : replicaStatesOver(*run_, selection_.now().time);
    for (const ReplicaState& state : states_) most_waiting_ = std::max(most_waiting_, state.waiting);
    const TimeRange over = selection_.now().time.value_or(TimeRange{0, run_->length()});
    for (std::uint32_t link = 0; link < run_->links.shares.size(); ++link) {
      link_shares_.push_back(cursor ? run_->links.at(link, *cursor) : run_->links.over(link, over.begin, over.end));
    }
  }
  back_ = {};
  describe();
  update();
}

QString TopologyView::momentText() const {
  if (selection_.cursor()) return tr("at %1").arg(timeText(*selection_.cursor(), 0.1));
  return selection_.now().time ? tr("mean of the selected time") : tr("mean of the run");
}

QString TopologyView::summary() const {
  if (!run_) return {};
  const auto replicas = static_cast<qlonglong>(std::max(run_->replicas.size(), states_.size()));
  if (!run_->topology) return tr("%1 replicas, no sites in the scenario").arg(replicas);
  std::size_t accelerators = 0;
  const sim::Topology& topology = run_->topology->topology;
  for (std::uint32_t n = 0; n < topology.nodes().size(); ++n) {
    accelerators += static_cast<std::size_t>(topology.groupOf(sim::NodeId(n)).type.accelerators);
  }
  return tr("%1 nodes · %2 accelerators · %3 replicas").arg(topology.nodes().size()).arg(accelerators).arg(replicas);
}

void TopologyView::describe() {
  QString text = summary();
  if (run_ && !states_.empty()) {
    std::size_t fullest = 0;
    for (std::size_t r = 1; r < states_.size(); ++r) {
      if (states_[r].busy + states_[r].waiting > states_[fullest].busy + states_[fullest].waiting) fullest = r;
    }
    text += tr(". %1: fullest is %2, busy %3, KV cache %4, %5 waiting")
                .arg(momentText(), QString::fromStdString(run_->replicaName(static_cast<std::uint32_t>(fullest))),
                     percentText(states_[fullest].busy), percentText(states_[fullest].kv_usage),
                     figureText(states_[fullest].waiting));
  }
  setAccessibleDescription(text);
  emit described();
}

double TopologyView::shareOf(int replica) const {
  if (replica < 0 || static_cast<std::size_t>(replica) >= states_.size()) return 0;
  const ReplicaState& state = states_[static_cast<std::size_t>(replica)];
  switch (heat_) {
    case Heat::kv_cache:
      return state.kv_usage;
    case Heat::queue:
      return state.waiting / most_waiting_;
    case Heat::links:
    case Heat::busy:
      break;
  }
  return state.busy;
}

double TopologyView::linkShare(std::uint32_t link) const {
  double share = 0;
  for (const std::uint32_t way : {link, link + 1}) {
    if (way < link_shares_.size()) share = std::max(share, link_shares_[way]);
  }
  return share;
}

QColor TopologyView::cellColour(const Theme& theme, int replica) const {
  if (replica < 0) return theme.idle;
  const std::size_t pool = static_cast<std::size_t>(replica) < run_->replicas.size()
                               ? run_->replicas[static_cast<std::size_t>(replica)].pool_index
                               : 0;
  if (heat_ == Heat::links) return mixed(theme.idle, poolColour(theme, pool), 0.35 + 0.65 * shareOf(replica));
  return heatColour(theme, shareOf(replica));
}

QColor TopologyView::heatColour(const Theme& theme, double share) const {
  // A busy replica is no alarm; a full cache, a queue or a full link is.
  return heat_ == Heat::busy ? mixed(theme.idle, theme.series_a, share) : theme.heatAt(share);
}

const TopologyLayout& TopologyView::layoutShown() {
  if (!laid_ && run_) {
    const double character = QFontMetricsF(textFont(11)).averageCharWidth() * 1.15;
    layout_ = layOut(*run_, QRectF(0, 0, width(), height() - kLegendHeight).adjusted(1, 1, -1, -4), character);
    laid_ = true;
  }
  return layout_;
}

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
  for (const auto& [share, link] : warm) {
    painter.setPen(QPen(theme.heatAt(share), 1 + 3 * std::min(share, 1.0), Qt::SolidLine, Qt::RoundCap));
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

std::vector<CardRow> TopologyView::cardOf(const Hit& hit, QString& title) const {
  std::vector<CardRow> rows;
  const auto name = [&](std::uint32_t replica) { return QString::fromStdString(run_->replicaName(replica)); };
  switch (hit.kind) {
    case Hit::Kind::replica: {
      title = name(hit.index);
      if (hit.index >= states_.size()) break;
      const ReplicaState& state = states_[hit.index];
      rows = {{tr("Busy"), percentText(state.busy)},
              {tr("KV cache"), percentText(state.kv_usage)},
              {tr("Running"), figureText(state.running)},
              {tr("Waiting"), figureText(state.waiting)}};
      if (hit.index < run_->replicas.size())
        rows.push_back({tr("Pool"), QString::fromStdString(run_->replicas[hit.index].pool)});
      break;
    }
    case Hit::Kind::node: {
      const sim::Topology& topology = run_->topology->topology;
      title = QString::fromStdString(topology.vertexName(hit.index));
      const sim::NodeGroup& group = topology.groupOf(sim::NodeId(hit.index));
      rows = {{tr("Accelerators"),
               QStringLiteral("%1 × %2").arg(group.type.accelerators).arg(QString::fromStdString(group.accelerator))}};
      break;
    }
    case Hit::Kind::vertex: {
      const sim::Topology& topology = run_->topology->topology;
      title = QString::fromStdString(topology.vertexName(hit.index));
      std::size_t cables = 0;
      double hottest = 0;
      for (std::uint32_t id = 0; id < topology.links().size(); id += 2) {
        if (topology.links()[id].from != hit.index && topology.links()[id].to != hit.index) continue;
        cables += static_cast<std::size_t>(topology.links()[id].cables);
        hottest = std::max(hottest, linkShare(id));
      }
      rows = {{tr("Cables"), countText(static_cast<std::int64_t>(cables))}};
      if (!link_shares_.empty()) rows.push_back({tr("Fullest link"), percentText(hottest)});
      break;
    }
    case Hit::Kind::link: {
      const sim::Topology& topology = run_->topology->topology;
      const sim::FabricLink& link = topology.links()[hit.index];
      title = QString::fromStdString(topology.vertexName(link.from) + " – " + topology.vertexName(link.to));
      rows = {{tr("Bandwidth each way"), rateText(link.bandwidth.value())}, {tr("Cables"), countText(link.cables)}};
      if (!link_shares_.empty()) {
        rows.push_back({tr("Up"), percentText(link_shares_[hit.index])});
        if (hit.index + 1 < link_shares_.size()) rows.push_back({tr("Down"), percentText(link_shares_[hit.index + 1])});
        rows.push_back({tr("Most in the run"),
                        percentText(std::max(run_->links.most(hit.index), run_->links.most(hit.index + 1)))});
      }
      break;
    }
    case Hit::Kind::none:
      break;
  }
  return rows;
}

void TopologyView::paintHover(QPainter& painter) {
  if (hover_.kind == Hit::Kind::none) return;
  QString title;
  const std::vector<CardRow> rows = cardOf(hover_, title);
  paintCard(painter, themeOf(*this), rect(), pointer_, title, rows);
}

void TopologyView::mouseMoveEvent(QMouseEvent* event) {
  pointer_ = event->position();
  hover_ = run_ ? layoutShown().at(pointer_) : Hit{};
  update();
}

void TopologyView::mousePressEvent(QMouseEvent* event) {
  if (!run_ || event->button() != Qt::LeftButton) return;
  const Hit hit = layoutShown().at(event->position());
  if (hit.kind == Hit::Kind::replica) {
    const int replica = static_cast<int>(hit.index);
    selection_.selectReplica(selection_.now().replica == replica ? std::nullopt : std::optional<int>(replica));
  } else if (hit.kind == Hit::Kind::link) {
    const QString name = QString::fromStdString(run_->topology->topology.linkName(sim::FabricLinkId(hit.index)));
    selection_.selectLink(selection_.now().link == name ? QString() : name);
  }
}

void TopologyView::leaveEvent(QEvent*) {
  hover_ = {};
  update();
}

void TopologyView::keyPressEvent(QKeyEvent* event) {
  if (!run_ || states_.empty()) return QWidget::keyPressEvent(event);
  const int last = static_cast<int>(states_.size()) - 1;
  switch (event->key()) {
    case Qt::Key_Right:
    case Qt::Key_Down:
      selection_.selectReplica(std::min(selection_.now().replica.value_or(-1) + 1, last));
      return;
    case Qt::Key_Left:
    case Qt::Key_Up:
      selection_.selectReplica(std::max(selection_.now().replica.value_or(last + 1) - 1, 0));
      return;
    case Qt::Key_Escape:
      if (!selection_.back()) event->ignore();
      return;
    default:
      QWidget::keyPressEvent(event);
  }
}

void TopologyView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
    base_ = {};
    back_ = {};
  }
  QWidget::changeEvent(event);
}

void TopologyView::resizeEvent(QResizeEvent*) {
  laid_ = false;
  base_ = {};
  back_ = {};
}

std::unique_ptr<QAbstractItemModel> TopologyView::table() const {
  std::vector<QVariantList> rows;
  for (std::size_t r = 0; r < states_.size(); ++r) {
    const ReplicaState& state = states_[r];
    rows.push_back({tr("replica"), QString::fromStdString(run_->replicaName(static_cast<std::uint32_t>(r))),
                    state.busy * 100, state.kv_usage * 100, state.running, state.waiting});
  }
  for (std::uint32_t link = 0; run_ && run_->topology && link < link_shares_.size(); ++link) {
    rows.push_back({tr("link"), QString::fromStdString(run_->topology->topology.linkName(sim::FabricLinkId(link))),
                    link_shares_[link] * 100});
  }
  return std::make_unique<ListedTableModel>(
      QStringList{tr("What"), tr("Name"), tr("Busy, %"), tr("KV cache, %"), tr("Running"), tr("Waiting")},
      std::move(rows));
}

}  // namespace headroom::gui
