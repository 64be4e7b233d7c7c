// Reads the text form of a profile (schema headroom.profile/2). The header stands before the tables so that it can be
// read alone. Tables that share axes and most of their key stand together as the parts of one item; values are the
// first of each row (the last axis) and then differences, which are shorter. Schema /1 has neither parts nor
// differences.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>

#include "models/cost/json_reader.h"
#include "models/cost/profile.h"

namespace headroom::models {
namespace {

using Reader = JsonReader;

constexpr const char* kFirstSchema = "headroom.profile/1";
constexpr std::int32_t kLargestValue = 20000;  // e^20: no kernel is that far from its speed of light

double peak(const Reader& peaks, const char* key, bool may_be_zero) {
  const Reader reader = peaks.member(key);
  const double value = reader.number();
  if (value < 0 || (value == 0 && !may_be_zero)) reader.fail("must be greater than zero");
  return value;
}

Peaks readPeaks(const Reader& reader) {
  reader.allowOnly(
      {"bf16_flops_per_s", "fp8_flops_per_s", "fp4_flops_per_s", "memory_bytes_per_s", "scale_up_bytes_per_s"});
  Peaks peaks;
  peaks.bf16 = FlopsPerSecond(peak(reader, "bf16_flops_per_s", false));
  peaks.fp8 = FlopsPerSecond(peak(reader, "fp8_flops_per_s", true));
  peaks.fp4 = FlopsPerSecond(peak(reader, "fp4_flops_per_s", true));
  peaks.memory = BytesPerSecond(peak(reader, "memory_bytes_per_s", false));
  peaks.scale_up = BytesPerSecond(peak(reader, "scale_up_bytes_per_s", true));
  return peaks;
}

ProfileHeader readHeader(const Reader& root) {
  const Reader schema = root.member("schema");
  if (schema.string() != kProfileSchema && schema.string() != kFirstSchema) {
    schema.fail(fmt::format("unknown schema \"{}\"", schema.string()),
                fmt::format("this version reads {} and {}", kProfileSchema, kFirstSchema));
  }
  ProfileHeader header;
  header.name = root.member("name").string();
  header.accelerator = root.member("accelerator").string();
  header.engine = root.member("engine").string();
  header.engine_version = root.member("engine_version").string();
  header.origin = root.member("origin").string();
  header.date = root.member("date").string();
  header.licence = root.member("licence").string();
  header.peaks = readPeaks(root.member("peaks"));
  return header;
}

Precision readPrecision(const Reader& reader) {
  const std::string name = reader.string();
  const auto precision = precisionFromName(name);
  if (!precision) reader.fail(fmt::format("unknown number format \"{}\"", name), suggestion(name, precisionNames()));
  return *precision;
}

const OperationInfo& readOperation(const Reader& reader) {
  const std::string name = reader.string();
  std::vector<std::string> names;
  for (const OperationInfo& info : operations()) {
    if (name == info.name) return info;
    names.emplace_back(info.name);
  }
  reader.fail(fmt::format("unknown operation \"{}\"", name), suggestion(name, names));
}

template <class Choice>
Choice readChoice(const Reader& reader, const char* what, const std::vector<std::string>& names) {
  const std::string name = reader.string();
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) reader.fail(fmt::format("unknown {} \"{}\"", what, name), suggestion(name, names));
  return static_cast<Choice>(at - names.begin());
}

void readField(const Reader& table, const KeyField& field, TableKey& key) {
  constexpr int kLargestCount = 1 << 20;
  const Reader reader = table.member(field.name);
  if (field.format != nullptr) key.*field.format = readPrecision(reader);
  if (field.load != nullptr) key.*field.load = readChoice<ExpertLoad>(reader, "load of experts", expertLoadNames());
  if (field.layer != nullptr) key.*field.layer = readChoice<Layer>(reader, "layer", layerNames());
  if (field.count != nullptr) key.*field.count = static_cast<int>(reader.integer(field.least, kLargestCount));
}

/// Adds to `key` the fields that stand here.
void readFields(const Reader& here, const OperationInfo& info, TableKey& key) {
  for (const KeyField& field : fieldsOf(info.key)) {
    if (here.has(field.name)) readField(here, field, key);
  }
}

void requireFields(const Reader& item, const Reader& part, const OperationInfo& info) {
  for (const KeyField& field : fieldsOf(info.key)) {
    if (!field.optional && !part.has(field.name) && !item.has(field.name)) part.member(field.name);  // throws
  }
}

std::vector<std::int64_t> readAxis(const Reader& axis, const AxisInfo& info) {
  axis.allowOnly({"name", "unit", "at"});
  if (axis.member("name").string() != info.name) {
    axis.member("name").fail(fmt::format("this axis must be \"{}\"", info.name));
  }
  if (axis.member("unit").string() != info.unit) {
    axis.member("unit").fail(fmt::format("the unit of axis \"{}\" must be \"{}\"", info.name, info.unit));
  }
  const Reader at = axis.member("at");
  std::vector<std::int64_t> points = at.integers(info.least, std::int64_t{1} << 50);
  if (points.empty()) at.fail("an axis needs at least one point");
  const auto fall = std::adjacent_find(points.begin(), points.end(), std::greater_equal<>());
  if (fall != points.end()) at.fail(fmt::format("an axis must ascend: {} follows {}", *(fall + 1), *fall));
  return points;
}

using Axes = std::vector<std::vector<std::int64_t>>;

Axes readAxes(const Reader& reader, const OperationInfo& info) {
  Axes axes;
  reader.forEach([&](const Reader& axis) {
    if (axes.size() == info.dimensions()) reader.fail(fmt::format("{} has only {} axes", info.name, axes.size()));
    axes.push_back(readAxis(axis, info.axes[axes.size()]));
  });
  if (axes.size() < info.dimensions()) reader.fail(fmt::format("missing axis \"{}\"", info.axes[axes.size()].name));
  return axes;
}

std::size_t pointsOf(const Axes& axes, const Reader& reader) {
  constexpr std::size_t kMostPoints = 1 << 24;
  std::size_t points = 1;
  for (const auto& axis : axes) {
    points *= axis.size();
    if (points > kMostPoints) reader.fail(fmt::format("the axes make more than {} points", kMostPoints));
  }
  return points;
}

/// Values stand in one string, separated by blanks: half the parsing time of a list of JSON numbers.
void readValues(const Reader& reader, std::size_t expected, bool differences, Table& table) {
  const std::string_view text = reader.rawText("must be whole numbers separated by blanks, in one string");
  const std::size_t row = table.axes.back().size();
  table.values.reserve(std::min(expected, text.size()));
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int32_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    const bool number = error == std::errc() && (next == end || *next == ' ') && std::abs(value) <= 2 * kLargestValue;
    if (number && differences && table.values.size() % row != 0) value += table.values.back();
    if (!number || std::abs(value) > kLargestValue) {
      reader.fail(fmt::format("value {} is not a whole number within +-{}", table.values.size(), kLargestValue));
    }
    table.values.push_back(value);
    at = next == end ? end : next + 1;
  }
  if (table.values.size() != expected) {
    reader.fail(fmt::format("has {} values, the axes make {}", table.values.size(), expected));
  }
}

