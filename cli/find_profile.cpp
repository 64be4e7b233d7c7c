#include "cli/find_profile.h"

#include <filesystem>

#include "models/base/files.h"

namespace headroom::cli {

models::Profile findProfileNamed(const std::string& name_or_file) {
  std::vector<std::string> names;
  for (const models::ProfileHeader& header : models::listProfiles()) {
    names.push_back(header.name);
    if (header.name != name_or_file) continue;
    return models::findProfile(models::findAccelerator(header.accelerator), header.engine, header.engine_version)
        .profile;
  }
  std::error_code ec;
  if (std::filesystem::is_regular_file(name_or_file, ec)) {
    return models::readProfile(readFile(name_or_file), name_or_file);
  }
  throw InputError("\"" + name_or_file + "\" is neither a profile nor a file", suggestion(name_or_file, names));
}

}  // namespace headroom::cli
