// The first requests of a run as a Chrome trace, which Perfetto opens: a process per replica, a nestable async slice
// per request with its queue, prefill and decode inside, an arrow from prefill to decode replica for its KV, counters
// of the busiest links. `otherData` says how many of how many requests are shown. Left out: engine steps; preempted
// time is inside decode.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "models/base/files.h"
#include "sim/metrics/request_record.h"
#include "sim/result.h"
#include "sim/scenario.h"

namespace headroom::sim {

class Timeline final : public RequestSink {
 public:
  /// Keeps the first `limit` requests. Throws InputError if the file cannot be written, here and in every call.
  Timeline(const Scenario& scenario, const std::filesystem::path& file, std::int64_t limit);

  void onRequest(const RequestRecord& record) override;
  void onFault(const FaultMark& mark) override;
  /// `result` is of the same run. Publishes the file; without it nothing is left under its name.
  void finish(const Result& result);

 private:
  void event(const std::string& json);
  void nameReplica(std::uint32_t replica);
  void edge(const RequestRecord& record, const char* phase, const std::string& name, Ticks at, const std::string& args);
  void part(const RequestRecord& record, const char* name, Ticks begin, Ticks end);
  void transfer(const RequestRecord& record);
  void links(const NetworkOutcome& network);

  AtomicFile file_;
  std::int64_t limit_;
  std::int64_t seen_ = 0, shown_ = 0;
  bool any_event_ = false;
  std::set<std::uint32_t> named_;
  std::vector<std::string> classes_;  ///< by workload, as JSON strings
  struct Replicas {
    std::uint32_t end = 0;  ///< first index beyond the pool
    std::string pool;
  };
  std::vector<Replicas> pools_;
};

}  // namespace headroom::sim
