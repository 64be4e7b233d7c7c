// The command line: a table of verbs and how their options are spelled.
#pragma once

namespace headroom::cli {

/// The whole program but for its signals. Returns the exit code.
int runCommandLine(int argc, char** argv);

}  // namespace headroom::cli
