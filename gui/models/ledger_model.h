// Every combination of a plan and what became of it. Sorted and filtered here, by an own vector of row numbers: a proxy
// model costs a virtual call a comparison.
#pragma once

#include <QAbstractTableModel>
#include <vector>

#include "gui/plan_state.h"

namespace headroom::gui {

class LedgerModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { kName, kStatus, kReplicas, kAccelerators, kCost, kGood, kTtft, kReason, kColumns };
  using QAbstractTableModel::QAbstractTableModel;
  void show(std::vector<PlanLedgerRow> rows);
  /// Rows that contain every word in one of their texts.
  void filter(const QString& words);
  const PlanLedgerRow& row(int shown) const { return rows_[order_[static_cast<std::size_t>(shown)]]; }
  int total() const { return static_cast<int>(rows_.size()); }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
  void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;

 private:
  void arrange();
  std::vector<PlanLedgerRow> rows_;
  std::vector<std::size_t> order_;
  QString words_;
  int sort_column_ = -1;
  Qt::SortOrder sort_order_ = Qt::AscendingOrder;
};

}  // namespace headroom::gui
