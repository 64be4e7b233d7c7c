#include "gui/models/ledger_model.h"

#include <QLocale>
#include <algorithm>
#include <limits>
#include <numeric>

namespace headroom::gui {
namespace {

using Row = PlanLedgerRow;

bool isNumber(int column) {
  return column >= LedgerModel::kReplicas && column <= LedgerModel::kTtft;
}

/// Nothing sorts last.
double numberOf(const Row& row, int column) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  switch (column) {
    case LedgerModel::kReplicas:
      return row.replicas > 0 ? row.replicas : kNone;
    case LedgerModel::kAccelerators:
      return row.accelerators > 0 ? row.accelerators : kNone;
    case LedgerModel::kCost:
      return row.usd_per_h.value_or(kNone);
    case LedgerModel::kGood:
      return row.attainment.value_or(kNone);
    default:
      return row.ttft_p99_ms.value_or(kNone);
  }
}

const QString& textOf(const Row& row, int column) {
  return column == LedgerModel::kName ? row.name : column == LedgerModel::kStatus ? row.status : row.reason;
}

/// The status with its shape.
QString statusText(const QString& status) {
  if (status == QLatin1String("feasible")) return QStringLiteral("✓ ") + status;
  if (status == QLatin1String("dominated")) return QStringLiteral("– ") + status;
  return QStringLiteral("✕ ") + status;
}

}  // namespace

void LedgerModel::show(std::vector<Row> rows) {
  beginResetModel();
  rows_ = std::move(rows);
  arrange();
  endResetModel();
}

void LedgerModel::filter(const QString& words) {
  beginResetModel();
  words_ = words;
  arrange();
  endResetModel();
}

void LedgerModel::sort(int column, Qt::SortOrder order) {
  emit layoutAboutToBeChanged();
  sort_column_ = column;
  sort_order_ = order;
  arrange();
  emit layoutChanged();
}

void LedgerModel::arrange() {
  order_.clear();
  const QStringList words = words_.split(QLatin1Char(' '), Qt::SkipEmptyParts);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    const bool shown = std::all_of(words.begin(), words.end(), [&](const QString& word) {
      return row.name.contains(word, Qt::CaseInsensitive) || row.status.contains(word, Qt::CaseInsensitive) ||
             row.code.contains(word, Qt::CaseInsensitive) || row.reason.contains(word, Qt::CaseInsensitive);
    });
    if (shown) order_.push_back(i);
  }
  if (sort_column_ < 0) return;
  const bool up = sort_order_ == Qt::AscendingOrder;
  if (isNumber(sort_column_)) {
    std::vector<double> keys(rows_.size());
    for (const std::size_t i : order_) {
      const double key = numberOf(rows_[i], sort_column_);
      keys[i] = up || key == std::numeric_limits<double>::infinity() ? key : -key;
    }
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  } else {
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      const int c = QString::compare(textOf(rows_[a], sort_column_), textOf(rows_[b], sort_column_));
      return up ? c < 0 : c > 0;
    });
  }
}

int LedgerModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(order_.size());
}
int LedgerModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : kColumns;
}

QVariant LedgerModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Row& r = row(index.row());
  const int column = index.column();
  if (role == Qt::TextAlignmentRole && isNumber(column)) return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
  if (role == Qt::ToolTipRole) return isNumber(column) ? QVariant() : QVariant(textOf(r, column));
  if (role != Qt::DisplayRole) return {};
  if (!isNumber(column)) return column == kStatus ? statusText(r.status) : textOf(r, column);
  const double value = numberOf(r, column);
  if (value == std::numeric_limits<double>::infinity()) return QStringLiteral("–");
  switch (column) {
    case kCost:
      return QString::number(value, 'f', 2);
    case kGood:
      return QString::number(100 * value, 'f', 2);
    case kTtft:
      return QLocale(QLocale::English).toString(value, 'f', 0);
    default:
      return QString::number(value, 'f', 0);
  }
}

QVariant LedgerModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole && isNumber(section)) return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  static const char* const kNames[kColumns] = {"Candidate", "Status", "Replicas",    "Accelerators",
                                               "USD/h",     "Good %", "TTFT p99 ms", "Why"};
  return tr(kNames[section]);
}

}  // namespace headroom::gui
