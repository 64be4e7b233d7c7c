#include "cli/interrupt.h"

#include <csignal>

#include "sim/cluster/simulation.h"

namespace headroom::cli {
namespace {

std::atomic<bool> interrupt_seen{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the handler may touch nothing else");

void onSignal(int) {
  interrupt_seen.store(true, std::memory_order_relaxed);
}

}  // namespace

void watchSignals() {
  struct sigaction action {};
  action.sa_handler = onSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

const std::atomic<bool>& interrupted() {
  return interrupt_seen;
}

void throwIfInterrupted() {
  if (interrupt_seen.load(std::memory_order_relaxed)) throw sim::Interrupted();
}

}  // namespace headroom::cli
