// Reads the text form of a profile (schema headroom.profile/2). The header stands before the tables so that it can be
// read alone. Tables that share axes and most of their key stand together as the parts of one item; values are the
// first of each row (the last axis) and then differences, which are shorter. Schema /1 has neither parts nor
// differences.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <numeric>

#include "models/base/files.h"
#include "models/cost/json_reader.h"
#include "models/cost/profile.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;
using Reader = JsonReader;

constexpr const char* kFirstSchema = "headroom.profile/1";

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
  const auto infos = operations();
  const auto named = std::find_if(infos.begin(), infos.end(), [&](const OperationInfo& i) { return name == i.name; });
  if (named != infos.end()) return *named;
  std::vector<std::string> names;
  for (const OperationInfo& info : infos) names.emplace_back(info.name);
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

/// Adds to `key` the fields that stand here; returns the others.
std::vector<const KeyField*> readFields(const Reader& here, const OperationInfo& info, TableKey& key) {
  std::vector<const KeyField*> left;
  for (const KeyField& field : fieldsOf(info.key)) {
    if (here.has(field.name)) {
      readField(here, field, key);
    } else {
      left.push_back(&field);
    }
  }
  return left;
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

GridAxes readAxes(const Reader& reader, const OperationInfo& info) {
  std::vector<GridAxes::Axis> axes;
  reader.forEach([&](const Reader& axis) {
    if (axes.size() == info.dimensions()) reader.fail(fmt::format("{} has only {} axes", info.name, axes.size()));
    axes.push_back(readAxis(axis, info.axes[axes.size()]));
  });
  if (axes.size() < info.dimensions()) reader.fail(fmt::format("missing axis \"{}\"", info.axes[axes.size()].name));
  return axes;
}

std::size_t pointsOf(const GridAxes& axes, const Reader& reader) {
  constexpr std::size_t kMostPoints = 1 << 24;
  std::size_t points = 1;
  for (const auto& axis : axes) {
    points *= axis.size();
    if (points > kMostPoints) reader.fail(fmt::format("the axes make more than {} points", kMostPoints));
  }
  return points;
}

/// Where a profile is read from; with an owner, values stay text until they are used.
struct Source {
  std::shared_ptr<const ProfileText> owner;  ///< null: everything is decoded and checked now
  bool differences = false;                  ///< of values
  /// Items that are passed over, by what their tables share; empty: none.
  std::function<bool(const TableKey&)> unwanted;
};

/// Values stand in one string, separated by blanks: half the parsing time of a list of JSON numbers.
TableValues readValues(const Reader& reader, std::size_t expected, const GridAxes& axes, const Source& source) {
  const EncodedValues encoded{.text = reader.rawText("must be whole numbers separated by blanks, in one string"),
                              .count = expected,
                              .row = source.differences ? axes.back().size() : 0};
  if (source.owner != nullptr) return {encoded, source.owner};
  Numbers numbers;
  if (const std::string problem = decodeValues(encoded, numbers); !problem.empty()) reader.fail(problem);
  return numbers;
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
  GridAxes axes;
  std::size_t points = 0;
  std::string borrowed_from;
  std::vector<const KeyField*> left;  ///< fields of the key that stand with each part
};

Shared readSharedKey(const Reader& item, const OperationInfo& info) {
  Shared shared{&info, {}, {}, 0, {}, {}};
  shared.key.operation = info.operation;
  shared.left = readFields(item, info, shared.key);
  return shared;
}

void readSharedAxes(const Reader& item, Shared& shared) {
  const Reader unit = item.member("unit");
  if (unit.string() != kProfileValuesUnit) {
    unit.fail(fmt::format("the unit of values must be \"{}\"", kProfileValuesUnit));
  }
  shared.axes = readAxes(item.member("axes"), *shared.info);
  shared.points = pointsOf(shared.axes, item);
  if (item.has("borrowed_from")) shared.borrowed_from = item.member("borrowed_from").string();
}

Table readTable(const Reader& part, const Shared& shared, const Source& source) {
  Table table;
  table.key = shared.key;
  for (const KeyField* field : shared.left) {
    if (!field->optional || part.has(field->name)) readField(part, *field, table.key);
  }
  table.axes = shared.axes;
  table.borrowed_from = shared.borrowed_from;
  const Reader floor = part.member("launch_us");
  table.launch_floor = Seconds(floor.number() / 1e6);
  if (table.launch_floor.value() <= 0) floor.fail("must be greater than zero");
  table.values = readValues(part.member("values"), shared.points, shared.axes, source);
  if (part.has("filled")) readFilled(part.member("filled"), table);
  return table;
}

/// Calls add(Table, Reader of its place) for the table or for each of its parts.
template <class Add>
void readTables(const Reader& item, const Source& source, Add add) {
  const OperationInfo& info = readOperation(item.member("op"));
  std::vector<std::string_view> known = {"op"};
  for (const KeyField& field : fieldsOf(info.key)) known.emplace_back(field.name);
  known.insert(known.end(), {"borrowed_from", "unit", "axes", "parts", "launch_us", "values", "filled"});
  item.allowOnly(known);
  Shared shared = readSharedKey(item, info);
  if (source.unwanted && source.unwanted(shared.key)) return;
  readSharedAxes(item, shared);
  if (!item.has("parts")) return add(readTable(item, shared, source), item);
  std::vector<std::string_view> own;
  for (const KeyField* field : shared.left) own.emplace_back(field->name);
  own.insert(own.end(), {"launch_us", "values", "filled"});
  item.member("parts").forEach([&](const Reader& part) {
    part.allowOnly(own);
    add(readTable(part, shared, source), part);
  });
}

[[noreturn]] void refuseSecond(const Reader& tables, const Source& source, const TableKey& key) {
  int seen = 0;
  tables.forEach([&](const Reader& item) {
    readTables(item, source, [&](const Table& table, const Reader& place) {
      if (table.key == key && ++seen == 2) place.fail(fmt::format("a second table for {}", nameOf(key)));
    });
  });
  CHECK(false, "a second table went away");
}

/// By way of their indexes: tables are large.
void sortByKey(std::vector<Table>& tables) {
  std::vector<std::uint32_t> order(tables.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return tables[a].key < tables[b].key; });
  std::vector<Table> sorted;
  sorted.reserve(tables.size());
  for (const std::uint32_t i : order) sorted.push_back(std::move(tables[i]));
  tables = std::move(sorted);
}

