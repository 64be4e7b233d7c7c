// Text into a file, compressed if its name ends in .gz or .zst: a whole file or none. Same text, same bytes: the gzip
// header carries no time and no system.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

namespace headroom::workloads {

class TextSink {
 public:
  virtual ~TextSink() = default;
  virtual void write(std::string_view text) = 0;
  /// Publishes the file; without it nothing is left under its name.
  virtual void finish() = 0;
};

/// InputError, here and in every call, if the file cannot be written.
std::unique_ptr<TextSink> openTextSink(const std::filesystem::path& file);

}  // namespace headroom::workloads
