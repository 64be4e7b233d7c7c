// SimGrid's network loop. It lives in a module of its own (sim/loop/simgrid) that is loaded when it is asked for, since
// loading SimGrid takes longer than most runs.
#pragma once

#include "sim/loop/network_loop.h"

namespace headroom::sim {

/// The process's only one: SimGrid has one engine and one clock in a process. A second call CHECKs. Throws InputError
/// if the module or SimGrid cannot be loaded. Its run() is called once.
NetworkLoop& simgridLoop();

}  // namespace headroom::sim
