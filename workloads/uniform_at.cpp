#include "workloads/uniform_at.h"

#include <Random123/philox.h>

namespace headroom::workloads {

double uniformAt(std::uint64_t seed, std::uint32_t stream, std::uint64_t index, std::uint32_t step) {
  const auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  const auto high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
  r123::Philox4x32 philox;
  const auto words = philox({{low(index), high(index), step, stream}}, {{low(seed), high(seed)}});
  const std::uint64_t bits = words[0] | (std::uint64_t{words[1]} << 32);
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

}  // namespace headroom::workloads
