// A trace file that lives as long as the replay that needs it.
#pragma once

#include <filesystem>
#include <string_view>

namespace headroom::sim {

class TemporaryTrace {
 public:
  explicit TemporaryTrace(std::string_view content);
  ~TemporaryTrace();
  TemporaryTrace(const TemporaryTrace&) = delete;
  TemporaryTrace& operator=(const TemporaryTrace&) = delete;
  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
};

}  // namespace headroom::sim
