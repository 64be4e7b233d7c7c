#include "gui/models/request_table_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gui/geometry/ticks.h"
#include "models/base/error.h"

namespace headroom::gui {
namespace {

constexpr double kNsPerMs = 1e6;
constexpr const char* kHeaders[] = {"Request", "Arrival",    "Replica", "Verdict", "TTFT",
                                    "TPOT",    "End to end", "Queue",   "Prompt",  "Output"};

std::int64_t partOf(const sim::RequestColumns& requests, const char* name, std::size_t i) {
  const sim::PartColumn* part = requests.part(name);
  return part != nullptr ? part->time[i] : 0;
}

}  // namespace

RequestLimits limitsOf(const RunData& run, std::size_t request) {
  RequestLimits limits;
  const std::string& of_class = run.requests.origins[run.requests.origin[request]].request_class;
  const auto ns = [](const std::optional<Seconds>& s) {
    return s ? static_cast<std::int64_t>(std::llround(s->value() * 1e9)) : INT64_MAX;
  };
  for (const sim::Slo& slo : run.scenario.slos) {
    if (slo.request_class == of_class) limits = {true, ns(slo.ttft), ns(slo.tpot), ns(slo.e2e)};
  }
  return limits;
}

QString verdictOf(const RunData& run, std::size_t i) {
  const sim::RequestColumns& r = run.requests;
  if (!r.completed(i)) return QString::fromStdString(r.statuses[r.status[i]]);
  const RequestLimits limits = limitsOf(run, i);
  if (!limits.any) return QStringLiteral("no SLO");
  QStringList late;
  if (r.ttft[i] > limits.ttft) late << QStringLiteral("TTFT");
  if (r.hasTpot(i) && r.tpot(i) > limits.tpot) late << QStringLiteral("TPOT");
  if (r.e2e[i] > limits.e2e) late << QStringLiteral("end to end");
  return late.isEmpty() ? QStringLiteral("good") : QStringLiteral("late: ") + late.join(QStringLiteral(", "));
}

void RequestTableModel::setRun(RunPtr run) {
  beginResetModel();
  run_ = std::move(run);
  rebuild();
  endResetModel();
}

void RequestTableModel::setFilter(const RequestFilter& filter, bool late_only) {
  if (filter.time == filter_.time && filter.replica == filter_.replica && late_only == late_only_) return;
  beginResetModel();
  filter_ = filter;
  late_only_ = late_only;
  rebuild();
  endResetModel();
}

int RequestTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(order_.size());
}

int RequestTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : kColumns;
}

double RequestTableModel::keyOf(std::size_t i) const {
  const sim::RequestColumns& r = run_->requests;
  switch (column_) {
    case kId:
      return static_cast<double>(r.id[i]);
    case kArrival:
      return static_cast<double>(r.arrival[i]);
    case kReplica:
      return r.replica[i];
    case kVerdict:  // good, no SLO, late, not completed
      return !r.completed(i) ? 3 : !run_->statistics.judged(i) ? 1 : run_->statistics.good(i) ? 0 : 2;
    case kTtft:
      return static_cast<double>(r.ttft[i]);
    case kTpot:
      return r.hasTpot(i) ? static_cast<double>(r.tpot(i)) : -1;
    case kE2e:
      return static_cast<double>(r.e2e[i]);
    case kPrompt:
      return r.prompt_tokens[i];
    case kOutput:
      return r.output_tokens[i];
    default:
      return 0;
  }
}

std::vector<RequestTableModel::Key> RequestTableModel::keys() const {
  std::vector<Key> keys;
  if (!run_ || !run_->hasRequests()) return keys;
  const RunStatistics& statistics = run_->statistics;
  const sim::PartColumn* queue = run_->requests.part("queue");
  std::size_t begin = 0, end = run_->requests.size();
  if (filter_.time) std::tie(begin, end) = statistics.indices(*filter_.time);
  const auto take = [&](std::size_t i) {
    if (late_only_ && (statistics.good(i) || !statistics.judged(i))) return;
    const double key = column_ == kQueue ? (queue != nullptr ? static_cast<double>(queue->time[i]) : 0) : keyOf(i);
    keys.emplace_back(direction_ == Qt::AscendingOrder ? key : -key, static_cast<std::uint32_t>(i));
  };
  if (filter_.replica) {
    std::size_t count = 0;
    const std::uint32_t* all = statistics.ofReplica(*filter_.replica, count);
    for (const std::uint32_t* i = std::lower_bound(all, all + count, begin); i != all + count && *i < end; ++i)
      take(*i);
  } else {
    keys.reserve(late_only_ ? 0 : end - begin);
    for (std::size_t i = begin; i < end; ++i) take(i);
  }
  return keys;
}

