// The replicas of all deployments on one event loop: each has one event pending, the end of what it runs.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/engine/replica.h"
#include "sim/loop/event_loop.h"

namespace headroom::sim {

struct FleetReplica {
  std::unique_ptr<Replica> engine;
  std::uint32_t deployment = 0;
  std::uint32_t pool = 0;   ///< over all deployments
  std::uint32_t stamp = 0;  ///< of the event that counts
  Ticks scheduled = kNever;
  const EngineConfig* config = nullptr;
  const models::StepTimes* times = nullptr;
};

class Fleet {
 public:
  explicit Fleet(EventLoop& loop) : loop_(loop) {}

  void add(FleetReplica replica) { replicas_.push_back(std::move(replica)); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(replicas_.size()); }
  const FleetReplica& operator[](std::uint32_t index) const { return replicas_[index]; }
  const FleetReplica& operator[](ReplicaId id) const { return replicas_[id.value()]; }

  /// See Replica: all events of that replica up to and at now() have been run.
  void submit(std::uint32_t index, const workloads::Request& request) {
    replicas_[index].engine->submit(loop_.now(), request);
    reschedule(index);
  }
  void submitComputed(std::uint32_t index, const workloads::Request& request) {
    replicas_[index].engine->submitComputed(loop_.now(), request);
    reschedule(index);
  }
  void onKvMoved(std::uint32_t index, std::uint64_t request) {
    replicas_[index].engine->onKvMoved(loop_.now(), request);
    reschedule(index);
  }
  void withdraw(std::uint32_t index, std::uint64_t request) {
    replicas_[index].engine->withdraw(loop_.now(), request);
    reschedule(index);
  }
  /// The engine dies; what it held. A new one takes its place, empty.
  std::vector<LostRequest> replace(std::uint32_t index, std::unique_ptr<Replica> engine) {
    FleetReplica& replica = replicas_[index];
    std::vector<LostRequest> lost = replica.engine->fail(loop_.now());
    replica.engine = std::move(engine);
    replica.scheduled = kNever;
    ++replica.stamp;
    return lost;
  }
  void setStepTimes(std::uint32_t index, const models::StepTimes& times) {
    replicas_[index].engine->setStepTimes(loop_.now(), times);
    reschedule(index);
  }
  /// An event whose target is a replica.
  void onEvent(const Event& event) {
    FleetReplica& replica = replicas_[event.target];
    if (event.stamp != replica.stamp) return;  // the run was shortened since
    replica.scheduled = kNever;
    replica.engine->onEvent(event.time);
    reschedule(event.target);
  }

 private:
  void reschedule(std::uint32_t index) {
    FleetReplica& replica = replicas_[index];
    const Ticks next = replica.engine->nextEvent();
    if (next == replica.scheduled) return;
    replica.scheduled = next;
    ++replica.stamp;
    if (next != kNever) loop_.schedule(next, Rank::replica, index, replica.stamp);
  }

  EventLoop& loop_;
  std::vector<FleetReplica> replicas_;
};

}  // namespace headroom::sim
