#include "models/cost/step_times.h"

#include "models/base/error.h"

namespace headroom::models {

const char* nameOf(Tier tier) {
  switch (tier) {
    case Tier::measured:
      return "measured";
    case Tier::interpolated:
      return "interpolated";
    case Tier::extrapolated:
      return "extrapolated";
    case Tier::transferred:
      return "transferred";
    case Tier::spec:
      return "spec";
  }
  CHECK(false, "unknown tier");
}

}  // namespace headroom::models
