// Reads requests.csv.zst, which RequestLog writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "models/base/files.h"
#include "sim/metrics/request_parts.h"

namespace headroom::sim {

/// Times in nanoseconds.
struct RequestRow {
  std::uint64_t id = 0;
  std::string deployment, request_class;
  std::int64_t arrival = 0;
  std::uint32_t replica = 0;
  std::uint32_t prefill_replica = RequestRecord::kNoReplica;  ///< that computed the prompt, if another
  bool completed = false;
  std::int64_t prompt_tokens = 0, output_tokens = 0, cached_tokens = 0, preemptions = 0;
  std::int64_t ttft = 0, e2e = 0;            ///< of completed requests, as the parts
  std::array<std::int64_t, kParts> parts{};  ///< add up to e2e
};

class RequestTable {
 public:
  /// Throws InputError if the file is missing or is no such table.
  explicit RequestTable(const std::filesystem::path& file);
  /// False at the end. Throws InputError with file and line.
  bool next(RequestRow& row);

 private:
  [[noreturn]] void fail(const std::string& what) const;
  LineReader lines_;
};

}  // namespace headroom::sim
