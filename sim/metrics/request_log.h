// One line per request as zstd-compressed CSV, written as the run goes: memory does not grow with the requests.
// Times have nanoseconds. What is not modelled, or does not exist for a request (the tpot of a one-token answer, the
// latencies of a rejected request), is an empty field, never 0.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/metrics/request_record.h"
#include "sim/scenario.h"

namespace headroom::sim {

class RequestLog final : public RequestSink {
 public:
  /// Throws InputError if the file cannot be written, here and in every call.
  RequestLog(const Scenario& scenario, const std::filesystem::path& file);
  ~RequestLog() override;
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;

  void onRequest(const RequestRecord& record) override;
  /// Publishes the file; without it nothing is left under its name.
  void finish();

  static const std::string& columns();

 private:
  struct Compressor;
  std::unique_ptr<Compressor> compressor_;
  std::vector<std::string> names_;  ///< by workload: "deployment,class,tenant"
};

}  // namespace headroom::sim
