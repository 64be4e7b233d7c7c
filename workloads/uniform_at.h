// Random numbers by place instead of by order: one for each (stream, index, step) of a seed, whatever was drawn before.
// Philox4x32-10 (Salmon et al., SC'11; Random123).
#pragma once

#include <cstdint>

namespace headroom::workloads {

/// Uniform in [0, 1), 53 bits.
double uniformAt(std::uint64_t seed, std::uint32_t stream, std::uint64_t index, std::uint32_t step);

}  // namespace headroom::workloads
