// Power of an accelerator while it runs an engine, and energy over a run:
//   P = idle                                                                  outside steps
//   P = min(limit, idle + active + compute x u_c + memory x u_m)              in steps
// u_c and u_m: shares of the data sheet's peak arithmetic and bandwidth that the work asks for (step_work.h). Fitted
// constants in datasets/power; others take the H100's shares of board power, tier `spec`. Left out: clocks and
// temperature; the limit holds for the mean over a run; host, fans, network and power supplies. See docs/power.md.
#pragma once

#include <optional>
#include <string>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "models/cost/step_times.h"
#include "models/cost/step_work.h"
#include "models/hardware/accelerator.h"

namespace headroom::models {

/// Watts of one accelerator.
struct PowerModel {
  Watts idle;
  Watts active;   ///< while a step runs, beyond idle, however little it does
  Watts compute;  ///< beyond that at peak arithmetic
  Watts memory;   ///< beyond that at peak bandwidth
  Watts limit;    ///< board power limit, or a cap below it
  Tier tier = Tier::spec;
  std::string source{};  ///< key of datasets/SOURCES.md, or how it was derived
  bool operator==(const PowerModel&) const = default;

  /// Mean over `time` in which `accelerators` did `work`.
  Watts inStep(const Work& work, Seconds time, int accelerators) const;
  /// Of all replicas in `totals`, never more than their limit x time.
  Joules energy(const StepTotals& totals, const StepWork& work) const;
};

/// Fitted constants, or the scaled default; nothing if the accelerator's board power is not published.
std::optional<PowerModel> findPower(const Accelerator& accelerator);

/// Reads a file of datasets/power (schema headroom.power/1).
PowerModel readPower(const Value& value, const Accelerator& accelerator);

}  // namespace headroom::models
