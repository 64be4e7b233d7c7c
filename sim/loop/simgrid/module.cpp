// The module's one entry, for network_loop.cpp.
#include "sim/loop/simgrid/simgrid_loop.h"

extern "C" headroom::sim::NetworkLoop* headroomNetworkLoop() {
  // Never destroyed: SimGrid's own statics may be gone by then.
  static auto* const loop = new headroom::sim::SimgridLoop();
  return loop;
}
