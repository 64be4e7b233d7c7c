// The one place where errors become messages and exit codes: 2 wrong input, 1 our bug, 130 interrupted.
#pragma once

#include <functional>

namespace headroom::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitBug = 1;
inline constexpr int kExitInput = 2;
inline constexpr int kExitInfeasible = 3;

/// The exit code of `body`, or of what it throws.
int reportErrors(const std::function<int()>& body);

}  // namespace headroom::cli
