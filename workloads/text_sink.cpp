#include "workloads/text_sink.h"

#include <zlib.h>
#include <zstd.h>

#include <array>

#include "models/base/error.h"
#include "models/base/files.h"

namespace headroom::workloads {
namespace {

constexpr std::size_t kChunk = 1 << 16;

class PlainSink final : public TextSink {
 public:
  explicit PlainSink(const std::filesystem::path& file) : file_(file) {}
  void write(std::string_view text) override { file_.write(text); }
  void finish() override { file_.commit(); }

 private:
  AtomicFile file_;
};

class GzipSink final : public TextSink {
 public:
  explicit GzipSink(const std::filesystem::path& file) : file_(file) {
    constexpr int kGzipWindow = 15 + 16;
    CHECK(deflateInit2(&stream_, 9, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib refuses to start");
    header_.os = 255;  // unknown
    deflateSetHeader(&stream_, &header_);
  }
  ~GzipSink() override { deflateEnd(&stream_); }
  GzipSink(const GzipSink&) = delete;
  GzipSink& operator=(const GzipSink&) = delete;

  void write(std::string_view text) override { deflateText(text, Z_NO_FLUSH); }
  void finish() override {
    deflateText({}, Z_FINISH);
    file_.commit();
  }

 private:
  void deflateText(std::string_view text, int flush) {
    std::array<char, kChunk> out;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(out.data());
      stream_.avail_out = static_cast<uInt>(out.size());
      CHECK(deflate(&stream_, flush) != Z_STREAM_ERROR, "zlib lost its state");
      file_.write({out.data(), out.size() - stream_.avail_out});
    } while (stream_.avail_out == 0);
  }
  AtomicFile file_;
  z_stream stream_{};
  gz_header header_{};
};

class ZstdSink final : public TextSink {
 public:
  explicit ZstdSink(const std::filesystem::path& file) : file_(file), context_(ZSTD_createCCtx()) {
    CHECK(context_ != nullptr, "zstd gives no context");
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdSink() override { ZSTD_freeCCtx(context_); }
  ZstdSink(const ZstdSink&) = delete;
  ZstdSink& operator=(const ZstdSink&) = delete;

  void write(std::string_view text) override { compress(text, ZSTD_e_continue); }
  void finish() override {
    compress({}, ZSTD_e_end);
    file_.commit();
  }

 private:
  void compress(std::string_view text, ZSTD_EndDirective directive) {
    std::array<char, kChunk> bytes;
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{bytes.data(), bytes.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_, &out, &in, directive);
      CHECK(!ZSTD_isError(left), ZSTD_getErrorName(left));
      file_.write({bytes.data(), out.pos});
      if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) break;
    }
  }
  AtomicFile file_;
  ZSTD_CCtx* context_;
};

}  // namespace

std::unique_ptr<TextSink> openTextSink(const std::filesystem::path& file) {
  if (file.extension() == ".gz") return std::make_unique<GzipSink>(file);
  if (file.extension() == ".zst") return std::make_unique<ZstdSink>(file);
  return std::make_unique<PlainSink>(file);
}

}  // namespace headroom::workloads
