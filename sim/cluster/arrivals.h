// All arrivals of a run in one order: open-loop streams, clients that send again when their answer is complete, and the
// next turns of sessions. Ties go to open-loop streams, then to the lower workload index, then to the earlier request.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/scenario.h"
#include "workloads/request_stream.h"
#include "workloads/sessions.h"

namespace headroom::sim {

class Arrivals {
 public:
  explicit Arrivals(const Scenario& scenario);

  /// kNever if nothing is due; an answer may still bring a client back.
  Ticks nextTime() const;
  /// The next arrival; false if a client found its workload used up. Call only if nextTime() is not kNever.
  bool next(workloads::Request& request, bool& measured);
  /// The request has left the system: its client, if it has one, thinks and comes back. A session whose request did not
  /// get its answer breaks off.
  void left(const workloads::Request& request, Ticks now, bool completed);
  bool measured(const workloads::Request& request, Ticks warmup) const;
  /// What the streams left out or assumed so far.
  std::vector<std::string> warnings() const;
  /// left() must hear of this workload's requests.
  bool needsAnswers(std::uint32_t workload) const { return clients_[workload].has_value(); }
  bool isClosedLoop(std::uint32_t workload) const { return clients_[workload] && clients_[workload]->closed_loop; }

 private:
  struct Due {
    Ticks time;
    std::uint32_t workload;
    std::uint64_t order;    // the request that was answered
    std::uint64_t session;  // whose next turn this is; 0: of a client that begins anew
    bool operator>(const Due& o) const {
      return time != o.time ? time > o.time : workload != o.workload ? workload > o.workload : order > o.order;
    }
  };
  /// Of a closed loop, or of sessions.
  struct Clients {
    std::unique_ptr<workloads::LengthStream> lengths;  // of single requests
    std::unique_ptr<workloads::Sessions> sessions;
    std::unordered_map<std::uint64_t, workloads::Session> talking;  // by id
    std::string name;
    bool closed_loop = false;
    Ticks think_time = 0;  // of a closed loop
    Ticks until = kNever;
    std::int64_t concurrency = 0;
    std::int64_t completions = 0;
    std::int64_t broken_off = 0;
    std::uint64_t measured_from = UINT64_MAX;  // id of the first request after `concurrency` completions
  };
  void addClients(const Scenario& scenario, std::uint32_t workload);
  bool nextOpen(workloads::Request& request);
  bool fill(Clients& clients, std::uint64_t session, workloads::Request& request);
  bool beginSession(Clients& clients, workloads::Request& request);
  bool continueSession(Clients& clients, const workloads::Request& request, Ticks now, bool completed);

  std::unique_ptr<workloads::MergedStream> open_;
  workloads::Request head_;
  bool has_head_ = false;
  std::vector<std::optional<Clients>> clients_;  // by workload
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t next_id_ = 0;
};

}  // namespace headroom::sim