void readFilled(const Reader& reader, Table& table) {
  const auto size = static_cast<std::int64_t>(table.values.size());
  const std::vector<std::int64_t> numbers = reader.integers(0, size);
  if (numbers.size() % 2 != 0) reader.fail("must hold pairs of (first, count)");
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    if (numbers[i] + numbers[i + 1] > size) reader.fail("a range ends beyond the values");
    table.filled.emplace_back(static_cast<std::int32_t>(numbers[i]), static_cast<std::int32_t>(numbers[i + 1]));
  }
}

/// What the parts of an item share.
struct Shared {
  const OperationInfo* info;
  TableKey key;
  Axes axes;
  std::size_t points = 0;
  std::string borrowed_from;
  bool differences = false;  ///< of values
};

Shared readShared(const Reader& item, bool differences) {
  Shared shared{&readOperation(item.member("op")), {}, {}, 0, {}, differences};
  shared.key.operation = shared.info->operation;
  readFields(item, *shared.info, shared.key);
  const Reader unit = item.member("unit");
  if (unit.string() != kProfileValuesUnit) {
    unit.fail(fmt::format("the unit of values must be \"{}\"", kProfileValuesUnit));
  }
  shared.axes = readAxes(item.member("axes"), *shared.info);
  shared.points = pointsOf(shared.axes, item);
  if (item.has("borrowed_from")) shared.borrowed_from = item.member("borrowed_from").string();
  return shared;
}

