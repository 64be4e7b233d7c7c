// The turns of sessions, drawn as they are needed. Each session has its own random stream, so that its turns do not
// depend on when the answers come or on how many other sessions there are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "workloads/request_details.h"
#include "workloads/request_stream.h"
#include "workloads/workload_spec.h"

namespace headroom::workloads {

class Sessions;

/// One conversation. Its text is that of the system prompt and one growing span, which every answer continues.
class Session {
 public:
  Session(const Sessions& sessions, std::uint64_t index);

  bool hasNext() const { return pending_.prompt_tokens > 0; }
  /// Fills lengths, max_tokens and details of the next turn, which is sent at request.arrival. Only if hasNext().
  void next(Request& request);
  /// From the answer of the last turn to the next one.
  Ticks thinkTime();
  /// RequestDetails::session of its turns; never 0.
  std::uint64_t id() const { return id_; }

 private:
  struct Turn {
    std::int32_t prompt_tokens = 0;  // 0: the session is over
    std::int32_t output_tokens = 0;
  };
  void drawTurn(const LengthSpec& new_tokens);

  const Sessions* sessions_;
  Rng rng_;
  std::uint64_t id_, text_;
  std::int64_t turns_left_;
  std::int64_t said_ = 0;  // tokens of the conversation so far, without the system prompt
  Turn pending_;
};

/// The sessions of a workload, in order of their beginning. Outlives its Session objects.
class Sessions {
 public:
  /// `spec` has sessions (CHECKed).
  Sessions(const WorkloadSpec& spec, std::uint64_t seed, const RequestMarks& marks);

  /// Nothing after `count` sessions or `requests` turns.
  std::optional<Session> begin();
  /// The next turn of `session`; false if it is over or `requests` turns have been sent.
  bool next(Session& session, Request& request);
  /// No session begins any more.
  bool exhausted() const { return turns_left_ == 0 || begun_ >= count_; }

 private:
  friend class Session;
  WorkloadSpec spec_;
  std::uint64_t seed_;
  DetailsMaker details_;
  std::string stream_;
  std::uint64_t system_text_, session_scope_, text_scope_;
  std::uint64_t begun_ = 0, count_;
  std::int64_t turns_left_;
};

/// Times at which the sessions of an open-loop workload begin, as requests without lengths; ends when `sessions`, which
/// must outlive it, has none left.
std::unique_ptr<RequestStream> openSessionStarts(const WorkloadSpec& spec, std::uint64_t seed,
                                                 const Sessions& sessions);

}  // namespace headroom::workloads
