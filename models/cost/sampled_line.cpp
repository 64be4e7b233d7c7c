#include "models/cost/sampled_line.h"

#include <algorithm>
#include <cmath>

#include "models/base/error.h"

namespace headroom::models {

std::vector<Piece> sampleLine(const std::vector<std::int64_t>& x, const std::vector<double>& wanted, Ticks quantum) {
  CHECK(!x.empty() && x.size() == wanted.size(), "a line needs a value at each knot");
  const auto q = static_cast<double>(quantum);
  std::vector<Piece> pieces(x.size());
  Ticks value = std::llround(wanted.front() / q) * quantum;
  for (std::size_t j = 0; j < x.size(); ++j) {
    pieces[j].at_knot = value;
    if (j + 1 == x.size()) {
      pieces[j].slope = j > 0 ? pieces[j - 1].slope : 0;
      break;
    }
    const std::int64_t width = x[j + 1] - x[j];
    const double rise = (wanted[j + 1] - static_cast<double>(value)) / (static_cast<double>(width) * q);
    pieces[j].slope = std::max<Ticks>(0, std::llround(rise)) * quantum;
    value += pieces[j].slope * width;
  }
  return pieces;
}

}  // namespace headroom::models