Table readTable(const Reader& item, const Reader& part, const Shared& shared) {
  Table table;
  table.key = shared.key;
  requireFields(item, part, *shared.info);
  readFields(part, *shared.info, table.key);
  table.axes = shared.axes;
  table.borrowed_from = shared.borrowed_from;
  const Reader floor = part.member("launch_us");
  table.launch_floor = Seconds(floor.number() / 1e6);
  if (table.launch_floor.value() <= 0) floor.fail("must be greater than zero");
  readValues(part.member("values"), shared.points, shared.differences, table);
  if (part.has("filled")) readFilled(part.member("filled"), table);
  return table;
}

/// Calls add(Table, Reader of its place) for the table or for each of its parts.
template <class Add>
void readTables(const Reader& item, bool differences, Add add) {
  std::vector<std::string_view> own = {"launch_us", "values", "filled"};
  for (const KeyField& field : fieldsOf(readOperation(item.member("op")).key)) own.emplace_back(field.name);
  std::vector<std::string_view> all = own;
  all.insert(all.end(), {"op", "unit", "axes", "borrowed_from", "parts"});
  item.allowOnly(all);
  const Shared shared = readShared(item, differences);
  if (!item.has("parts")) return add(readTable(item, item, shared), item);
  item.member("parts").forEach([&](const Reader& part) {
    part.allowOnly(own);
    add(readTable(item, part, shared), part);
  });
}

[[noreturn]] void refuseSecond(const Reader& tables, bool differences, const TableKey& key) {
  int seen = 0;
  tables.forEach([&](const Reader& item) {
    readTables(item, differences, [&](const Table& table, const Reader& place) {
      if (table.key == key && ++seen == 2) place.fail(fmt::format("a second table for {}", nameOf(key)));
    });
  });
  CHECK(false, "a second table went away");
}

}  // namespace

Profile readProfile(std::string_view text, const std::string& file) {
  const FlatJson json(text, file);
  const Reader root(json, file);
  root.allowOnly(
      {"schema", "name", "accelerator", "engine", "engine_version", "origin", "date", "licence", "peaks", "tables"});
  Profile profile;
  profile.header = readHeader(root);
  const bool differences = root.member("schema").string() != kFirstSchema;
  const Reader tables = root.member("tables");
  tables.forEach([&](const Reader& item) {
    readTables(item, differences, [&](Table&& table, const Reader&) { profile.tables.push_back(std::move(table)); });
  });
  const auto by_key = [](const Table& a, const Table& b) { return a.key < b.key; };
  std::sort(profile.tables.begin(), profile.tables.end(), by_key);
  const auto second = std::adjacent_find(profile.tables.begin(), profile.tables.end(),
                                         [](const Table& a, const Table& b) { return a.key == b.key; });
  if (second != profile.tables.end()) refuseSecond(tables, differences, second->key);
  return profile;
}

ProfileHeader readProfileHeader(std::string_view text, const std::string& file) {
  // Our own files write the tables last: what stands before them, closed, is a document of its own.
  constexpr std::string_view kTables = ",\n\"tables\":";
  const std::size_t end = text.find(kTables);
  const std::string head = std::string(text.substr(0, end)) + (end == std::string_view::npos ? "" : "}");
  const FlatJson json(head, file);
  return readHeader(Reader(json, file));
}

}  // namespace headroom::models
