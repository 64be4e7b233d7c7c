// Measured times in the columns that a profile itself has: the fields of an operation's key, its axes, and `latency` in
// milliseconds. What import_tables.h writes, and the way to bring a table that no tool publishes.
#include <fmt/format.h>

#include <algorithm>

#include "models/base/error.h"
#include "models/cost/raw_readers.h"

namespace headroom::models {
namespace {

Precision readFormat(const RawCsv& csv, std::size_t column) {
  const std::string name(csv.text(column));
  if (const auto precision = precisionFromName(name)) return *precision;
  if (const auto precision = rawPrecision(name)) return *precision;
  csv.fail(fmt::format("unknown number format \"{}\"", name), suggestion(name, precisionNames()));
}

template <class Choice>
Choice readChoice(const RawCsv& csv, std::size_t column, const std::vector<std::string>& names) {
  const std::string name(csv.text(column));
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) {
    csv.fail(fmt::format("{}: unknown \"{}\"", csv.columns()[column], name), suggestion(name, names));
  }
  return static_cast<Choice>(at - names.begin());
}

void readField(const RawCsv& csv, std::size_t column, const KeyField& field, TableKey& key) {
  if (field.format != nullptr) key.*field.format = readFormat(csv, column);
  if (field.load != nullptr) key.*field.load = readChoice<ExpertLoad>(csv, column, expertLoadNames());
  if (field.layer != nullptr) key.*field.layer = readChoice<Layer>(csv, column, layerNames());
  if (field.count != nullptr) key.*field.count = csv.number(column, field.optional ? 0 : field.least);
}

const OperationInfo* operationNamed(const std::string& name) {
  for (const OperationInfo& info : operations()) {
    if (name == info.name) return &info;
  }
  return nullptr;
}

bool hasKeyColumns(const RawCsv& csv, const OperationInfo& operation) {
  for (const KeyField& field : fieldsOf(operation.key)) {
    if (!field.optional && !csv.find(field.name)) return false;
  }
  return true;
}

/// The fields that stand in the file, with their columns.
std::vector<std::pair<const KeyField*, std::size_t>> fieldColumns(const RawCsv& csv, const OperationInfo& operation) {
  std::vector<std::pair<const KeyField*, std::size_t>> fields;
  for (const KeyField& field : fieldsOf(operation.key)) {
    if (!field.optional || csv.find(field.name)) fields.emplace_back(&field, csv.column(field.name));
  }
  return fields;
}

void readOperation(RawCsv& csv, const OperationInfo& operation, RawTables& raw) {
  const auto fields = fieldColumns(csv, operation);
  std::vector<std::size_t> axes;
  for (std::size_t d = 0; d < operation.dimensions(); ++d) axes.push_back(csv.column(operation.axes[d].name));
  const std::size_t latency = csv.column("latency");
  while (csv.next()) {
    Sample sample;
    sample.key.operation = operation.operation;
    for (const auto& [field, column] : fields) readField(csv, column, *field, sample.key);
    for (std::size_t d = 0; d < axes.size(); ++d) {
      sample.at[d] = static_cast<double>(csv.count(axes[d], operation.axes[d].least));
    }
    sample.time = csv.milliseconds(latency);
    raw.samples.push_back(sample);
  }
}

}  // namespace

bool readOwnTable(RawCsv& csv, const std::string& table, RawTables& raw) {
  const OperationInfo* operation = operationNamed(table);
  const bool shared_name = readerOfPublished(table) != nullptr;
  if (operation == nullptr || (shared_name && !hasKeyColumns(csv, *operation))) return false;
  readOperation(csv, *operation, raw);
  return true;
}

}  // namespace headroom::models
