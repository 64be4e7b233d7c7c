#include "models/base/output_directory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace headroom {
namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& message, const std::string& hint = {}) {
  throw InputError({.file = path.string(), .line = 0, .path = ""}, message, hint);
}

/// Absolute, links resolved as far as the path exists, no slash at the end.
fs::path finalPath(const fs::path& folder) {
  std::error_code ec;
  fs::path path = fs::weakly_canonical(fs::absolute(folder), ec);
  if (ec) path = fs::absolute(folder).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

OutputDirectory::OutputDirectory(const fs::path& folder, std::vector<std::string> files, bool overwrite)
    : target_(finalPath(folder)), files_(std::move(files)), overwrite_(overwrite) {
  checkTarget();
  createParents();
  temporary_ = target_.parent_path() / fmt::format(".{}.partial-{}", target_.filename().string(), ::getpid());
  std::error_code ec;
  if (!fs::create_directory(temporary_, ec)) {
    const std::string reason = ec ? ec.message() : "its temporary name is taken";
    temporary_.clear();
    fail(target_, "cannot be created: " + reason);
  }
}

OutputDirectory::~OutputDirectory() {
  if (committed_) return;
  std::error_code ec;
  if (!temporary_.empty()) fs::remove_all(temporary_, ec);
  for (auto parent = created_parents_.rbegin(); parent != created_parents_.rend(); ++parent) fs::remove(*parent, ec);
}

void OutputDirectory::checkTarget() const {
  std::error_code ec;
  if (fs::equivalent(target_, fs::current_path(), ec)) fail(target_, "is the working directory", "name a new folder");
  if (!fs::exists(target_, ec)) return;
  if (!fs::is_directory(target_, ec)) fail(target_, "is a file, not a folder");
  for (const auto& entry : fs::directory_iterator(target_, ec)) {
    if (!overwrite_) fail(target_, "exists and is not empty", "name a new folder, or give --overwrite");
    const std::string name = entry.path().filename().string();
    if (std::find(files_.begin(), files_.end(), name) == files_.end()) {
      fail(target_, fmt::format("holds \"{}\", which Headroom did not write", name), "name a new folder");
    }
  }
  if (ec) fail(target_, "cannot be read: " + ec.message());
}

void OutputDirectory::createParents() {
  std::vector<fs::path> missing;
  std::error_code ec;
  fs::path parent = target_.parent_path();
  for (; !fs::exists(parent, ec) && parent != parent.parent_path(); parent = parent.parent_path()) {
    missing.push_back(parent);
  }
  if (!fs::is_directory(parent, ec)) fail(target_, fmt::format("lies below \"{}\", which is a file", parent.string()));
  for (auto path = missing.rbegin(); path != missing.rend(); ++path) {
    if (!fs::create_directory(*path, ec) && ec) fail(*path, "cannot be created: " + ec.message());
    created_parents_.push_back(*path);
  }
}

void OutputDirectory::commit() {
  std::error_code ec;
  fs::path replaced;
  if (overwrite_ && fs::exists(target_, ec)) {
    replaced = temporary_.string() + ".replaced";
    fs::rename(target_, replaced, ec);
    if (ec) fail(target_, "cannot be replaced: " + ec.message());
  }
  fs::rename(temporary_, target_, ec);
  if (ec) {
    std::error_code ignored;
    if (!replaced.empty()) fs::rename(replaced, target_, ignored);
    fail(target_, "cannot be created: " + ec.message(), "nothing was left under this name");
  }
  committed_ = true;
  if (!replaced.empty()) fs::remove_all(replaced, ec);
}

InputError OutputDirectory::inFinalTerms(const InputError& error) const {
  InputError::Where where = error.where();
  if (!where.file.starts_with(temporary_.string())) return error;
  where.file.replace(0, temporary_.string().size(), target_.string());
  return InputError(where, error.message(), error.hint());
}

void checkMayWrite(const fs::path& file, bool overwrite) {
  std::error_code ec;
  if (!overwrite && fs::exists(file, ec)) fail(file, "exists already", "name a new file, or give --overwrite");
}

}  // namespace headroom
