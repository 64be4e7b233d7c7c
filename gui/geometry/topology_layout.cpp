#include "gui/geometry/topology_layout.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

namespace headroom::gui {
namespace {

using sim::Topology;

constexpr double kFrameGap = 14, kFrameTitle = 24, kFramePadding = 10, kWanHeight = 40;
constexpr double kSwitchHeight = 24, kLeastSwitchWidth = 5, kMostSwitchWidth = 110;
constexpr double kCellGap = 1.5, kLeastCell = 3;

bool isSwitchOf(const sim::Switch& one, std::uint32_t site) {
  return one.site == site && std::string_view(one.kind) != "scale-up";
}

/// Rows and columns of `count` boxes in a rectangle so that each is about `shape` times as wide as high.
struct Grid {
  int columns = 1, rows = 1;
  static Grid of(std::size_t count, const QRectF& area, double shape) {
    Grid grid;
    if (count == 0) return grid;
    const double n = static_cast<double>(count);
    const double columns = std::sqrt(n * area.width() / std::max(area.height(), 1.0) / shape);
    grid.columns = std::clamp(static_cast<int>(std::lround(columns)), 1, static_cast<int>(count));
    grid.rows = static_cast<int>(std::ceil(n / grid.columns));
    grid.columns = static_cast<int>(std::ceil(n / grid.rows));  // no row much emptier than the others
    return grid;
  }
  /// Rows equally long, cells as square as that allows.
  static Grid even(std::size_t count, const QRectF& area) {
    Grid best;
    double best_off = 1e9;
    for (std::size_t columns = 1; columns <= count; ++columns) {
      if (count % columns != 0) continue;
      const double n = static_cast<double>(columns), rows = static_cast<double>(count / columns);
      const double off = std::abs(std::log(area.width() / n / std::max(area.height() / rows, 1e-9)));
      if (off >= best_off) continue;
      best_off = off;
      best = {static_cast<int>(columns), static_cast<int>(count / columns)};
    }
    return best;
  }
  QRectF cell(std::size_t i, const QRectF& area) const {
    const double width = area.width() / columns, height = area.height() / rows;
    const auto row = static_cast<double>(i / static_cast<std::size_t>(columns));
    const auto column = static_cast<double>(i % static_cast<std::size_t>(columns));
    return {area.left() + column * width, area.top() + row * height, width, height};
  }
};

QRectF inset(const QRectF& box, double by) {
  const double x = std::min(by, box.width() / 4), y = std::min(by, box.height() / 4);
  return box.adjusted(x, y, -x, -y);
}

class SiteLayout {
 public:
  SiteLayout(const Topology& topology, std::uint32_t site, const std::vector<std::vector<int>>& used, double character,
             TopologyLayout& out)
      : topology_(topology), site_(site), used_(used), character_(character), out_(out) {}

  /// Returns where the WAN leaves: the middle of the frame's upper edge.
  QPointF lay(const QRectF& frame) {
    out_.frames.push_back(frame);
    title(frame);
    const QRectF area = frame.adjusted(kFramePadding, kFrameTitle + 6, -kFramePadding, -kFramePadding);
    collectRows();
    groupNodes();
    // Switch rows share the upper part; nodes get what their number asks for.
    const double rows = static_cast<double>(rows_.size());
    const double node_share = rows_.empty() ? 1 : groups_.size() > 1 ? 0.34 : 0.45;
    const double node_height = rows_.empty() ? area.height() : std::max(area.height() * node_share, 40.0);
    const QRectF node_area(area.left(), area.bottom() - node_height, area.width(), node_height);
    layNodes(node_area);
    const double pitch = (area.height() - node_height) / std::max(rows, 1.0);
    for (std::size_t r = 0; r < rows_.size(); ++r) layRow(r, area, area.top() + pitch * static_cast<double>(r));
    layLinks(node_area.top());
    return {frame.center().x(), frame.top()};
  }

