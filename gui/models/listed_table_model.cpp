#include "gui/models/listed_table_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "gui/geometry/ticks.h"

namespace headroom::gui {
namespace {

bool isNumber(const QVariant& value) {
  return value.typeId() == QMetaType::Double || value.typeId() == QMetaType::LongLong ||
         value.typeId() == QMetaType::Int;
}

}  // namespace

ListedTableModel::ListedTableModel(QStringList headers, std::vector<QVariantList> rows, QObject* parent)
    : QAbstractTableModel(parent), headers_(std::move(headers)), rows_(std::move(rows)) {
  for (QVariantList& row : rows_) row.resize(headers_.size());
}

int ListedTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int ListedTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(headers_.size());
}

QVariant ListedTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const QVariant& value = rows_[static_cast<std::size_t>(index.row())][index.column()];
  if (role == Qt::TextAlignmentRole)
    return static_cast<int>((isNumber(value) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  if (role == Qt::EditRole) return value;
  if (role != Qt::DisplayRole) return {};
  if (value.typeId() == QMetaType::Double) return figureText(value.toDouble());
  if (isNumber(value)) return countText(value.toLongLong());
  return value;
}

QVariant ListedTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role != Qt::DisplayRole) return {};
  if (orientation == Qt::Vertical) return section + 1;
  return section >= 0 && section < headers_.size() ? headers_[section] : QVariant();
}

void ListedTableModel::sort(int column, Qt::SortOrder order) {
  if (column < 0 || column >= headers_.size()) return;
  emit layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
  const auto less = [column](const QVariantList& a, const QVariantList& b) {
    if (isNumber(a[column]) && isNumber(b[column])) return a[column].toDouble() < b[column].toDouble();
    return a[column].toString() < b[column].toString();
  };
  std::vector<std::size_t> to(rows_.size());  // rows by their new place
  std::iota(to.begin(), to.end(), 0);
  std::stable_sort(to.begin(), to.end(), [&](std::size_t a, std::size_t b) {
    return order == Qt::AscendingOrder ? less(rows_[a], rows_[b]) : less(rows_[b], rows_[a]);
  });
  std::vector<int> place(rows_.size());
  std::vector<QVariantList> sorted;
  sorted.reserve(rows_.size());
  for (std::size_t i = 0; i < to.size(); ++i) {
    place[to[i]] = static_cast<int>(i);
    sorted.push_back(std::move(rows_[to[i]]));
  }
  rows_ = std::move(sorted);
  for (const QModelIndex& old : persistentIndexList()) {
    changePersistentIndex(old, index(place[static_cast<std::size_t>(old.row())], old.column()));
  }
  emit layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

}  // namespace headroom::gui
