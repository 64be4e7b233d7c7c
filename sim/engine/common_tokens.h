// How much of their beginnings two requests share.
#pragma once

#include <cstdint>

#include "workloads/request.h"

namespace headroom::sim {

/// Tokens with which both prompts begin, as far as their text is known.
std::int64_t commonTokens(const workloads::Request& a, const workloads::Request& b);

}  // namespace headroom::sim