 private:
  struct Row {
    std::string kind;
    std::vector<std::uint32_t> vertices;
  };
  struct Group {  // nodes below one access switch
    std::optional<std::uint32_t> vertex;
    std::vector<std::uint32_t> nodes;
    QRectF area;
  };

  void title(const QRectF& frame) {
    const sim::SiteSpec& spec = topology_.sites()[site_];
    const std::string fabric = spec.fabric ? sim::kindOf(spec.fabric->shape).name : "no fabric";
    const int nodes = sim::nodeCount(spec);
    const QRectF line(frame.left() + kFramePadding, frame.top() + 4, frame.width() - 2 * kFramePadding,
                      kFrameTitle - 4);
    out_.labels.push_back({line, QString::fromStdString(spec.name), true});
    const QString what = QStringLiteral("%1 %2 · %3").arg(nodes).arg(nodes == 1 ? "node" : "nodes").arg(fabric.c_str());
    const double room = frame.width() - 2 * kFramePadding - character_ * static_cast<double>(spec.name.size()) - 16;
    if (room >= character_ * static_cast<double>(what.size())) {
      out_.labels.push_back({line, what, false, Qt::AlignRight | Qt::AlignVCenter});
    }
  }

  void collectRows() {
    const auto first = static_cast<std::uint32_t>(topology_.nodes().size());
    for (std::uint32_t s = 0; s < topology_.switches().size(); ++s) {
      const sim::Switch& one = topology_.switches()[s];
      if (!isSwitchOf(one, site_) || std::string_view(one.kind) == "gateway") continue;
      if (rows_.empty() || rows_.back().kind != one.kind) rows_.push_back({one.kind, {}});
      rows_.back().vertices.push_back(first + s);
    }
    std::reverse(rows_.begin(), rows_.end());  // fabrics build from the leaves up
  }

  void groupNodes() {
    std::map<std::uint32_t, std::uint32_t> access;  // node -> switch
    const auto first_switch = static_cast<std::uint32_t>(topology_.nodes().size());
    for (std::size_t id = 0; id + 1 < topology_.links().size(); id += 2) {
      const sim::FabricLink& link = topology_.links()[id];
      const std::uint32_t node = std::min(link.from, link.to), other = std::max(link.from, link.to);
      if (node >= first_switch || other < first_switch) continue;
      if (isSwitchOf(topology_.switches()[other - first_switch], site_)) access.emplace(node, other);
    }
    const std::uint32_t first = topology_.firstNode(site_).value();
    for (int n = 0; n < sim::nodeCount(topology_.sites()[site_]); ++n) {
      const std::uint32_t node = first + static_cast<std::uint32_t>(n);
      const auto found = access.find(node);
      const std::optional<std::uint32_t> vertex =
          found == access.end() ? std::nullopt : std::optional<std::uint32_t>(found->second);
      if (groups_.empty() || groups_.back().vertex != vertex) groups_.push_back({vertex, {}, {}});
      groups_.back().nodes.push_back(node);
    }
  }

  void layNodes(const QRectF& area) {
    std::size_t all = 0;
    for (const Group& group : groups_) all += group.nodes.size();
    const double gap =
        groups_.size() > 1 ? std::min(8.0, area.width() / static_cast<double>(groups_.size()) * 0.15) : 0;
    const double each = (area.width() - gap * static_cast<double>(groups_.size() - 1)) / static_cast<double>(all);
    double x = area.left();
    for (Group& group : groups_) {
      group.area = QRectF(x, area.top(), each * static_cast<double>(group.nodes.size()), area.height());
      x = group.area.right() + gap;
      const Grid grid = Grid::of(group.nodes.size(), group.area, 0.75);
      for (std::size_t i = 0; i < group.nodes.size(); ++i) layNode(group.nodes[i], inset(grid.cell(i, group.area), 2));
    }
  }

