// Files: finding the shipped datasets, reading plain or gzipped lines, writing so that nothing is left half-written.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace headroom {

/// The `datasets/` folder: $HEADROOM_DATASETS if set, else found upwards from the executable, or in its
/// ../share/headroom. Throws InputError if there is none.
std::filesystem::path datasetsRoot();

/// Lines of a text file, plain, gzip or Zstandard (recognised by content). CR before LF is dropped.
class LineReader {
 public:
  /// Throws InputError if the file is missing or not readable.
  explicit LineReader(const std::filesystem::path& file);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;

  /// False at the end. `line` stays valid until the next call. Throws InputError on a damaged file.
  bool next(std::string_view& line);
  int lineNumber() const;  ///< 1-based, of the line last returned
  const std::string& file() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Content of a whole file. Throws InputError if it cannot be read.
std::string readFile(const std::filesystem::path& file);

/// Writes to `file`.partial, syncs, renames: either the whole content stands under the name, or nothing does.
/// Throws InputError (disk full, no permission, a parent that is a file).
void writeFileAtomically(const std::filesystem::path& file, std::string_view content);

/// The same for content that is made piece by piece; `commit()` publishes, otherwise the destructor removes it.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path file);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  [[noreturn]] void fail(const std::string& what, int error);
  std::filesystem::path file_;
  std::filesystem::path partial_;
  std::string buffer_;
  int descriptor_ = -1;
  void flush();
};

/// FNV-1a, 64 bits: names of contents (scenario hash, files by content), not security.
std::uint64_t hashBytes(std::string_view bytes, std::uint64_t seed = 0xcbf29ce484222325ULL);

/// hashBytes of a file's content, read piece by piece; of a folder, of the names and contents of the files in it, by
/// name. Throws InputError if one cannot be read.
std::uint64_t hashContent(const std::filesystem::path& file_or_folder);

}  // namespace headroom
