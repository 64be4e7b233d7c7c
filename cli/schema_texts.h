// The files of cli/schemas, compiled in.
#pragma once

#include <vector>

namespace headroom::cli {

struct SchemaText {
  const char* kind;
  const char* json;
};
const std::vector<SchemaText>& schemaTexts();

}  // namespace headroom::cli
