// Where nodes, switches and links of a run stand in a rectangle, without a widget. With sites: each site a frame, its
// switches in rows from the top tier down, below each access switch its nodes, and in each node its accelerators.
// Without: replicas as tiles, pool by pool. Everything has its index in the topology, for hits and for heat.
#pragma once

#include <QPainterPath>
#include <QPointF>
#include <QRectF>
#include <QString>
#include <optional>
#include <vector>

#include "gui/run_data.h"

namespace headroom::gui {

struct LaidCell {
  QRectF box;
  int replica = -1;  ///< -1: nobody uses it
};
struct LaidNode {
  QRectF box;
  std::uint32_t node = 0;
  std::vector<LaidCell> cells;  ///< empty: the node is too small to show its accelerators
};
struct LaidSwitch {
  QRectF box;
  std::uint32_t vertex = 0;
  QString label{};  ///< empty: no room
};
struct LaidLink {
  std::uint32_t link = 0;  ///< of the two directions the first: `link` and `link` + 1 are one cable
  QPointF from, to;
  double rise = 0;       ///< an arc so high above both ends; 0: from row to row
  bool in_node = false;  ///< drawn as the upper edge of its node
  QPainterPath path() const;
  /// Of a point from the line, in pixels.
  double distance(const QPointF& point) const;
};
struct LaidLabel {
  QRectF box;
  QString text;
  bool strong = false;
  Qt::Alignment alignment = Qt::AlignLeft | Qt::AlignVCenter;
};
struct LaidTile {
  QRectF box;
  int replica = 0;
};

struct TopologyLayout {
  std::vector<QRectF> frames;
  std::vector<LaidLabel> labels;
  std::vector<LaidSwitch> switches;
  std::vector<LaidNode> nodes;
  std::vector<LaidLink> links;
  std::vector<LaidTile> tiles;  ///< of a run without sites

  struct Hit {
    enum class Kind { none, replica, node, vertex, link } kind = Kind::none;
    std::uint32_t index = 0;
    bool operator==(const Hit&) const = default;
  };
  Hit at(const QPointF& point) const;
};

/// The accelerators of each node, in order: which replica has them.
std::vector<std::vector<int>> replicasOnNodes(const RunTopology& topology);

/// `character`: the pixels one needs.
TopologyLayout layOut(const RunData& run, const QRectF& area, double character = 7);
TopologyLayout layOutSites(const RunTopology& topology, const QRectF& area, double character = 7);
TopologyLayout layOutTiles(const std::vector<ReplicaName>& replicas, const QRectF& area);

}  // namespace headroom::gui
