#include "gui/models/difference.h"

#include <QLocale>
#include <cmath>
#include <map>

#include "gui/tiles.h"
#include "models/base/document.h"

namespace headroom::gui {
namespace {

using Flat = std::vector<std::pair<std::string, std::string>>;

void flatten(const DocumentNode& node, const std::string& path, Flat& flat) {
  if (node.kind == DocumentNode::Kind::map && !node.members.empty()) {
    for (const DocumentMember& member : node.members)
      flatten(member.value, path.empty() ? member.key : path + "/" + member.key, flat);
  } else if (node.kind == DocumentNode::Kind::list && !node.items.empty()) {
    for (std::size_t i = 0; i < node.items.size(); ++i) flatten(node.items[i], path + "/" + std::to_string(i), flat);
  } else {
    flat.emplace_back(path, node.kind == DocumentNode::Kind::scalar ? node.text : std::string("–"));
  }
}

Flat flatOf(const std::string& yaml) {
  Flat flat;
  if (yaml.empty()) return flat;
  const headroom::Document document = headroom::Document::parse(yaml, "");
  flatten(document.root().node(), "", flat);
  return flat;
}

using Latency = std::optional<sim::LatencySummary>;
std::optional<double> p50(const Latency& s) {
  return s ? std::optional(s->p50) : std::nullopt;
}
std::optional<double> p99(const Latency& s) {
  return s ? std::optional(s->p99) : std::nullopt;
}

constexpr double kSame = 5e-4;

QString outcomeText(double value) {
  const double size = std::abs(value);
  const int digits = size == 0 ? 0 : size < 1 ? 3 : size < 10 ? 2 : size < 1000 ? 1 : 0;
  QString text = QLocale(QLocale::English).toString(value, 'f', digits);
  if (std::floor(value) == value && size < 1000) text = QString::number(value, 'f', 0);
  return text;
}

}  // namespace

std::vector<InputDifference> inputDifferences(const std::string& yaml_a, const std::string& yaml_b) {
  const Flat a = flatOf(yaml_a), b = flatOf(yaml_b);
  const std::map<std::string, std::string> in_a(a.begin(), a.end()), in_b(b.begin(), b.end());
  std::vector<InputDifference> rows;
  const auto text = [](const std::string& s) { return QString::fromStdString(s); };
  for (const auto& [path, value] : a) {
    const auto other = in_b.find(path);
    if (other != in_b.end() && other->second == value) continue;
    rows.push_back({text(path), text(value), other == in_b.end() ? QStringLiteral("–") : text(other->second)});
  }
  for (const auto& [path, value] : b) {
    if (!in_a.contains(path)) rows.push_back({text(path), QStringLiteral("–"), text(value)});
  }
  return rows;
}

std::optional<double> OutcomeRow::change() const {
  if (!a || !b || *b == 0) return std::nullopt;
  return *a / *b - 1;
}

std::vector<OutcomeRow> outcomeRows(const sim::Result& a, const sim::Result& b) {
  std::vector<OutcomeRow> rows;
  const auto add = [&](const char* name, const char* unit, int better, const auto& of) {
    rows.push_back({QString::fromUtf8(name), QString::fromUtf8(unit), of(a), of(b), better});
  };
  using R = sim::Result;
  using O = std::optional<double>;
  add("Attainment", "%", 1, [](const R& r) { return r.slo ? O(100 * r.slo->attainment) : O(); });
  add("Goodput", "req/s", 1, [](const R& r) { return r.slo ? O(r.slo->goodput_per_s) : O(); });
  add("TTFT p50", "ms", -1, [](const R& r) { return p50(r.latencies.ttft); });
  add("TTFT p99", "ms", -1, [](const R& r) { return p99(r.latencies.ttft); });
  add("TPOT p50", "ms", -1, [](const R& r) { return p50(r.latencies.tpot); });
  add("TPOT p99", "ms", -1, [](const R& r) { return p99(r.latencies.tpot); });
  add("End to end p50", "ms", -1, [](const R& r) { return p50(r.latencies.e2e); });
  add("End to end p99", "ms", -1, [](const R& r) { return p99(r.latencies.e2e); });
  add("Queue p99", "ms", -1, [](const R& r) { return p99(r.latencies.queue_time); });
  add("Requests completed", "", 0, [](const R& r) { return O(static_cast<double>(r.requests.completed)); });
  add("Throughput", "req/s", 1, [](const R& r) { return O(r.throughput.request_per_s); });
  add("Output tokens", "tok/s", 1, [](const R& r) { return O(r.throughput.output_tokens_per_s); });
  add("Load of what it sustains", "%", 0, [](const R& r) { return r.offered_load ? O(100 * *r.offered_load) : O(); });
  add("Preemptions", "", -1, [](const R& r) { return O(static_cast<double>(r.preemptions)); });
  add("KV cache, mean", "%", 0, [](const R& r) { return O(100 * r.kv_usage_mean); });
  add("KV cache, highest", "%", 0, [](const R& r) { return O(100 * r.kv_usage_max); });
  add("Accelerators", "", -1, [](const R& r) { return O(r.accelerators); });
  add("Busy", "%", 0, [](const R& r) { return O(100 * r.busy); });
  add("Cost", "USD/h", -1, [](const R& r) { return r.usd_per_h; });
  add("Cost of output", "USD/M tok", -1, [](const R& r) { return r.usdPer1mOutputTokens(); });
  add("Energy", "J/token", -1, [](const R& r) { return r.joule_per_output_token; });
  std::erase_if(rows, [](const OutcomeRow& row) { return !row.a && !row.b; });
  return rows;
}

void InputDifferenceModel::show(std::vector<InputDifference> rows) {
  beginResetModel();
  rows_ = std::move(rows);
  endResetModel();
}

int InputDifferenceModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}
int InputDifferenceModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : 3;
}
QVariant InputDifferenceModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || (role != Qt::DisplayRole && role != Qt::ToolTipRole)) return {};
  const InputDifference& row = rows_[static_cast<std::size_t>(index.row())];
  return index.column() == 0 ? row.path : index.column() == 1 ? row.a : row.b;
}
QVariant InputDifferenceModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  return section == 0 ? tr("Input") : section == 1 ? tr("A") : tr("B");
}

