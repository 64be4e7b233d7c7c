#include "sim/engine/common_tokens.h"

#include <algorithm>

namespace headroom::sim {

std::int64_t commonTokens(const workloads::Request& a, const workloads::Request& b) {
  if (!a.details || !b.details) return 0;
  const auto &x = a.details->content, &y = b.details->content;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()) && x[i].id == y[i].id; ++i) {
    tokens += std::min(x[i].tokens, y[i].tokens);
    if (x[i].tokens != y[i].tokens) break;
  }
  return tokens;
}

}  // namespace headroom::sim
