#include "models/base/byte_source.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "models/base/error.h"

namespace headroom {
namespace {

namespace fs = std::filesystem;

/// gzip, and what is not packed at all.
class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(gzFile file) : file_(file) { gzbuffer(file_, 1 << 17); }
  ~GzipSource() override { gzclose(file_); }
  std::size_t read(char* bytes, std::size_t size) override {
    const int got = gzread(file_, bytes, static_cast<unsigned>(size));
    int error = Z_OK;
    const char* message = gzerror(file_, &error);
    if (got < 0 || (error != Z_OK && error != Z_STREAM_END)) {
      throw std::runtime_error(error == Z_BUF_ERROR ? "unexpected end" : message);
    }
    return static_cast<std::size_t>(got);
  }

 private:
  gzFile file_;
};

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(std::FILE* file) : file_(file), context_(ZSTD_createDCtx()), packed_(ZSTD_DStreamInSize()) {
    CHECK(context_ != nullptr, "zstd gives no context");
  }
  ~ZstdSource() override {
    ZSTD_freeDCtx(context_);
    std::fclose(file_);
  }
  std::size_t read(char* bytes, std::size_t size) override {
    ZSTD_outBuffer out{bytes, size, 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size) {
        in_ = {packed_.data(), std::fread(packed_.data(), 1, packed_.size(), file_), 0};
        if (in_.size == 0) {
          if (frame_left_ != 0) throw std::runtime_error("unexpected end");
          return 0;
        }
      }
      frame_left_ = ZSTD_decompressStream(context_, &out, &in_);
      if (ZSTD_isError(frame_left_)) throw std::runtime_error(ZSTD_getErrorName(frame_left_));
    }
    return out.pos;
  }

 private:
  std::FILE* file_;
  ZSTD_DCtx* context_;
  std::vector<char> packed_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::size_t frame_left_ = 0;
};

bool isZstd(std::FILE* file) {
  constexpr std::array<unsigned char, 4> kMagic{0x28, 0xb5, 0x2f, 0xfd};
  std::array<unsigned char, 4> head{};
  const bool same = std::fread(head.data(), 1, head.size(), file) == head.size() && head == kMagic;
  std::rewind(file);
  return same;
}

}  // namespace

std::unique_ptr<ByteSource> openBytes(const fs::path& file) {
  const auto fail = [&](const std::string& why) {
    throw InputError({.file = file.string(), .line = 0, .path = ""}, why);
  };
  std::error_code ec;
  if (fs::is_directory(file, ec)) fail("is a directory, not a file");
  if (fs::is_regular_file(file, ec)) {  // a pipe can be read once only, and is not looked at
    std::FILE* opened = std::fopen(file.c_str(), "rb");
    if (opened == nullptr) fail(fmt::format("cannot be read: {}", std::strerror(errno)));
    if (isZstd(opened)) return std::make_unique<ZstdSource>(opened);
    std::fclose(opened);
  }
  const gzFile opened = gzopen(file.c_str(), "rb");
  if (opened == nullptr) fail(fmt::format("cannot be read: {}", std::strerror(errno)));
  return std::make_unique<GzipSource>(opened);
}

}  // namespace headroom
