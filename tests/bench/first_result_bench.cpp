// How long until a small simulation has answered, as a process of its own, beside a process that only starts: the
// median of 25 each, in turn.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "models/base/error.h"

namespace headroom {
namespace {

constexpr int kRuns = 25;

/// Milliseconds from the spawn to the end of the process.
double run(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {1, 2}) posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  int status = 0;
  const auto begin = std::chrono::steady_clock::now();
  CHECK(posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ) == 0, "the program starts");
  CHECK(waitpid(child, &status, 0) == child && status == 0, "the program succeeds");
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  posix_spawn_file_actions_destroy(&actions);
  return wall * 1e3;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + kRuns / 2, values.end());
  return values[kRuns / 2];
}

int runAll() {
  const std::string program = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "headroom").string();
  const std::vector<std::string> starts{program, "--version"};
  const std::vector<std::string> simulates{
      program, "simulate",   "--model", "llama-3.1-8b",    "--accelerator", "h100-sxm",        "--rate",
      "5 /s",  "--requests", "200",     "--prompt-tokens", "500",           "--output-tokens", "100"};
  std::vector<double> start_ms, result_ms;
  for (int i = 0; i < kRuns; ++i) {
    start_ms.push_back(run(starts));
    result_ms.push_back(run(simulates));
  }
  const double start = median(start_ms), result = median(result_ms);
  fmt::print("process start {:.1f} ms, first result after {:.1f} ms: {:.1f} ms beyond it (medians of {})\n", start,
             result, result - start, kRuns);
  return 0;
}

}  // namespace
}  // namespace headroom

int main() {
  return headroom::runAll();
}
