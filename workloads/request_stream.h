// The requests of a run, pulled one by one in order of arrival; memory does not grow with their number.
// A stream depends on the seed and its own workload's name only: another workload beside it changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "workloads/request.h"
#include "workloads/request_details.h"
#include "workloads/workload_spec.h"

namespace headroom::workloads {

class RequestStream {
 public:
  virtual ~RequestStream() = default;
  /// False at the end. Arrivals never fall. InputError if a trace turns out to be broken.
  virtual bool next(Request& request) = 0;
  /// What was left out or had to be assumed in the requests so far, with counts.
  virtual std::vector<std::string> warnings() const { return {}; }
};

/// Requests without times, for closed-loop clients: the simulator sets id, workload and arrival.
class LengthStream {
 public:
  virtual ~LengthStream() = default;
  /// Fills prompt_tokens, output_tokens, max_tokens and the details. False once the workload's `requests` are used
  /// up.
  virtual bool nextLengths(Request& request) = 0;
};

/// The requests of an open-loop workload without sessions (CHECKed), ids counted from 0, workload 0.
/// InputError if the spec makes no sense or a file cannot be read.
std::unique_ptr<RequestStream> openStream(const WorkloadSpec& spec, std::uint64_t seed, const RequestMarks& marks = {});

/// The lengths of a closed-loop workload, or the turns of its sessions one session after another; {from: trace} is an
/// InputError. `duration` is left to the caller.
std::unique_ptr<LengthStream> openLengths(const WorkloadSpec& spec, std::uint64_t seed, const RequestMarks& marks = {});

/// Several streams as one: in order of arrival, ties to the lower workload index; ids from 0 in that order.
class MergedStream : public RequestStream {
 public:
  struct Source {
    std::uint32_t workload = 0;  ///< goes into Request::workload
    std::unique_ptr<RequestStream> stream;
  };
  explicit MergedStream(std::vector<Source> sources);
  bool next(Request& request) override;
  std::vector<std::string> warnings() const override;

 private:
  struct Waiting {
    Request head;
    std::unique_ptr<RequestStream> stream;
  };
  std::vector<Waiting> waiting_;       // ordered by workload index
  std::vector<std::string> warnings_;  // of the streams that ended
  std::uint64_t next_id_ = 0;
};

}  // namespace headroom::workloads
