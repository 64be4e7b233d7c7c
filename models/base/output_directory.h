// A folder of results that appears under its name whole or not at all: everything is written into a sibling with a
// temporary name and renamed at the end. Nothing is overwritten unless asked, and then only a folder of our own files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/base/error.h"

namespace headroom {

class OutputDirectory {
 public:
  /// `files`: the names that will be in it. Throws InputError: the folder holds something, lies below a file, cannot be
  /// created; with `overwrite`: it holds something else than `files`.
  OutputDirectory(const std::filesystem::path& folder, std::vector<std::string> files, bool overwrite);
  /// Removes what was not committed.
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  /// Where to write a file now.
  std::filesystem::path path(const std::string& file) const { return temporary_ / file; }
  void commit();
  /// The same error with the final name in place of the temporary one.
  InputError inFinalTerms(const InputError& error) const;

 private:
  void checkTarget() const;
  void createParents();

  std::filesystem::path target_, temporary_;
  std::vector<std::string> files_;
  bool overwrite_;
  bool committed_ = false;
  std::vector<std::filesystem::path> created_parents_;  // outermost first
};

/// Throws InputError if `file` exists and may not be overwritten.
void checkMayWrite(const std::filesystem::path& file, bool overwrite);

}  // namespace headroom
