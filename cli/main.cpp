#include "cli/command_line.h"
#include "cli/interrupt.h"

int main(int argc, char** argv) {
  headroom::cli::watchSignals();
  return headroom::cli::runCommandLine(argc, argv);
}
