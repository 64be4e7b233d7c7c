#include "models/base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "models/base/byte_source.h"
#include "models/base/error.h"

namespace headroom {
namespace fs = std::filesystem;

fs::path datasetsRoot() {
  if (const char* given = std::getenv("HEADROOM_DATASETS"); given != nullptr && *given != '\0') {
    if (!fs::exists(fs::path(given) / "SOURCES.md")) {
      throw InputError({.file = given, .line = 0, .path = ""}, "HEADROOM_DATASETS is not a datasets folder",
                       "it must hold SOURCES.md");
    }
    return given;
  }
  std::error_code ec;
  for (fs::path dir = fs::read_symlink("/proc/self/exe", ec).parent_path(); !dir.empty(); dir = dir.parent_path()) {
    for (const char* name : {"datasets", "share/headroom/datasets"}) {
      if (fs::exists(dir / name / "SOURCES.md", ec)) return dir / name;
    }
    if (dir == dir.root_path()) break;
  }
  throw InputError("the datasets folder was not found near the program", "set HEADROOM_DATASETS to it");
}

struct LineReader::State {
  std::string name;
  std::unique_ptr<ByteSource> source;
  std::vector<char> buffer = std::vector<char>(1 << 16);
  std::size_t begin = 0, end = 0;
  std::string carried;  // start of a line that crosses buffers
  int line_number = 0;
  bool fill() {
    begin = 0;
    try {
      end = source->read(buffer.data(), buffer.size());
    } catch (const std::runtime_error& e) {
      throw InputError({.file = name, .line = line_number, .path = ""},
                       fmt::format("damaged or truncated file: {}", e.what()));
    }
    return end > 0;
  }
};

LineReader::LineReader(const fs::path& file) : state_(std::make_unique<State>()) {
  state_->name = file.string();
  state_->source = openBytes(file);
}
LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

bool LineReader::next(std::string_view& line) {
  State& s = *state_;
  s.carried.clear();
  for (;;) {
    if (s.begin == s.end && !s.fill()) {
      if (s.carried.empty()) return false;
      line = s.carried;
      break;
    }
    const char* start = s.buffer.data() + s.begin;
    const auto* newline = static_cast<const char*>(std::memchr(start, '\n', s.end - s.begin));
    if (newline == nullptr) {
      s.carried.append(start, s.end - s.begin);
      s.begin = s.end;
      if (s.carried.size() > (1 << 24)) {
        throw InputError({.file = s.name, .line = s.line_number + 1, .path = ""}, "a line is longer than 16 MiB");
      }
      continue;
    }
    const auto length = static_cast<std::size_t>(newline - start);
    s.begin += length + 1;
    if (s.carried.empty()) {
      line = std::string_view(start, length);
    } else {
      s.carried.append(start, length);
      line = s.carried;
    }
    break;
  }
  ++s.line_number;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}
int LineReader::lineNumber() const {
  return state_->line_number;
}
const std::string& LineReader::file() const {
  return state_->name;
}

std::string readFile(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::error_code ec;
  if (!in || fs::is_directory(file, ec)) {
    throw InputError({.file = file.string(), .line = 0, .path = ""}, "no such file, or not readable");
  }
  const auto size = fs::file_size(file, ec);  // a pipe has none
  std::string text(ec ? 0 : static_cast<std::size_t>(size), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  text.append(std::istreambuf_iterator<char>(in), {});
  return text;
}

namespace {

std::uint64_t hashFile(const fs::path& file, std::uint64_t seed) {
  std::ifstream in(file, std::ios::binary);
  std::array<char, 1 << 16> chunk;
  std::uint64_t hash = seed;
  while (in) {
    in.read(chunk.data(), chunk.size());
    hash = hashBytes({chunk.data(), static_cast<std::size_t>(in.gcount())}, hash);
  }
  if (!in.eof()) throw InputError({.file = file.string(), .line = 0, .path = ""}, "no such file, or not readable");
  return hash;
}

}  // namespace

std::uint64_t hashContent(const fs::path& file_or_folder) {
  std::error_code ec;
  if (!fs::is_directory(file_or_folder, ec)) return hashFile(file_or_folder, hashBytes({}));
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(file_or_folder, ec)) {
    if (entry.is_regular_file()) files.insert(entry.path());
  }
  if (ec) throw InputError({.file = file_or_folder.string(), .line = 0, .path = ""}, "not a folder that can be read");
  std::uint64_t hash = hashBytes({});
  for (const fs::path& file : files) hash = hashFile(file, hashBytes(file.filename().string(), hash));
  return hash;
}

AtomicFile::AtomicFile(fs::path file) : file_(std::move(file)), partial_(file_.string() + ".partial") {
  descriptor_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail("cannot be created", errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(partial_.c_str());
  }
}

void AtomicFile::fail(const std::string& what, int error) {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(partial_.c_str());
    descriptor_ = -1;
  }
  throw InputError({.file = file_.string(), .line = 0, .path = ""}, fmt::format("{}: {}", what, std::strerror(error)),
                   "nothing was left under this name");
}

void AtomicFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("cannot be written", errno);
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void AtomicFile::write(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= (1 << 18)) flush();
}

void AtomicFile::commit() {
  flush();
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail("cannot be written", errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot be written", errno);
  if (::rename(partial_.c_str(), file_.c_str()) != 0) {
    const int error = errno;
    ::unlink(partial_.c_str());
    fail("cannot be written", error);
  }
}

void writeFileAtomically(const fs::path& file, std::string_view content) {
  AtomicFile out(file);
  out.write(content);
  out.commit();
}

std::uint64_t hashBytes(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t hash = seed;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace headroom
