// The bytes of a file, unpacked if it is gzip or Zstandard (recognised by content).
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

namespace headroom {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Up to `size` bytes; 0 at the end. Throws std::runtime_error saying what is wrong with the file.
  virtual std::size_t read(char* bytes, std::size_t size) = 0;
};

/// Throws InputError if the file is missing, a folder or not readable.
std::unique_ptr<ByteSource> openBytes(const std::filesystem::path& file);

}  // namespace headroom