  void layNode(std::uint32_t node, QRectF box) {
    if (box.width() > 64) box = QRectF(box.center().x() - 32, box.top(), 64, box.height());
    if (box.height() > 84) box.setHeight(84);
    LaidNode laid{box, node, {}};
    const std::vector<int>& used = used_[node];
    const QRectF inner = inset(box, 3);
    const Grid grid = Grid::even(used.size(), inner);
    if (inner.width() / grid.columns >= kLeastCell && inner.height() / grid.rows >= kLeastCell) {
      for (std::size_t a = 0; a < used.size(); ++a) {
        laid.cells.push_back({inset(grid.cell(a, inner), kCellGap), used[a]});
      }
    }
    place_[node] = {box, rows_.size()};
    out_.nodes.push_back(std::move(laid));
  }

  void layRow(std::size_t r, const QRectF& area, double y) {
    const Row& row = rows_[r];
    const double n = static_cast<double>(row.vertices.size());
    const bool access = r + 1 == rows_.size() && groups_.size() == row.vertices.size();
    for (std::size_t i = 0; i < row.vertices.size(); ++i) {
      double centre = area.left() + area.width() * (static_cast<double>(i) + 0.5) / n, room = area.width() / n;
      if (access) {  // above its own nodes
        const auto own = std::find_if(groups_.begin(), groups_.end(),
                                      [&](const Group& group) { return group.vertex == row.vertices[i]; });
        if (own != groups_.end()) {
          centre = own->area.center().x();
          room = own->area.width();
        }
      }
      const QString kind = QString::fromStdString(row.kind);
      const QString name = row.vertices.size() > 1 ? QStringLiteral("%1-%2").arg(kind).arg(i) : kind;
      const QString short_name = QString::number(i);
      const double width = std::clamp(room - 4, kLeastSwitchWidth, kMostSwitchWidth);
      const auto fits = [&](const QString& text) { return width >= character_ * static_cast<double>(text.size()) + 6; };
      const QRectF box(centre - width / 2, y, width, kSwitchHeight);
      out_.switches.push_back({box, row.vertices[i], fits(name) ? name : fits(short_name) ? short_name : QString()});
      place_[row.vertices[i]] = {box, r};
    }
  }

  void layLinks(double node_top) {
    for (std::uint32_t id = 0; id + 1 < topology_.links().size(); id += 2) {
      const sim::FabricLink& link = topology_.links()[id];
      const auto a = place_.find(link.from), b = place_.find(link.to);
      if (a == place_.end() || b == place_.end()) continue;
      const auto& [low, high] =
          a->second.second >= b->second.second ? std::pair(a->second, b->second) : std::pair(b->second, a->second);
      LaidLink laid{.link = id, .from = {}, .to = {}};
      const bool node = low.second == rows_.size();
      if (low.second == high.second) {
        laid.from = QPointF(low.first.center().x(), low.first.top());
        laid.to = QPointF(high.first.center().x(), high.first.top());
        laid.rise = std::min(34.0, 8 + std::abs(laid.to.x() - laid.from.x()) / 10);
      } else if (node && low.first.top() > node_top + 4) {
        laid.from = low.first.topLeft() + QPointF(1, 0);  // a lower row of a block of nodes
        laid.to = low.first.topRight() - QPointF(1, 0);
        laid.in_node = true;
      } else {
        laid.from = QPointF(low.first.center().x(), low.first.top());
        laid.to = QPointF(high.first.center().x(), high.first.bottom());
      }
      out_.links.push_back(laid);
    }
  }

