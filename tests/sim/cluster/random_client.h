// Clients of random runs: some wait for ever, others give up and come again.
#pragma once

#include <rapidcheck.h>

#include <optional>

#include "sim/scenario.h"

namespace headroom::sim {

/// None, one in three times. Timeouts are up to 30 of `timeout_unit`.
inline std::optional<ClientSpec> randomClient(Seconds timeout_unit) {
  const auto inRange = [](int from, int to) { return *rc::gen::resize(100, rc::gen::inRange(from, to)); };
  if (inRange(0, 3) == 0) return std::nullopt;
  ClientSpec client{.timeout = std::nullopt, .retries = inRange(0, 4), .backoff = Seconds(0.1 * inRange(0, 20))};
  if (*rc::gen::arbitrary<bool>()) client.timeout = timeout_unit * inRange(1, 30);
  client.retry_timeout = *rc::gen::arbitrary<bool>();
  return client;
}

}  // namespace headroom::sim
