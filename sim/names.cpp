#include "sim/names.h"

namespace headroom::sim {

std::string readName(const Value& value) {
  std::string name = value.string();
  if (name.empty() || name.find_first_of("/\\\n\t") != std::string::npos) value.fail("is not a usable name");
  return name;
}

}  // namespace headroom::sim
