// The loop that runs a simulation: it owns the clock and hands out events in order.
// `EventLoop` is what the rest of the simulator sees. The network couples here: a loop that also advances SimGrid will
// implement the same three functions, run own events while their time is before SimGrid's next date, and deliver flow
// completions as events; nothing outside sim/loop changes.
#pragma once

#include <cstdint>

#include "models/base/ticks.h"
#include "sim/loop/event_queue.h"

namespace headroom::sim {

class EventHandler {
 public:
  virtual ~EventHandler() = default;
  /// Called with the clock at `event.time`. May schedule at or after that time.
  virtual void onEvent(const Event& event) = 0;
};

class EventLoop {
 public:
  virtual ~EventLoop() = default;
  virtual Ticks now() const = 0;
  /// `at` >= now(). Ties run by rank, then in the order they were scheduled.
  virtual void schedule(Ticks at, Rank rank, std::uint32_t target, std::uint32_t stamp) = 0;
  /// Runs until no event is left, the next lies beyond `until`, or `stop()` is called.
  virtual void run(EventHandler& handler, Ticks until) = 0;
  /// Ends run() after the current event. Safe to call from a handler.
  virtual void stop() = 0;
  virtual std::uint64_t eventsRun() const = 0;
};

/// Own events only: no network.
class PlainEventLoop final : public EventLoop {
 public:
  Ticks now() const override { return now_; }
  void schedule(Ticks at, Rank rank, std::uint32_t target, std::uint32_t stamp) override {
    queue_.push(at, rank, target, stamp);
  }
  void run(EventHandler& handler, Ticks until) override {
    stopped_ = false;
    while (!stopped_ && queue_.nextTime() <= until && !queue_.empty()) {
      const Event event = queue_.pop();
      now_ = event.time;
      ++events_;
      handler.onEvent(event);
    }
  }
  void stop() override { stopped_ = true; }
  std::uint64_t eventsRun() const override { return events_; }

 private:
  EventQueue queue_;
  Ticks now_ = 0;
  std::uint64_t events_ = 0;
  bool stopped_ = false;
};

}  // namespace headroom::sim
