// Reads the text form of a profile (schema headroom.profile/1). The header stands before the tables so that it can be
// read alone.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "models/cost/profile.h"

namespace headroom::models {
namespace {

using Json = nlohmann::json;

constexpr std::int32_t kLargestValue = 20000;  // e^20: no kernel is that far from its speed of light

/// A value and its place in the file. The path is only put together for an error; a Reader must not outlive its parent.
class Reader {
 public:
  Reader(const Json& json, const std::string& file) : json_(&json), file_(&file) {}

  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const {
    throw InputError({.file = *file_, .line = 0, .path = parent_ == nullptr ? "/" : path()}, message, hint);
  }
  const Json& json() const { return *json_; }
  bool has(const char* key) const { return json_->is_object() && json_->contains(key); }
  Reader member(const char* key) const {
    if (!json_->is_object()) fail("must be an object");
    const auto found = json_->find(key);
    if (found == json_->end()) fail(fmt::format("missing \"{}\"", key));
    return {*found, *this, key, 0};
  }
  std::vector<Reader> items() const {
    if (!json_->is_array()) fail("must be a list");
    std::vector<Reader> readers;
    for (std::size_t i = 0; i < json_->size(); ++i) readers.push_back({(*json_)[i], *this, nullptr, i});
    return readers;
  }
  std::string string() const {
    if (!json_->is_string()) fail("must be text");
    return json_->get<std::string>();
  }
  double number() const {
    if (!json_->is_number()) fail("must be a number");
    return json_->get<double>();
  }
  std::int64_t integer(std::int64_t min, std::int64_t max) const {
    if (!json_->is_number_integer()) fail("must be a whole number");
    if (json_->is_number_unsigned() && json_->get<std::uint64_t>() > static_cast<std::uint64_t>(max)) {
      fail(fmt::format("must be between {} and {}", min, max));
    }
    const auto value = json_->get<std::int64_t>();
    if (value < min || value > max) fail(fmt::format("must be between {} and {}, is {}", min, max, value));
    return value;
  }
  void allowOnly(const std::vector<std::string_view>& known) const {
    if (!json_->is_object()) fail("must be an object");
    for (auto member = json_->begin(); member != json_->end(); ++member) {
      if (std::find(known.begin(), known.end(), member.key()) != known.end()) continue;
      const std::vector<std::string> names(known.begin(), known.end());
      fail(fmt::format("unknown key \"{}\"", member.key()), suggestion(member.key(), names));
    }
  }

 private:
  Reader(const Json& json, const Reader& parent, const char* key, std::size_t index)
      : json_(&json), file_(parent.file_), parent_(&parent), key_(key), index_(index) {}
  std::string path() const {
    if (parent_ == nullptr) return "";
    return parent_->path() + "/" + (key_ != nullptr ? key_ : std::to_string(index_));
  }

