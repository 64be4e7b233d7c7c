// Ctrl-C: SIGINT and SIGTERM set a flag that long work looks at, so that it ends cleanly; a second one kills at once.
// A full disk and a closed pipe become write errors instead of signals.
#pragma once

#include <atomic>

namespace headroom::cli {

inline constexpr int kExitInterrupted = 130;

/// Once, at the start of main.
void watchSignals();
const std::atomic<bool>& interrupted();
/// Throws sim::Interrupted if the flag is set.
void throwIfInterrupted();

}  // namespace headroom::cli
