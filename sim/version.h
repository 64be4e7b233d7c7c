// The version every result carries; no build date, so that equal builds give equal bytes.
#pragma once

namespace headroom::sim {
inline constexpr const char* kVersion = HEADROOM_VERSION;
}
