// `headroom worker`: reads jobs from standard input, one a line, runs each in a forked child, writes one outcome a line
// to standard output. Tasks (planner/task.h) are answered with events and an outcome. The parent (zygote) loads
// catalogues and compiles step times once; children share them. A child that crashes or runs too long costs its own job
// only. Ends at end of input.
#pragma once

namespace headroom::planner {

/// Returns the exit code. `input` and `output` are file descriptors.
int serveJobs(int input, int output);

}  // namespace headroom::planner
