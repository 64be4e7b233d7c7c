// The message of the InputError that an action throws.
#pragma once

#include <string>

#include "models/base/error.h"

namespace headroom::models {

inline std::string messageOf(const auto& action) {
  try {
    action();
  } catch (const InputError& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace headroom::models