void RequestTableModel::rebuild() {
  std::vector<Key> sorted = keys();
  matching_ = sorted.size();
  if (sorted.size() > kMostRows) {
    std::nth_element(sorted.begin(), sorted.begin() + kMostRows, sorted.end());
    sorted.resize(kMostRows);
  }
  std::sort(sorted.begin(), sorted.end());
  order_.resize(sorted.size());
  for (std::size_t k = 0; k < sorted.size(); ++k) order_[k] = sorted[k].second;
}

void RequestTableModel::sort(int column, Qt::SortOrder order) {
  if (column < 0 || column >= kColumns || (column == column_ && order == direction_)) return;
  emit layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
  const QModelIndexList before = persistentIndexList();
  std::vector<std::uint32_t> requests;
  for (const QModelIndex& index : before) requests.push_back(order_[static_cast<std::size_t>(index.row())]);
  const int rows = rowCount();
  column_ = column;
  direction_ = order;
  rebuild();
  CHECK(rows == rowCount(), "sorting keeps the rows");
  for (int k = 0; k < before.size(); ++k) {
    const int row = rowOf(requests[static_cast<std::size_t>(k)]);
    changePersistentIndex(before[k], row < 0 ? QModelIndex() : index(row, before[k].column()));
  }
  emit layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

int RequestTableModel::rowOf(std::size_t request) const {
  const auto found = std::find(order_.begin(), order_.end(), static_cast<std::uint32_t>(request));
  return found == order_.end() ? -1 : static_cast<int>(found - order_.begin());
}

QString RequestTableModel::textOf(std::size_t i, int column) const {
  const sim::RequestColumns& r = run_->requests;
  const auto ms = [](std::int64_t ns) { return latencyText(static_cast<double>(ns) / kNsPerMs); };
  const QString none = QStringLiteral("–");
  switch (column) {
    case kId:
      return countText(static_cast<std::int64_t>(r.id[i]));
    case kArrival:
      return timeText(static_cast<double>(r.arrival[i]) / 1e9, 0.01);
    case kReplica:
      return QString::fromStdString(run_->replicaName(r.replica[i]));
    case kVerdict:
      return verdictOf(*run_, i);
    case kTtft:
      return r.completed(i) ? ms(r.ttft[i]) : none;
    case kTpot:
      return r.hasTpot(i) ? ms(r.tpot(i)) : none;
    case kE2e:
      return r.completed(i) ? ms(r.e2e[i]) : none;
    case kQueue:
      return r.completed(i) ? ms(partOf(r, "queue", i)) : none;
    case kPrompt:
      return countText(r.prompt_tokens[i]);
    case kOutput:
      return countText(r.output_tokens[i]);
    default:
      return {};
  }
}

QVariant RequestTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || !run_) return {};
  if (role == Qt::DisplayRole) return textOf(requestAt(index.row()), index.column());
  if (role == Qt::TextAlignmentRole) {
    const bool words = index.column() == kReplica || index.column() == kVerdict;
    return static_cast<int>((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  }
  return {};
}

QVariant RequestTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role == Qt::TextAlignmentRole && orientation == Qt::Horizontal) {
    const bool words = section == kReplica || section == kVerdict;
    return static_cast<int>((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  }
  if (role != Qt::DisplayRole) return {};
  if (orientation == Qt::Vertical) return section + 1;
  if (section < 0 || section >= kColumns) return {};
  const bool words = section == kReplica || section == kVerdict;
  const QString room = words ? QString() : QStringLiteral("     ");  // the sign of the order stands at the right end
  return QString::fromLatin1(kHeaders[section]) + room;
}

}  // namespace headroom::gui
