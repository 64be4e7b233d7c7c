// Sampling a rising function as a continuous line of integer pieces.
//   knots: 0, 1, 2, ... 2^s, then 2^s knots an octave             a knot's index comes from the bits of x
// Slopes are integers (multiples of a quantum), so a value at a knot is the same from both sides by construction; each
// slope aims at the function itself, not at the previous rounded value, so rounding does not add up.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::models {

/// Knots with 2^`sub_bits` an octave.
template <int sub_bits>
struct Knots {
  static constexpr std::size_t indexOf(std::uint64_t x) {
    if (x < (1U << sub_bits)) return static_cast<std::size_t>(x);
    const int shift = 63 - std::countl_zero(x) - sub_bits;
    return (static_cast<std::size_t>(shift) << sub_bits) + static_cast<std::size_t>(x >> shift);
  }
  static constexpr std::int64_t at(std::size_t index) {
    if (index < (1U << sub_bits)) return static_cast<std::int64_t>(index);
    const std::size_t shift = (index >> sub_bits) - 1;
    return static_cast<std::int64_t>((index & ((1U << sub_bits) - 1)) + (1U << sub_bits)) << shift;
  }
};

/// A line from one knot to the next.
struct Piece {
  Ticks at_knot = 0;
  Ticks slope = 0;  ///< per unit of x, >= 0
};

/// `wanted[j]` at knot j, whose places are x[j]; values are multiples of `quantum`, slopes too. One piece a knot; the
/// last continues the slope before it.
std::vector<Piece> sampleLine(const std::vector<std::int64_t>& x, const std::vector<double>& wanted, Ticks quantum);

}  // namespace headroom::models
