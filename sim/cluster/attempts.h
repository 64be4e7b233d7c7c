// What clients do about answers that do not come: an attempt may time out or be lost with its replica; the client then
// waits, longer each time, and sends the request again, or gives up. Each request ends exactly once. An attempt has an
// id of its own for the engines; the request keeps its id.
// A client that times out does not tell the engine: what it left behind is computed to its end, so that retries add
// load.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "sim/cluster/event_targets.h"
#include "sim/loop/event_loop.h"
#include "sim/scenario.h"
#include "workloads/request.h"
#include "workloads/rng.h"

namespace headroom::sim {

struct Attempt {
  workloads::Request request;  ///< as it arrived
  bool measured = false;
  int number = 1;  ///< of its request, from 1
};

class Attempts {
 public:
  static constexpr std::uint32_t kEventTarget = event_target::kAttempts;
  /// Does anything in the scenario need attempts to be told apart?
  static bool neededFor(const Scenario& scenario);
  Attempts(const Scenario& scenario, EventLoop& loop);

  /// A request arrives: the id of its first attempt.
  std::uint64_t open(const workloads::Request& request, bool measured);
  /// Null if nobody waits for it any more.
  const Attempt* find(std::uint64_t id) const;
  /// As its replica sees it: an arrival at now().
  workloads::Request requestOf(std::uint64_t id) const;
  /// It was answered, or refused for good.
  Attempt close(std::uint64_t id);
  /// It came to nothing. The attempt if its client gives up; else the client will come back.
  enum class Reason : std::uint8_t { failed, timeout };
  std::optional<Attempt> fail(std::uint64_t id, Reason reason);

  /// What is due at an event of kEventTarget.
  struct Due {
    enum class What : std::uint8_t { nothing, timeout, send } what = What::nothing;
    std::uint64_t id = 0;
  };
  Due onEvent();

 private:
  struct Timer {
    Ticks at;
    std::uint64_t order;
    Due due;
    bool operator>(const Timer& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  void schedule(Ticks at, Due due);
  void startTimeout(std::uint64_t id, const Attempt& attempt);

  EventLoop& loop_;
  std::vector<std::optional<ClientSpec>> clients_;  // by workload
  std::vector<workloads::Rng> jitter_;              // by workload
  std::unordered_map<std::uint64_t, Attempt> live_, backing_off_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::uint64_t timers_set_ = 0, retries_ = 0;
};

}  // namespace headroom::sim
