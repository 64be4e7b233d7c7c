#include "workloads/json_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "workloads/lengths.h"

namespace headroom::workloads {

using nlohmann::json;

void JsonTrace::parse(std::string_view line, TraceRow& row) {
  const json object = json::parse(arrays_.cut(line), nullptr, false);
  if (!object.is_object()) fail("not a JSON object", "one object a line");
  checkKeys(object);
  parseObject(object, row);
}

void JsonTrace::checkKeys(const json& object) {
  std::vector<std::string> unknown, missing;
  for (const auto& [key, value] : object.items()) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) unknown.push_back(key);
  }
  if (unknown.empty()) return;
  for (const std::string& key : known_) {
    if (!object.contains(key)) missing.push_back(key);
  }
  ignoreUnknown(unknown, missing);
}

const json& JsonTrace::required(const json& object, const char* key) const {
  const auto found = object.find(key);
  if (found == object.end()) fail(fmt::format("no \"{}\"", key), fmt::format("known: {}", fmt::join(known_, ", ")));
  return *found;
}

std::int32_t JsonTrace::tokenCount(const json& object, const char* key) const {
  const json& value = required(object, key);
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0) {
    fail(fmt::format("{}: {} is not a whole number of tokens", key, value.dump()));
  }
  return tokens(value.dump(), key);
}

void JsonTrace::readIds(const json& array, const char* key, std::vector<std::uint64_t>& ids) const {
  if (!array.is_array()) fail(fmt::format("{}: not a list", key));
  if (const std::vector<std::uint64_t>* cut = arrays_.find(key)) {
    ids = *cut;
    return;
  }
  ids.clear();
  for (const json& id : array) {
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0) {
      fail(fmt::format("{}: {} is not a whole number of 0 or more", key, id.dump()));
    }
    ids.push_back(id.get<std::uint64_t>());
  }
}

void JsonTrace::addBlocks(const std::vector<std::uint64_t>& ids, std::int32_t block, TraceRow& row) const {
  const auto full = static_cast<std::size_t>(row.prompt_tokens / block);
  const std::int32_t rest = row.prompt_tokens % block;
  const std::size_t all = full + (rest > 0 ? 1 : 0);
  if (ids.size() != full && ids.size() != all) {
    fail(fmt::format("{} hash_ids do not fit a prompt of {} tokens", ids.size(), row.prompt_tokens),
         fmt::format("blocks of {} tokens make {}; hash_block_tokens sets another size", block, all));
  }
  for (std::size_t i = 0; i < full; ++i) row.content.push_back({ids[i], block});
  if (rest > 0) row.content.push_back({ids.size() == all ? ids[full] : kUnsharedText, rest});
}

}  // namespace headroom::workloads
