// Kernel times of one accelerator under one engine, as a value and as a file (schema headroom.profile/2, JSON).
// The data-sheet figures behind the speeds of light are stored with the tables, so that a later change of the catalogue
// cannot change times. Values are decoded by hand (flat_json.h): a profile holds hundreds of thousands of numbers.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/error.h"
#include "models/cost/operation.h"
#include "models/cost/table.h"

namespace headroom::models {

inline constexpr const char* kProfileSchema = "headroom.profile/2";
inline constexpr const char* kProfileValuesUnit = "ln/1000";  ///< of Table::values

/// Everything about a profile but its tables.
struct ProfileHeader {
  std::string name;         ///< e.g. h100-sxm/vllm-0.24.0
  std::string accelerator;  ///< catalogue name
  std::string engine;
  std::string engine_version;
  std::string origin;   ///< who measured what, where it was published
  std::string date;     ///< of the publication, YYYY-MM-DD
  std::string licence;  ///< of the data
  Peaks peaks;
  bool operator==(const ProfileHeader&) const = default;
};

struct Profile {
  ProfileHeader header;
  std::vector<Table> tables;  ///< ordered by key, no key twice

  /// Null if there is none.
  const Table* find(const TableKey& key) const;
  bool operator==(const Profile&) const = default;
};

/// Throws InputError with the file and the place in it. `text` is what the file holds.
Profile readProfile(std::string_view text, const std::string& file);
/// The same of a shipped file, whose values are decoded and checked only when a kernel asks for them. Items are passed
/// over whose tables are `unwanted` by what they share: operation and number formats.
Profile readProfileLazily(const std::filesystem::path& file, std::function<bool(const TableKey&)> unwanted = {});
/// Reads the header and stops there.
ProfileHeader readProfileHeader(std::string_view text, const std::string& file);
std::string toJson(const Profile& profile);

/// What was asked for and what was found.
struct FoundProfile {
  Profile profile;
  std::string asked;            ///< e.g. h100-sxm/vllm-0.23.1
  bool engine_differs = false;  ///< no table of that engine: another engine's, or none at all
  bool version_differs = false;
};

/// The shipped profile of this accelerator with the nearest version of the engine (the newest if `version` is empty);
/// another engine's if there is none. Kinds of tables it lacks are borrowed from the accelerator's newest vLLM profile,
/// and say so. A profile without tables (tier spec throughout) if the accelerator has none.
FoundProfile findProfile(const Accelerator& accelerator, const std::string& engine, const std::string& version);
/// A user's own file. Throws InputError if it is of another accelerator.
FoundProfile loadProfile(const std::filesystem::path& file, const Accelerator& accelerator);
/// Headers of the shipped profiles, by name.
std::vector<ProfileHeader> listProfiles();

/// Why a profile does not fit the catalogue's accelerator ("fitted for 1979 TFLOP/s of bf16, ..."), or "".
std::string peaksProblem(const ProfileHeader& header, const Accelerator& accelerator);

}  // namespace headroom::models
