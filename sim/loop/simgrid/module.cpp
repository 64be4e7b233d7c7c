// The module's one entry, for simgrid_module.cpp.
#include "sim/loop/simgrid/simgrid_loop.h"

extern "C" headroom::sim::NetworkLoop* headroomSimgridLoop() {
  // Never destroyed: SimGrid's own statics may be gone by then.
  static auto* const loop = new headroom::sim::SimgridLoop();
  return loop;
}
