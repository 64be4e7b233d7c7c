// A folder of datasets/ with one YAML file an entry, named after it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace headroom {

class CatalogueFolder {
 public:
  /// `name` of the folder below datasets/, e.g. "accelerators".
  explicit CatalogueFolder(const std::string& name);
  /// Names of all entries, sorted.
  std::vector<std::string> names() const;
  bool has(const std::string& name) const;
  /// The file of an entry; `name` must be one that has() knows.
  std::filesystem::path file(const std::string& name) const { return folder_ / (name + ".yaml"); }

 private:
  std::filesystem::path folder_;
};

}  // namespace headroom
