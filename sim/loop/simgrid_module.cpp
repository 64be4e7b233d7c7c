#include "sim/loop/simgrid_module.h"

#include <dlfcn.h>

#include <filesystem>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;

/// lib/headroom beside the program's bin, in a build tree as where it is installed.
fs::path modulePath() {
  std::error_code ec;
  return fs::read_symlink("/proc/self/exe", ec).parent_path().parent_path() / "lib/headroom/simgrid.so";
}

NetworkLoop* load() {
  const fs::path file = modulePath();
  void* module = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    throw InputError({.file = file.string(), .line = 0, .path = ""},
                     std::string("the SimGrid module cannot be loaded: ") + dlerror(),
                     "install libsimgrid, or use the own solver");
  }
  auto* make = reinterpret_cast<NetworkLoop* (*)()>(dlsym(module, "headroomSimgridLoop"));
  CHECK(make != nullptr, "the module has its entry");
  return make();
}

}  // namespace

NetworkLoop& simgridLoop() {
  static bool taken = false;
  CHECK(!taken, "one SimGrid a process");
  NetworkLoop* loop = load();
  taken = true;
  return *loop;
}

}  // namespace headroom::sim
