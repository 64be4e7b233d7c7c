// requests.csv.zst as columns, for programs that look at every request at once: a million rows in well under a second.
// Columns are found by their names in the header, so that tables of versions with more columns can be read; a status
// or a part this version does not know is kept by its name. RequestTable reads the same file row by row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace headroom::sim {

/// What requests share: who asks whom.
struct RequestOrigin {
  std::string deployment, request_class, tenant;
  bool operator==(const RequestOrigin&) const = default;
};

/// A column of exclusive time; those of a request add up to its e2e.
struct PartColumn {
  std::string name;                ///< `queue`, of part_queue_ms
  std::vector<std::int64_t> time;  ///< ns; 0 of requests without a first token
};

/// [i] of every vector is one request, in the order of the table: that of ids, and of arrivals. Times in nanoseconds.
struct RequestColumns {
  std::vector<std::uint64_t> id;
  std::vector<std::int64_t> arrival;
  std::vector<std::uint32_t> replica;          ///< that answered; UINT32_MAX: none
  std::vector<std::uint32_t> prefill_replica;  ///< that computed the prompt, if another; empty: an older table
  std::vector<std::uint16_t> origin;           ///< index into `origins`
  std::vector<std::uint8_t> status;            ///< index into `statuses`
  std::vector<std::int32_t> prompt_tokens, output_tokens, cached_tokens, preemptions;
  std::vector<std::int64_t> ttft, e2e;  ///< 0 unless completed
  std::vector<PartColumn> parts;

  std::vector<RequestOrigin> origins;
  std::vector<std::string> statuses;  ///< the first is "completed"

  std::size_t size() const { return id.size(); }
  bool completed(std::size_t i) const { return status[i] == 0; }
  bool hasTpot(std::size_t i) const { return completed(i) && output_tokens[i] > 1; }
  /// Only if hasTpot().
  std::int64_t tpot(std::size_t i) const { return (e2e[i] - ttft[i]) / (output_tokens[i] - 1); }
  /// Any prompt was computed by another replica than the one that answered.
  bool movesKv() const;
  /// Null if the table has no such part.
  const PartColumn* part(std::string_view name) const;
};

/// `stop` is asked now and then; once it is true what was read so far is returned.
/// Throws InputError with file and line if it is no such table, or its arrivals go back in time.
RequestColumns readRequestColumns(const std::filesystem::path& file, const std::function<bool()>& stop = {});

}  // namespace headroom::sim
