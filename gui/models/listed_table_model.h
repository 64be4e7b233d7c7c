// Rows of text and numbers as a table that sorts itself: what a plot shows, for "show as table".
#pragma once

#include <QAbstractTableModel>
#include <QStringList>
#include <QVariant>
#include <vector>

namespace headroom::gui {

class ListedTableModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  ListedTableModel(QStringList headers, std::vector<QVariantList> rows, QObject* parent = nullptr);
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
  void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;

 private:
  QStringList headers_;
  std::vector<QVariantList> rows_;
};

}  // namespace headroom::gui