void OutcomeModel::show(std::vector<OutcomeRow> rows) {
  beginResetModel();
  rows_ = std::move(rows);
  endResetModel();
}

int OutcomeModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}
int OutcomeModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : 5;
}

QVariant OutcomeModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const OutcomeRow& row = rows_[static_cast<std::size_t>(index.row())];
  const std::optional<double> change = row.change();
  const int direction = !change || std::abs(*change) < kSame ? 0 : *change > 0 ? 1 : -1;
  const int verdict = change && std::abs(*change) <= kNoise ? 0 : direction * row.better;
  if (role == kVerdict) return verdict;
  if (role == Qt::TextAlignmentRole && index.column() >= 1 && index.column() <= 3)
    return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const auto value = [&](const std::optional<double>& v) { return v ? outcomeText(*v) : QStringLiteral("–"); };
  switch (index.column()) {
    case 0:
      return row.unit.isEmpty() ? row.name : row.name + QStringLiteral(" (%1)").arg(row.unit);
    case 1:
      return value(row.a);
    case 2:
      return value(row.b);
    case 3:
      if (!row.a || !row.b) return QStringLiteral("–");
      return direction == 0 ? QStringLiteral("=")
             : change       ? QStringLiteral("%1%2 %")
                            .arg(*change > 0 ? QStringLiteral("+") : QStringLiteral("−"))
                            .arg(std::abs(100 * *change), 0, 'f', 1)
                      : outcomeText(*row.a - *row.b);
    default:
      return verdict > 0 ? tr("✓ better") : verdict < 0 ? tr("▲ worse") : QString();
  }
}

QVariant OutcomeModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role == Qt::TextAlignmentRole && orientation == Qt::Horizontal && section >= 1 && section <= 3)
    return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  static const char* const kNames[] = {"Outcome", "A", "B", "A against B", ""};
  return tr(kNames[section]);
}

}  // namespace headroom::gui
