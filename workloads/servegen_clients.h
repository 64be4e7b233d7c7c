// The clients of a ServeGen data folder (alibaba/ServeGen, data/; Xiang et al., NSDI'26): `chunk-N-trace.csv`, one line
// a window {start s, rate /s, cv, Gamma|Weibull, shape, scale}, and `chunk-N-dataset.json` (servegen_lengths.h).
// Leaves out: `scale`, which follows from the rate, and `cv`, which follows from the shape.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "models/base/ticks.h"
#include "workloads/servegen_lengths.h"

namespace headroom::workloads {

struct ClientWindow {
  enum class Gaps { gamma, weibull };
  Ticks begin = 0, end = 0;
  std::int64_t requests = 0;  ///< rate * length, rounded up
  Gaps gaps = Gaps::gamma;
  double shape = 1;  ///< of the gaps' distribution
};

struct ServeGenClient {
  std::uint64_t number = 0;            ///< N of its files
  std::vector<ClientWindow> windows;   ///< in order; those without requests are left out
  std::vector<ClientLengths> lengths;  ///< in order, not empty
};

struct ServeGenClients {
  std::vector<ServeGenClient> clients;  ///< by number; those without requests or lengths are left out
  std::vector<std::string> warnings;
};

/// InputError if `folder` is none or has no client, or naming file and line of what is wrong.
ServeGenClients loadServeGenClients(const std::filesystem::path& folder);

}  // namespace headroom::workloads
