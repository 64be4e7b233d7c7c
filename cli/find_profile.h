// A kernel profile by the name `headroom list profiles` shows, or by file.
#pragma once

#include <string>

#include "models/cost/profile.h"

namespace headroom::cli {

/// Throws InputError with a suggestion.
models::Profile findProfileNamed(const std::string& name_or_file);

}  // namespace headroom::cli
