// Progress of anything that takes over a second, on stderr: a bar with rate and time left on a terminal, else one JSON
// line a second. Work that is done within a second stays silent.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace headroom::cli {

class ProgressBar {
 public:
  /// `verb` and `unit` name what is done: "simulate", "requests".
  ProgressBar(std::string verb, std::string unit);
  /// Wipes the bar.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `expected` 0: not known. `more` is shown behind the bar. Cheap enough to be called every few thousand units.
  void update(std::int64_t done, std::int64_t expected, const std::string& more = {});

 private:
  using Clock = std::chrono::steady_clock;
  std::string verb_, unit_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point begin_, next_;
};

/// One frame of the bar, at most `width` columns wide.
std::string barText(const std::string& verb, const std::string& unit, std::int64_t done, std::int64_t expected,
                    double elapsed_s, const std::string& more, std::size_t width);
/// One progress line for programs: a JSON object.
std::string progressJson(const std::string& verb, const std::string& unit, std::int64_t done, std::int64_t expected,
                         double elapsed_s);

}  // namespace headroom::cli
