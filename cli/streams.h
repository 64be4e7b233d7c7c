// Stdout is for results, stderr for notes and progress.
#pragma once

#include <stdexcept>
#include <string_view>

namespace headroom::cli {

/// Whoever read our output has closed it: not an error, but nobody wants the rest.
class OutputClosed : public std::runtime_error {
 public:
  OutputClosed() : std::runtime_error("output closed") {}
};

/// Throws OutputClosed, or InputError if the output cannot be written (a full disk).
void printResult(std::string_view text);
/// One line to stderr, after "headroom: ". Never fails.
void printNote(std::string_view text);
bool stderrIsTerminal();

}  // namespace headroom::cli
