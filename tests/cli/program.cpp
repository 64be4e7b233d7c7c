#include "tests/cli/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace headroom::cli {
namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "headroom-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code ec;
  fs::remove_all(path_, ec);
}
std::string TemporaryFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return (path_ / name).string();
}
std::vector<std::string> TemporaryFolder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

namespace {

std::vector<std::string> commandLine(const std::vector<std::string>& arguments, int file_size_limit) {
  std::vector<std::string> line;
  if (file_size_limit > 0) {
    line = {"/bin/sh", "-c", "ulimit -f " + std::to_string(file_size_limit) + "; exec \"$0\" \"$@\""};
  }
  line.emplace_back(HEADROOM_PROGRAM);
  line.insert(line.end(), arguments.begin(), arguments.end());
  return line;
}

pid_t spawn(std::vector<std::string> line, const std::string& out, const std::string& err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  std::vector<char*> words;
  for (std::string& word : line) words.push_back(word.data());
  words.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawn(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start " + line[0]);
  return child;
}

/// False if it never became true.
bool waitUntil(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < give_up) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace

Ended headroom(const std::vector<std::string>& arguments, const RunOptions& options) {
  const TemporaryFolder streams;
  const std::string err_file = (streams.path() / "err").string();
  const std::string out_file = options.stdout_file.empty() ? (streams.path() / "out").string() : options.stdout_file;
  const pid_t child = spawn(commandLine(arguments, options.file_size_limit), out_file, err_file);
  if (options.signal != 0) {
    waitUntil([&] { return options.ready(contentOf(err_file)); });
    ::kill(child, options.signal);
  }
  int status = 0;
  // A program that does not end is a failure, not a test that hangs.
  if (!waitUntil([&] { return ::waitpid(child, &status, WNOHANG) == child; })) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }
  Ended ended;
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (options.stdout_file.empty()) ended.out = contentOf(out_file);
  ended.err = contentOf(err_file);
  return ended;
}

fs::path sourceRoot() {
  return HEADROOM_SOURCE_ROOT;
}

std::string contentOf(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::string decompressed(const fs::path& file) {
  const std::string compressed = contentOf(file);
  std::string text;
  std::vector<char> buffer(ZSTD_DStreamOutSize());
  ZSTD_DCtx* context = ZSTD_createDCtx();
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  while (in.pos < in.size) {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    if (ZSTD_isError(ZSTD_decompressStream(context, &out, &in))) throw std::runtime_error("damaged " + file.string());
    text.append(buffer.data(), out.pos);
  }
  ZSTD_freeDCtx(context);
  return text;
}

}  // namespace headroom::cli
