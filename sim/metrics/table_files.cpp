#include "sim/metrics/table_files.h"

#include <zstd.h>

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {

TableFile::TableFile(const std::filesystem::path& file, std::string_view columns, const std::string& what)
    : lines_(file) {
  std::string_view line;
  if (!lines_.next(line) || line != columns) {
    fail("is not a table of " + what + " of this version", "run the scenario again with --out");
  }
}

void TableFile::fail(const std::string& message, const std::string& hint) const {
  throw InputError({.file = lines_.file(), .line = std::max(lines_.lineNumber(), 1), .path = ""}, message, hint);
}

void writeCompressed(const std::filesystem::path& file, std::string_view text) {
  constexpr int kCompressionLevel = 3;
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), kCompressionLevel);
  CHECK(!ZSTD_isError(size), ZSTD_getErrorName(size));
  packed.resize(size);
  writeFileAtomically(file, packed);
}

}  // namespace headroom::sim
