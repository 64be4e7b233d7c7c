// Three kinds of trouble (docs: style): wrong input -> InputError, printed by the front end, exit code 2;
// our bug -> CHECK, always on, exit code 1; "does not fit" or "misses the SLO" are values, not errors.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace headroom {

/// Wrong input. `what()` reads `file:line: path: message (hint)`; empty parts are left out.
class InputError : public std::runtime_error {
 public:
  struct Where {
    std::string file;  ///< as the user gave it
    int line = 0;      ///< 1-based; 0 if unknown
    std::string path;  ///< place inside a document, e.g. /deployments/0/model
  };
  InputError(Where where, const std::string& message, const std::string& hint = {});
  explicit InputError(const std::string& message, const std::string& hint = {}) : InputError(Where{}, message, hint) {}

  const Where& where() const { return where_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }

 private:
  Where where_;
  std::string message_;
  std::string hint_;
};

/// A broken invariant of Headroom itself.
class BugError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void checkFailed(const char* condition, const char* file, int line, const std::string& message);

/// The closest of `known` to `name` by edit distance, or "" if nothing is close.
std::string closestName(std::string_view name, std::span<const std::string> known);
/// `did you mean "x"?`, or `known: a, b, c` when nothing is close.
std::string suggestion(std::string_view name, std::span<const std::string> known);

}  // namespace headroom

#define CHECK(condition, message)                                                       \
  do {                                                                                  \
    if (!(condition)) ::headroom::checkFailed(#condition, __FILE__, __LINE__, message); \
  } while (false)
