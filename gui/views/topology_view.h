// Sites, switches, nodes and their accelerators, or without sites the replicas as tiles, coloured by what is chosen at
// the moment under the pointer of any view, over the selected time, or over the run. A click selects a replica or link.
#pragma once

#include <QImage>
#include <QWidget>
#include <optional>

#include "gui/document.h"
#include "gui/geometry/topology_layout.h"
#include "gui/replica_state.h"
#include "gui/selection.h"
#include "gui/widgets/plot_parts.h"

class QAbstractItemModel;

namespace headroom::gui {

class TopologyView final : public QWidget {
  Q_OBJECT
 public:
  enum class Heat { links, busy, kv_cache, queue };

  TopologyView(Document& document, Selection& selection, QWidget* parent = nullptr);
  void setHeat(Heat heat);
  Heat heat() const { return heat_; }
  const TopologyLayout& layoutShown();
  /// "16 nodes · 128 accelerators · leaf-spine", or "2 replicas · no sites in the scenario".
  QString summary() const;
  std::unique_ptr<QAbstractItemModel> table() const;
  QSize sizeHint() const override { return {560, 340}; }
  QSize minimumSizeHint() const override { return {280, 150}; }

 signals:
  void described();
  void heatChanged();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  static constexpr double kLegendHeight = 24;
  void onRuns();
  void refresh();  ///< other moment, time or heat
  void describe();
  QString momentText() const;
  double shareOf(int replica) const;
  double linkShare(std::uint32_t link) const;  ///< the fuller direction of the cable; 0 without link loads
  QColor cellColour(const Theme& theme, int replica) const;
  QColor heatColour(const Theme& theme, double share) const;
  void renderBase();
  void renderBack();
  void renderLinks(QPainter& painter);
  void renderNodes(QPainter& painter);
  void renderTiles(QPainter& painter);
  void renderTile(QPainter& painter, const LaidTile& tile);
  void renderLegend(QPainter& painter);
  void paintMarks(QPainter& painter);
  void paintHover(QPainter& painter);
  std::vector<CardRow> cardOf(const TopologyLayout::Hit& hit, QString& title) const;

  Document& document_;
  Selection& selection_;
  RunPtr run_;
  Heat heat_ = Heat::busy;
  TopologyLayout layout_;
  bool laid_ = false;
  std::vector<ReplicaState> states_;
  std::vector<double> link_shares_;  ///< by link; empty: the run has none
  double most_waiting_ = 1;
  QImage base_;  ///< frames and all links, cold: kept until the layout changes
  QImage back_;  ///< with everything that has a colour of the moment
  TopologyLayout::Hit hover_;
  QPointF pointer_;
};

}  // namespace headroom::gui
