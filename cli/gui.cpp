// headroom gui: becomes the desktop program, which is built beside this one.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/verbs.h"
#include "models/base/error.h"

namespace headroom::cli {

int gui(const GuiOptions& options) {
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "headroom-gui";
  std::string name = program.string(), file = options.file;
  char* arguments[] = {name.data(), file.empty() ? nullptr : file.data(), nullptr};
  ::execv(name.c_str(), arguments);
  throw InputError({.file = name, .line = 0, .path = ""}, std::string("cannot be started: ") + std::strerror(errno),
                   "build the target headroom-gui (it needs Qt 6 and QCustomPlot)");
}

}  // namespace headroom::cli