Profile readTablesOf(std::string_view text, const std::string& file, Source source) {
  const FlatJson json(text, file);
  const Reader root(json, file);
  root.allowOnly(
      {"schema", "name", "accelerator", "engine", "engine_version", "origin", "date", "licence", "peaks", "tables"});
  Profile profile;
  profile.header = readHeader(root);
  profile.tables.reserve(json.count("values"));
  source.differences = root.member("schema").string() != kFirstSchema;
  const Reader tables = root.member("tables");
  tables.forEach([&](const Reader& item) {
    readTables(item, source, [&](Table&& table, const Reader&) { profile.tables.push_back(std::move(table)); });
  });
  sortByKey(profile.tables);
  const auto second = std::adjacent_find(profile.tables.begin(), profile.tables.end(),
                                         [](const Table& a, const Table& b) { return a.key == b.key; });
  if (second != profile.tables.end()) refuseSecond(tables, source, second->key);
  return profile;
}

}  // namespace

Profile readProfile(std::string_view text, const std::string& file) {
  return readTablesOf(text, file, {});
}

Profile readProfileLazily(const fs::path& file, std::function<bool(const TableKey&)> unwanted) {
  const auto source = std::make_shared<const ProfileText>(ProfileText{readFile(file), file.string()});
  return readTablesOf(source->text, source->file, {.owner = source, .unwanted = std::move(unwanted)});
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
