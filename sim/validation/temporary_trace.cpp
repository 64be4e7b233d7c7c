#include "sim/validation/temporary_trace.h"

#include <stdlib.h>
#include <unistd.h>

#include "models/base/error.h"
#include "models/base/files.h"

namespace headroom::sim {

TemporaryTrace::TemporaryTrace(std::string_view content) {
  std::string name = (std::filesystem::temp_directory_path() / "headroom-replay-XXXXXX").string();
  const int descriptor = ::mkstemp(name.data());
  if (descriptor < 0) throw InputError("no temporary file can be made: " + name);
  ::close(descriptor);
  file_ = name;
  writeFileAtomically(file_, content);
}

TemporaryTrace::~TemporaryTrace() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

}  // namespace headroom::sim
