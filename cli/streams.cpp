#include "cli/streams.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "models/base/error.h"

namespace headroom::cli {
namespace {

/// 0, or errno.
int writeAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

void printResult(std::string_view text) {
  const int error = writeAll(STDOUT_FILENO, text);
  if (error == EPIPE) throw OutputClosed();
  if (error != 0) throw InputError(fmt::format("standard output cannot be written: {}", std::strerror(error)));
}

void printNote(std::string_view text) {
  writeAll(STDERR_FILENO, fmt::format("headroom: {}\n", text));
}

bool stderrIsTerminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

}  // namespace headroom::cli