  const Json* json_;
  const std::string* file_;
  const Reader* parent_ = nullptr;
  const char* key_ = nullptr;  ///< null: an item of a list
  std::size_t index_ = 0;
};

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
  if (schema.string() != kProfileSchema) {
    schema.fail(fmt::format("unknown schema \"{}\"", schema.string()), fmt::format("this version reads {}", kProfileSchema));
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

TableKey readKey(const Reader& table, const OperationInfo& info) {
  std::vector<std::string_view> known = {"op", "launch_us", "unit", "axes", "values", "filled"};
  TableKey key;
  key.operation = info.operation;
  for (const KeyField& field : fieldsOf(info.key)) {
    known.emplace_back(field.name);
    if (!field.optional || table.has(field.name)) readField(table, field, key);
  }
  table.allowOnly(known);
  return key;
}

/// Whole numbers within [min, max], read without a Reader for each: a profile holds tens of thousands.
std::vector<std::int64_t> readIntegers(const Reader& list, std::int64_t min, std::int64_t max) {
  if (!list.json().is_array()) list.fail("must be a list");
  std::vector<std::int64_t> numbers;
  numbers.reserve(list.json().size());
  for (const Json& item : list.json()) {
    const std::int64_t* whole = item.get_ptr<const std::int64_t*>();
    if (whole == nullptr || *whole < min || *whole > max) {
      list.fail(fmt::format("item {} is not a whole number between {} and {}", numbers.size(), min, max));
    }
    numbers.push_back(*whole);
  }
  return numbers;
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
  std::vector<std::int64_t> points = readIntegers(at, info.least, std::int64_t{1} << 50);
  if (points.empty()) at.fail("an axis needs at least one point");
  const auto fall = std::adjacent_find(points.begin(), points.end(), std::greater_equal<>());
  if (fall != points.end()) at.fail(fmt::format("an axis must ascend: {} follows {}", *(fall + 1), *fall));
  return points;
}

std::size_t readAxes(const Reader& reader, const OperationInfo& info, Table& table) {
  const std::vector<Reader> axes = reader.items();
  for (std::size_t i = 0; i < info.dimensions(); ++i) {
    if (i >= axes.size()) reader.fail(fmt::format("missing axis \"{}\"", info.axes[i].name));
    table.axes.push_back(readAxis(axes[i], info.axes[i]));
  }
  if (axes.size() > info.dimensions()) reader.fail(fmt::format("{} has only {} axes", info.name, info.dimensions()));
  std::size_t points = 1;
  for (const auto& axis : table.axes) points *= axis.size();
  return points;
}

/// Values stand in one string, separated by blanks: half the parsing time of a list of JSON numbers.
void readValues(const Reader& reader, std::size_t expected, Table& table) {
  if (!reader.json().is_string()) reader.fail("must be whole numbers separated by blanks, in one string");
  const auto& text = reader.json().get_ref<const std::string&>();
  table.values.reserve(expected);
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int32_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || (next != end && *next != ' ') || value < -kLargestValue || value > kLargestValue) {
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
  const std::vector<std::int64_t> numbers = readIntegers(reader, 0, size);
  if (numbers.size() % 2 != 0) reader.fail("must hold pairs of (first, count)");
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    if (numbers[i] + numbers[i + 1] > size) reader.fail("a range ends beyond the values");
    table.filled.emplace_back(static_cast<std::int32_t>(numbers[i]), static_cast<std::int32_t>(numbers[i + 1]));
  }
}

Table readTable(const Reader& reader) {
  const OperationInfo& info = readOperation(reader.member("op"));
  Table table;
  table.key = readKey(reader, info);
  const Reader floor = reader.member("launch_us");
  table.launch_floor = Seconds(floor.number() / 1e6);
  if (table.launch_floor.value() <= 0) floor.fail("must be greater than zero");
  const Reader unit = reader.member("unit");
  if (unit.string() != kProfileValuesUnit) unit.fail(fmt::format("the unit of values must be \"{}\"", kProfileValuesUnit));
  const std::size_t points = readAxes(reader.member("axes"), info, table);
  readValues(reader.member("values"), points, table);
  if (reader.has("filled")) readFilled(reader.member("filled"), table);
  return table;
}

Json parse(std::string_view text, const std::string& file) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& e) {
    throw InputError({.file = file, .line = 0, .path = ""}, fmt::format("not a profile: {}", e.what()));
  }
}

}  // namespace

Profile readProfile(std::string_view text, const std::string& file) {
  const Json json = parse(text, file);
  const Reader root(json, file);
  root.allowOnly(
      {"schema", "name", "accelerator", "engine", "engine_version", "origin", "date", "licence", "peaks", "tables"});
  Profile profile;
  profile.header = readHeader(root);
  std::set<TableKey> keys;
  const Reader tables = root.member("tables");
  for (const Reader& item : tables.items()) {
    profile.tables.push_back(readTable(item));
    const TableKey& key = profile.tables.back().key;
    if (!keys.insert(key).second) item.fail(fmt::format("a second table for {}", nameOf(key)));
  }
  std::sort(profile.tables.begin(), profile.tables.end(), [](const Table& a, const Table& b) { return a.key < b.key; });
  return profile;
}

ProfileHeader readProfileHeader(std::string_view text, const std::string& file) {
  // Our own files write the tables last: what stands before them, closed, is a document of its own.
  constexpr std::string_view kTables = ",\n\"tables\":";
  const std::size_t end = text.find(kTables);
  const Json json =
      parse(end == std::string_view::npos ? std::string(text) : std::string(text.substr(0, end)) + "}", file);
  return readHeader(Reader(json, file));
}

}  // namespace headroom::models
