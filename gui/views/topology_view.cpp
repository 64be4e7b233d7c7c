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

using Hit = TopologyLayout::Hit;

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
  const auto index = static_cast<std::size_t>(replica);
  if (index < states_.size() && states_[index].away && *states_[index].away != sim::Absence::draining)
    return fillOf(theme, *states_[index].away);
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
      if (state.away) rows.insert(rows.begin(), {tr("State"), textOf(*state.away)});
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
