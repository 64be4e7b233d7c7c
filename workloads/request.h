// One inference request as the client sends it.
#pragma once

#include <cstdint>

#include "models/base/ticks.h"

namespace headroom::workloads {

struct Request {
  std::uint64_t id = 0;            ///< position in the merged stream of the run, from 0
  std::uint32_t workload = 0;      ///< index of the workload in the scenario
  Ticks arrival = 0;               ///< when the client sent it
  std::int32_t prompt_tokens = 0;  ///< >= 1
  std::int32_t output_tokens = 0;  ///< realised length, >= 1
  std::int32_t max_tokens = 0;     ///< what the client allowed, >= output_tokens; 0: up to the model's limit
  bool operator==(const Request&) const = default;
};

}  // namespace headroom::workloads
