// headroom worker: runs jobs for the planner; not for people.
#include "planner/worker.h"

#include <unistd.h>

#include "cli/verbs.h"

namespace headroom::cli {

int worker(const WorkerOptions&) {
  return planner::serveJobs(STDIN_FILENO, STDOUT_FILENO);
}

}  // namespace headroom::cli
