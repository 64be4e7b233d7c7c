// What the readers of JSON Lines traces share: one object a line, known keys, blocks of hashed text as content spans.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "workloads/id_arrays.h"
#include "workloads/line_trace.h"

namespace headroom::workloads {

/// LineTrace whose lines are JSON objects.
class JsonTrace : public LineTrace {
 protected:
  /// `known`: the keys that have a meaning here, `required` or not.
  JsonTrace(const std::filesystem::path& file, std::vector<std::string> known)
      : LineTrace(file), known_(std::move(known)) {}
  void parse(std::string_view line, TraceRow& row) final;
  virtual void parseObject(const nlohmann::json& object, TraceRow& row) = 0;

  /// The member `key`, which must be there.
  const nlohmann::json& required(const nlohmann::json& object, const char* key) const;
  /// A number of tokens.
  std::int32_t tokenCount(const nlohmann::json& object, const char* key) const;
  /// `array`, the member `key`, as a list of whole numbers >= 0 below 2^63.
  void readIds(const nlohmann::json& array, const char* key, std::vector<std::uint64_t>& ids) const;
  /// Appends the spans of a prompt whose text is hashed in blocks of `block` tokens: one id a block, the last one
  /// partial. A trace may leave out the partial block; its text is then shared with no other row. InputError if the
  /// number of ids fits neither.
  void addBlocks(const std::vector<std::uint64_t>& ids, std::int32_t block, TraceRow& row) const;

  std::vector<std::uint64_t> ids_;  // of the row, to spare allocations

 private:
  void checkKeys(const nlohmann::json& object);

  std::vector<std::string> known_;
  IdArrays arrays_;  // of the line
};

}  // namespace headroom::workloads
