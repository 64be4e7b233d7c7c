// Writes the text form of a profile (schema headroom.profile/2).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "models/cost/profile.h"

namespace headroom::models {
namespace {

using Json = nlohmann::json;

std::string quoted(const std::string& text) {
  return Json(text).dump();
}

std::string fieldJson(const TableKey& key, const KeyField& field) {
  const std::string value = valueText(key, field);
  return field.count != nullptr ? value : quoted(value);
}

/// The fields of a key that stand with each part, or those that parts share.
std::string keyJson(const TableKey& key, bool of_part) {
  const TableKey none;
  std::string text;
  for (const KeyField& field : fieldsOf(infoOf(key.operation).key)) {
    const std::string value = fieldJson(key, field);
    if (field.part != of_part || (field.optional && value == fieldJson(none, field))) continue;
    text += fmt::format("\"{}\":{},", field.name, value);
  }
  return text;
}

std::string sharedJson(const Table& table) {
  const OperationInfo& info = infoOf(table.key.operation);
  std::string axes;
  for (std::size_t i = 0; i < table.axes.size(); ++i) {
    axes += fmt::format("{}{{\"name\":\"{}\",\"unit\":\"{}\",\"at\":[{}]}}", i == 0 ? "" : ",", info.axes[i].name,
                        info.axes[i].unit, fmt::join(table.axes[i], ","));
  }
  const std::string borrowed =
      table.borrowed_from.empty() ? "" : fmt::format("\"borrowed_from\":{},", quoted(table.borrowed_from));
  return fmt::format("\"op\":\"{}\",{}{}\"unit\":\"{}\",\"axes\":[{}],\"parts\":[", info.name,
                     keyJson(table.key, false), borrowed, kProfileValuesUnit, axes);
}

/// The first value of each row and the differences to the one before it.
std::string valuesText(const Table& table) {
  const std::size_t row = table.axes.back().size();
  const std::shared_ptr<const Numbers> values = table.values.numbers();
  std::string text;
  for (std::size_t i = 0; i < values->size(); ++i) {
    const std::int32_t before = i % row == 0 ? 0 : (*values)[i - 1];
    fmt::format_to(std::back_inserter(text), "{}{}", i == 0 ? "" : " ", (*values)[i] - before);
  }
  return text;
}

std::string partJson(const Table& table) {
  std::string filled;
  for (const auto& [first, count] : table.filled)
    filled += fmt::format("{}{},{}", filled.empty() ? "" : ",", first, count);
  return fmt::format("{{{}\"launch_us\":{},\"values\":\"{}\"{}}}", keyJson(table.key, true),
                     std::round(table.launch_floor.value() * 1e9) / 1e3, valuesText(table),
                     filled.empty() ? "" : fmt::format(",\"filled\":[{}]", filled));
}

std::string headerJson(const ProfileHeader& header) {
  std::string text = fmt::format("{{\"schema\":\"{}\"", kProfileSchema);
  const std::pair<const char*, const std::string*> fields[] = {
      {"name", &header.name},      {"accelerator", &header.accelerator},
      {"engine", &header.engine},  {"engine_version", &header.engine_version},
      {"origin", &header.origin},  {"date", &header.date},
      {"licence", &header.licence}};
  for (const auto& [key, value] : fields) text += fmt::format(",\n\"{}\":{}", key, quoted(*value));
  const Peaks& peaks = header.peaks;
  return text + fmt::format(
                    ",\n\"peaks\":{{\"bf16_flops_per_s\":{},\"fp8_flops_per_s\":{},\"fp4_flops_per_s\":{},"
                    "\"memory_bytes_per_s\":{},\"scale_up_bytes_per_s\":{}}}",
                    peaks.bf16.value(), peaks.fp8.value(), peaks.fp4.value(), peaks.memory.value(),
                    peaks.scale_up.value());
}

}  // namespace

std::string toJson(const Profile& profile) {
  std::vector<std::pair<std::string, std::string>> items;  // what parts share, and the parts
  for (const Table& table : profile.tables) {
    const std::string shared = sharedJson(table);
    const auto same =
        std::find_if(items.rbegin(), items.rend(), [&](const auto& item) { return item.first == shared; });
    if (same == items.rend()) {
      items.emplace_back(shared, partJson(table));
    } else {
      same->second += ",\n" + partJson(table);
    }
  }
  std::string text = headerJson(profile.header) + ",\n\"tables\":[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    text += fmt::format("{}{{{}\n{}]}}", i == 0 ? "\n" : ",\n", items[i].first, items[i].second);
  }
  return text + "\n]}\n";
}

}  // namespace headroom::models
