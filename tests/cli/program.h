// Runs the real `headroom` as a new user would, in a folder of its own.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace headroom::cli {

struct Ended {
  int code = 0;  ///< exit code; 128 + signal if it was killed
  std::string out, err;
};

/// A folder that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const;
  /// Names in the folder, sorted.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path path_;
};

struct RunOptions {
  int file_size_limit = 0;    ///< largest file it may write, in units of 512 bytes; 0: no limit
  std::string stdout_file{};  ///< instead of catching it
  int signal = 0;             ///< sent as soon as `ready`
  /// Looked at with what stderr holds so far.
  std::function<bool(const std::string& err)> ready{};
};

Ended headroom(const std::vector<std::string>& arguments, const RunOptions& options = {});

std::filesystem::path sourceRoot();
std::string contentOf(const std::filesystem::path& file);
/// What a .zst file holds.
std::string decompressed(const std::filesystem::path& file);

}  // namespace headroom::cli
