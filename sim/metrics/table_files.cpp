#include "sim/metrics/table_files.h"

#include <zstd.h>

#include <string>

#include "models/base/error.h"
#include "models/base/files.h"

namespace headroom::sim {

void writeCompressed(const std::filesystem::path& file, std::string_view text) {
  constexpr int kCompressionLevel = 3;
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), kCompressionLevel);
  CHECK(!ZSTD_isError(size), ZSTD_getErrorName(size));
  packed.resize(size);
  writeFileAtomically(file, packed);
}

}  // namespace headroom::sim
