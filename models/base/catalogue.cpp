#include "models/base/catalogue.h"

#include <algorithm>

#include "models/base/files.h"

namespace headroom {
namespace fs = std::filesystem;

CatalogueFolder::CatalogueFolder(const std::string& name) : folder_(datasetsRoot() / name) {}

std::vector<std::string> CatalogueFolder::names() const {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder_, ec)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool CatalogueFolder::has(const std::string& name) const {
  const bool is_a_name =
      !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") == std::string::npos;
  std::error_code ec;
  return is_a_name && fs::exists(file(name), ec);
}

}  // namespace headroom