  const Topology& topology_;
  std::uint32_t site_;
  const std::vector<std::vector<int>>& used_;
  double character_;
  TopologyLayout& out_;
  std::vector<Row> rows_;  // from the top
  std::vector<Group> groups_;
  std::map<std::uint32_t, std::pair<QRectF, std::size_t>> place_;  // vertex -> box, row
};

/// Between the upper edges of two frames, each link on a level of its own.
void layWan(const Topology& topology, const std::vector<QPointF>& gates, double top, TopologyLayout& out) {
  if (topology.wan().empty()) return;
  const auto tier = std::find_if(topology.tiers().begin(), topology.tiers().end(),
                                 [](const sim::LinkTier& t) { return t.name == "wan"; });
  if (tier == topology.tiers().end()) return;
  std::size_t cable = 0;
  for (std::uint32_t id = 0; id + 1 < topology.links().size() && cable < topology.wan().size(); id += 2) {
    if (topology.links()[id].tier != tier - topology.tiers().begin()) continue;
    const sim::WanLink& wan = topology.wan()[cable];
    std::vector<QPointF> ends;
    for (std::size_t s = 0; s < topology.sites().size(); ++s) {
      const std::string& name = topology.sites()[s].name;
      if (name == wan.between[0] || name == wan.between[1]) ends.push_back(gates[s]);
    }
    if (ends.size() == 2) {
      const double rise = kWanHeight - 14 - 10.0 * static_cast<double>(cable % 3);
      out.links.push_back({.link = id, .from = ends[0], .to = ends[1], .rise = rise});
      if (cable == 0) {
        const QString text = QStringLiteral("%1 GB/s · %2 ms")
                                 .arg(wan.bandwidth.value() / 1e9, 0, 'g', 3)
                                 .arg(wan.rtt.value() * 1e3, 0, 'g', 3);
        out.labels.push_back(
            {QRectF((ends[0].x() + ends[1].x()) / 2 - 90, top - 2, 180, 16), text, false, Qt::AlignCenter});
      }
    }
    ++cable;
  }
}

}  // namespace

QPainterPath LaidLink::path() const {
  QPainterPath path(from);
  if (in_node) {
    path.lineTo(to);
  } else if (rise > 0) {
    path.cubicTo(from - QPointF(0, rise * 1.33), to - QPointF(0, rise * 1.33), to);
  } else {
    const double middle = (from.y() + to.y()) / 2;
    path.cubicTo(QPointF(from.x(), middle), QPointF(to.x(), middle), to);
  }
  return path;
}

double LaidLink::distance(const QPointF& point) const {
  const QRectF around = QRectF(from, to).normalized().adjusted(-8, -8 - rise, 8, 8);
  if (!around.contains(point)) return 1e9;
  const QPainterPath line = path();
  double best = 1e9;
  QPointF before = from;
  for (int step = 1; step <= 24; ++step) {
    const QPointF now = line.pointAtPercent(step / 24.0);
    const QPointF along = now - before;
    const double length2 = QPointF::dotProduct(along, along);
    const double t = length2 > 0 ? std::clamp(QPointF::dotProduct(point - before, along) / length2, 0.0, 1.0) : 0;
    const QPointF off = point - (before + along * t);
    best = std::min(best, std::hypot(off.x(), off.y()));
    before = now;
  }
  return best;
}

TopologyLayout::Hit TopologyLayout::at(const QPointF& point) const {
  for (const LaidTile& tile : tiles) {
    if (tile.box.contains(point)) return {Hit::Kind::replica, static_cast<std::uint32_t>(tile.replica)};
  }
  for (const LaidNode& node : nodes) {
    if (!node.box.contains(point)) continue;
    for (const LaidCell& cell : node.cells) {
      if (cell.replica >= 0 && cell.box.adjusted(-1, -1, 1, 1).contains(point)) {
        return {Hit::Kind::replica, static_cast<std::uint32_t>(cell.replica)};
      }
    }
    return {Hit::Kind::node, node.node};
  }
  for (const LaidSwitch& one : switches) {
    if (one.box.contains(point)) return {Hit::Kind::vertex, one.vertex};
  }
  constexpr double kReach = 6;
  Hit hit;
  double best = kReach;
  for (const LaidLink& link : links) {
    const double distance = link.distance(point);
    if (distance >= best) continue;
    best = distance;
    hit = {Hit::Kind::link, link.link};
  }
  return hit;
}

std::vector<std::vector<int>> replicasOnNodes(const RunTopology& topology) {
  std::vector<std::vector<int>> used(topology.topology.nodes().size());
  std::vector<std::size_t> next(used.size(), 0);
  for (std::uint32_t n = 0; n < used.size(); ++n) {
    used[n].assign(static_cast<std::size_t>(topology.topology.groupOf(sim::NodeId(n)).type.accelerators), -1);
  }
  int replica = 0;
  for (const auto& deployment : topology.placement.deployments) {
    for (const sim::PoolNodes& pool : deployment) {
      for (const sim::ReplicaNodes& nodes : pool) {
        for (const sim::NodeShare& share : nodes) {
          for (int a = 0; a < share.accelerators; ++a) {
            std::vector<int>& of_node = used[share.node.value()];
            std::size_t& at = next[share.node.value()];
            if (at < of_node.size()) of_node[at++] = replica;
          }
        }
        ++replica;
      }
    }
  }
  return used;
}

TopologyLayout layOutSites(const RunTopology& run, const QRectF& area, double character) {
  TopologyLayout out;
  const Topology& topology = run.topology;
  const std::vector<std::vector<int>> used = replicasOnNodes(run);
  const bool wan = topology.sites().size() > 1 && !topology.wan().empty();
  const double top = area.top() + (wan ? kWanHeight : 0);
  // A site is as wide as its nodes ask for, and never too narrow for its title.
  std::vector<double> weights;
  double all = 0;
  for (const sim::SiteSpec& site : topology.sites()) {
    weights.push_back(std::sqrt(static_cast<double>(sim::nodeCount(site))) + 1);
    all += weights.back();
  }
  const double width = area.width() - kFrameGap * static_cast<double>(weights.size() - 1);
  double x = area.left();
  std::vector<QPointF> gates;
  for (std::uint32_t s = 0; s < weights.size(); ++s) {
    const QRectF frame(x, top, width * weights[s] / all, area.bottom() - top);
    gates.push_back(SiteLayout(topology, s, used, character, out).lay(frame));
    x = frame.right() + kFrameGap;
  }
  if (wan) layWan(topology, gates, area.top(), out);
  return out;
}

TopologyLayout layOutTiles(const std::vector<ReplicaName>& replicas, const QRectF& area) {
  TopologyLayout out;
  std::vector<std::vector<int>> pools;
  for (std::size_t r = 0; r < replicas.size(); ++r) {
    if (replicas[r].pool_index >= pools.size()) pools.resize(replicas[r].pool_index + 1);
    pools[replicas[r].pool_index].push_back(static_cast<int>(r));
  }
  double all = 0;
  for (const auto& pool : pools) all += std::sqrt(static_cast<double>(pool.size()));
  double y = area.top();
  const double room = area.height() - kFrameGap * static_cast<double>(std::max<std::size_t>(pools.size(), 1) - 1);
  for (const auto& pool : pools) {
    if (pool.empty()) continue;
    const double height = room * std::sqrt(static_cast<double>(pool.size())) / all;
    const QRectF frame(area.left(), y, area.width(), height);
    y = frame.bottom() + kFrameGap;
    out.frames.push_back(frame);
    const QRectF line(frame.left() + kFramePadding, frame.top() + 4, frame.width() - 2 * kFramePadding,
                      kFrameTitle - 4);
    out.labels.push_back({line, QString::fromStdString(replicas[static_cast<std::size_t>(pool[0])].pool), true});
    out.labels.push_back({line, QStringLiteral("%1 %2").arg(pool.size()).arg(pool.size() == 1 ? "replica" : "replicas"),
                          false, Qt::AlignRight | Qt::AlignVCenter});
    const QRectF inner = frame.adjusted(kFramePadding, kFrameTitle + 2, -kFramePadding, -kFramePadding);
    const Grid grid = Grid::of(pool.size(), inner, 1.9);
    for (std::size_t i = 0; i < pool.size(); ++i) {
      const QRectF cell = grid.cell(i, inner);
      out.tiles.push_back({inset(cell, cell.width() > 40 ? 4 : 1), pool[i]});
    }
  }
  return out;
}

TopologyLayout layOut(const RunData& run, const QRectF& area, double character) {
  if (run.topology) return layOutSites(*run.topology, area, character);
  return layOutTiles(run.replicas, area);
}

}  // namespace headroom::gui
