// Which replicas are up, as the faults of a scenario come and go. Faults may overlap: a replica is up when none holds
// it down and it has been through its cold start; its steps take the product of the factors that slow it. One that is
// only cut off from the network loses its requests and serves again at once when it is back.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/cluster/event_targets.h"
#include "sim/cluster/fault_stream.h"
#include "sim/loop/event_loop.h"
#include "sim/metrics/replica_absences.h"
#include "sim/result.h"
#include "sim/scenario.h"

namespace headroom::sim {

/// Does what a change of state asks for. Called at the loop's now().
class OutageHandler {
 public:
  virtual ~OutageHandler() = default;
  /// All it holds is lost.
  virtual void onDown(std::uint32_t replica) = 0;
  /// Its cold start begins. True if onStarted() says when it has ended; false: it takes the times of its pool.
  virtual bool onStart(std::uint32_t replica) = 0;
  /// Its weights are gone; a start under way is off.
  virtual void onWeightsLost(std::uint32_t replica, bool was_starting) = 0;
  /// It takes requests from now on, or none.
  virtual void onAvailable(std::uint32_t replica, bool available) = 0;
  virtual void onSpeed(std::uint32_t replica, double step_time_factor) = 0;
  /// 0: it goes down, 1: as built.
  virtual void onLink(FabricLinkId link, double bandwidth_left) = 0;
};

class Outages {
 public:
  static constexpr std::uint32_t kEventTarget = event_target::kOutages;
  Outages(const Scenario& scenario, FaultStream stream, EventLoop& loop, OutageHandler& handler);

  /// The replica starts with the run; before begin().
  void startsWithTheRun(std::uint32_t replica);
  /// See OutageHandler::onStart().
  void onStarted(std::uint32_t replica);
  /// Schedules the first fault. `absences`: told of each change; null: nobody is.
  void begin(ReplicaAbsences* absences = nullptr);
  void onEvent(const Event& event);
  /// May the state of a replica still change?
  bool anyToCome() const { return stream_.nextTime() != kNever || starts_to_come_ > 0; }
  /// False if a fault that never ends keeps it from taking requests.
  bool mayReturn(std::uint32_t replica) const { return !states_[replica].gone; }
  /// Of all replicas, so many may not return.
  std::int64_t gone() const { return gone_; }
  /// What happened until the loop's now(). Requests are the recorder's.
  void summarizeInto(FaultOutcome& outcome) const;
  /// Share of the time until now() that the pool's replicas were held: of spot capacity, what is paid.
  double heldShare(std::size_t pool) const;

 private:
  enum class State : std::uint8_t { up, draining, starting, down };
  struct ReplicaState {
    std::uint32_t pool = 0;
    int holds = 0, drains = 0;  // faults that hold it down, or drain it
    bool cold = false;          // it has to start anew
    bool gone = false;          // it will never take requests again
    std::vector<double> slow;   // factors
    State state = State::up;
    Ticks since = 0;
    std::array<Ticks, 4> time{};  // in each state
    std::uint32_t start = 0;      // number of the cold start under way
    std::int64_t failures = 0, reclaims = 0;
  };
  struct Start {
    std::uint32_t replica, number;
  };
  void scheduleNext();
  void apply(const FaultEvent& event);
  void hold(std::uint32_t replica, bool cold, const Fault& fault);
  void release(std::uint32_t replica);
  void drain(std::uint32_t replica, int by);
  void slow(std::uint32_t replica, double factor, bool begins);
  void changeLinks(const Fault& fault, bool begins);
  void enter(std::uint32_t replica, State state);
  static std::optional<Absence> absenceIn(State state);
  void settle(std::uint32_t replica);

  EventLoop& loop_;
  OutageHandler& handler_;
  FaultStream stream_;
  ReplicaAbsences* absences_ = nullptr;
  std::vector<ReplicaState> states_;
  std::vector<Ticks> cold_start_;                                        // by pool
  std::vector<std::vector<std::pair<std::uint32_t, double>>> narrowed_;  // by link: faults, and what each leaves
  std::vector<Start> starts_;
  std::size_t starts_to_come_ = 0;
  std::vector<FaultMark> marks_;
  std::int64_t faults_begun_ = 0, gone_ = 0;
};

}  // namespace headroom::sim
