// The slowest requests of what is selected as a table, and the life of the chosen one as a waterfall of its parts.
#pragma once

#include <QWidget>
#include <optional>

#include "gui/document.h"
#include "gui/models/request_table_model.h"
#include "gui/request_story.h"
#include "gui/selection.h"

class QBoxLayout;
class QCheckBox;
class QLabel;
class QTableView;
class QTimer;

namespace headroom::gui {

/// The parts of one request on one axis of time, and sentences below.
class WaterfallView final : public QWidget {
  Q_OBJECT
 public:
  explicit WaterfallView(QWidget* parent = nullptr);
  void setStory(std::optional<RequestStory> story);
  const std::optional<RequestStory>& story() const { return story_; }
  std::unique_ptr<QAbstractItemModel> table() const;
  QSize sizeHint() const override { return {420, 260}; }
  QSize minimumSizeHint() const override { return {240, 120}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  QRectF barsArea() const;
  double pitch() const;
  int partAt(const QPointF& at) const;
  double paintSentences(QPainter& painter, const QRectF& area) const;

  std::optional<RequestStory> story_;
  int hover_ = -1;
  QPointF pointer_;
};

class InspectorView final : public QWidget {
  Q_OBJECT
 public:
  InspectorView(Document& document, Selection& selection, QWidget* parent = nullptr);
  RequestTableModel& model() { return *model_; }
  WaterfallView& waterfall() { return *waterfall_; }
  QTableView& requests() { return *table_; }
  QString summary() const;
  std::unique_ptr<QAbstractItemModel> table() const { return waterfall_->table(); }

 signals:
  void described();

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void arrange();  ///< side by side, or one above the other with fewer columns
  void onRuns();
  void onSelection();
  void refresh();
  void choose(int row);
  void showChosen();

  Document& document_;
  Selection& selection_;
  RunPtr run_;
  Chosen shown_;
  RequestTableModel* model_;
  QTableView* table_;
  WaterfallView* waterfall_;
  QCheckBox* late_only_;
  QBoxLayout* halves_ = nullptr;
  QTimer* soon_;            ///< until the table follows a drag
  bool following_ = false;  ///< the table's row is being set from the selection
};

}  // namespace headroom::gui
