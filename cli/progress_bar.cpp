#include "cli/progress_bar.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "cli/numbers.h"
#include "cli/streams.h"

namespace headroom::cli {
namespace {

constexpr std::chrono::seconds kSilence{1};
constexpr std::chrono::milliseconds kFrame{100};
constexpr std::size_t kBarCells = 20;

std::size_t terminalWidth() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string barText(const std::string& verb, const std::string& unit, std::int64_t done, std::int64_t expected,
                    double elapsed_s, const std::string& more, std::size_t width) {
  const double rate = elapsed_s > 0 ? static_cast<double>(done) / elapsed_s : 0;
  std::string text = verb;
  std::string counted = fmt::format("{} {}", countText(done), unit);
  if (expected > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(expected));
    const auto cells = static_cast<std::size_t>(share * kBarCells);
    text += fmt::format(" [{}{}] {:.0f} %", std::string(cells, '#'), std::string(kBarCells - cells, '.'), share * 100);
    counted = fmt::format("{} of {} {}", countText(done), countText(expected), unit);
  }
  if (expected > done && rate > 0) {
    text += "  " + durationText(static_cast<double>(expected - done) / rate) + " left";
  }
  text += fmt::format("  {}/s  {}", countText(static_cast<std::int64_t>(rate)), counted);
  if (!more.empty()) text += "  " + more;
  return text.substr(0, width);
}

std::string progressJson(const std::string& verb, const std::string& unit, std::int64_t done, std::int64_t expected,
                         double elapsed_s) {
  return fmt::format(R"({{"progress": "{}", "unit": "{}", "done": {}, "expected": {}, "elapsed_s": {:.1f}}})", verb,
                     unit, done, expected > 0 ? std::to_string(expected) : "null", elapsed_s);
}

ProgressBar::ProgressBar(std::string verb, std::string unit)
    : verb_(std::move(verb)),
      unit_(std::move(unit)),
      terminal_(stderrIsTerminal()),
      begin_(Clock::now()),
      next_(begin_ + kSilence) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void ProgressBar::update(std::int64_t done, std::int64_t expected, const std::string& more) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  const double elapsed_s = std::chrono::duration<double>(now - begin_).count();
  if (terminal_) {
    next_ = now + kFrame;
    drawn_ = true;
    const std::string bar = barText(verb_, unit_, done, expected, elapsed_s, more, terminalWidth() - 1);
    std::fputs(("\r" + bar + "\033[K").c_str(), stderr);
  } else {
    next_ = now + std::chrono::seconds(1);
    std::fputs((progressJson(verb_, unit_, done, expected, elapsed_s) + "\n").c_str(), stderr);
  }
}

}  // namespace headroom::cli
