// What requests carry beside lengths: marks that a whole workload shares (tenant, priority, adapter, deadline) and what
// a trace row tells of its own (session, text). Requests without any of it have no details; equal ones share them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "models/base/quantity.h"
#include "workloads/request.h"
#include "workloads/trace_reader.h"

namespace headroom::workloads {

/// The same for every request of a workload.
struct RequestMarks {
  std::int32_t priority = 0;  ///< lower goes first
  std::uint32_t tenant = 0;   ///< 0: none
  std::int32_t adapter = -1;
  std::optional<Seconds> deadline{};  ///< of the last token, after the arrival
  std::string text_of{};              ///< workloads with equal names here read the same text; empty: its own name
  bool operator==(const RequestMarks&) const = default;
};

/// An id that no other (scope, number) has, but by a chance of 2^-64 a pair.
std::uint64_t contentId(std::uint64_t scope, std::uint64_t number);

class DetailsMaker {
 public:
  /// `name`: of the workload.
  DetailsMaker(const RequestMarks& marks, const std::string& name);

  /// The details of a request that carries nothing of its own. May be null.
  const std::shared_ptr<const RequestDetails>& common() const { return common_; }
  /// Those of a trace row; `keep_text`: the row's content is that of the request's prompt.
  std::shared_ptr<const RequestDetails> ofRow(const TraceRow& row, bool keep_text);
  /// To copy and add to.
  const RequestDetails& marked() const { return marks_; }
  std::uint64_t scope() const { return scope_; }

 private:
  RequestDetails marks_;
  std::shared_ptr<const RequestDetails> common_;  // null: nothing marked
  std::uint64_t scope_;
  std::uint64_t unshared_ = 0;
};

}  // namespace headroom::workloads
