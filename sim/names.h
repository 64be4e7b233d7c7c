// Names that a scenario gives to its parts.
#pragma once

#include <string>

#include "models/base/document.h"

namespace headroom::sim {

/// Throws InputError if it is empty, or has what separates names in paths and tables.
std::string readName(const Value& value);

}  // namespace headroom::sim
