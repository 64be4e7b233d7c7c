#include "models/cost/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <tuple>

#include "models/base/files.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

/// Numbers of a version in order: "0.14.1rc2" -> 0, 14, 1, 2.
std::array<int, 4> versionNumbers(const std::string& version) {
  std::array<int, 4> numbers{};
  std::size_t field = 0;
  for (const char* p = version.data(); p < version.data() + version.size() && field < numbers.size();) {
    const auto [end, error] = std::from_chars(p, version.data() + version.size(), numbers[field]);
    if (error == std::errc()) ++field;
    p = end == p ? p + 1 : end;
  }
  return numbers;
}

/// Smaller is nearer: first by major number, then by minor, and so on.
std::array<int, 4> versionDistance(const std::string& a, const std::string& b) {
  std::array<int, 4> distance = versionNumbers(a);
  const std::array<int, 4> other = versionNumbers(b);
  for (std::size_t i = 0; i < distance.size(); ++i) distance[i] = std::abs(distance[i] - other[i]);
  return distance;
}

std::string firstBytes(const fs::path& file, std::size_t count) {
  std::ifstream in(file, std::ios::binary);
  std::string text(count, '\0');
  in.read(text.data(), static_cast<std::streamsize>(count));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
  return text;
}

constexpr const char* kMostMeasuredEngine = "vllm";  // lends what other engines have no tables of

struct Shipped {
  fs::path file;
  ProfileHeader header;
};

/// Of one accelerator, whose files are named <accelerator>_<engine>-<version>.json; of all if it is empty.
std::vector<Shipped> shippedProfiles(const std::string& accelerator = {}) {
  const std::string prefix = accelerator.empty() ? "" : accelerator + "_";
  std::vector<Shipped> found;
  const fs::path folder = datasetsRoot() / "profiles";
  if (!fs::is_directory(folder)) return found;
  constexpr std::size_t kHeaderBytes = 8192;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path name = entry.path().filename();
    if (name.extension() != ".json" || !name.string().starts_with(prefix)) continue;
    found.push_back({entry.path(), readProfileHeader(firstBytes(entry.path(), kHeaderBytes), entry.path().string())});
  }
  std::sort(found.begin(), found.end(),
            [](const Shipped& a, const Shipped& b) { return a.header.name < b.header.name; });
  return found;
}

/// The wanted engine before others, then the nearest version, then the newest.
const Shipped* nearest(const std::vector<Shipped>& shipped, const std::string& accelerator, const std::string& engine,
                       const std::string& version) {
  const auto rank = [&](const ProfileHeader& header) {
    std::array<int, 4> distance{};
    if (!version.empty() && header.engine == engine) distance = versionDistance(header.engine_version, version);
    std::array<int, 4> age = versionNumbers(header.engine_version);
    for (int& number : age) number = -number;
    return std::tuple(header.engine != engine, distance, age);
  };
  const Shipped* best = nullptr;
  for (const Shipped& candidate : shipped) {
    if (candidate.header.accelerator != accelerator) continue;
    if (best == nullptr || rank(candidate.header) < rank(best->header)) best = &candidate;
  }
  return best;
}

/// Whether two tables answer the same kind of question: the operation, for GEMM and experts in the same number format.
bool sameKind(const TableKey& a, const TableKey& b) {
  const KeyKind kind = infoOf(a.operation).key;
  const bool by_format = kind == KeyKind::weights || kind == KeyKind::experts || kind == KeyKind::heads;
  return a.operation == b.operation && (!by_format || a.precision == b.precision);
}

/// Collectives of a library are the same under every engine.
bool belongsToLibrary(Operation operation) {
  return operation == Operation::nccl_all_reduce || operation == Operation::nccl_all_gather ||
         operation == Operation::nccl_reduce_scatter || operation == Operation::nccl_all_to_all;
}

/// The kinds of questions that tables answer.
class Kinds {
 public:
  explicit Kinds(const std::vector<Table>& tables) {
    for (const Table& table : tables) {
      if (keys_.empty() || !sameKind(keys_.back(), table.key)) keys_.push_back(table.key);
    }
  }
  bool have(const TableKey& key) const {
    return std::any_of(keys_.begin(), keys_.end(), [&](const TableKey& k) { return sameKind(k, key); });
  }

 private:
  std::vector<TableKey> keys_;  // one of each kind
};

/// Adds the kinds of tables that `profile` lacks from another profile of the same accelerator.
void borrow(Profile& profile, const fs::path& file) {
  Profile lender =
      readProfileLazily(file, [kinds = Kinds(profile.tables)](const TableKey& key) { return kinds.have(key); });
  const std::string name = lender.header.engine + "-" + lender.header.engine_version;
  for (Table& table : lender.tables) {
    if (table.borrowed_from.empty() && !belongsToLibrary(table.key.operation)) table.borrowed_from = name;
    profile.tables.push_back(std::move(table));
  }
  const auto borrowed = profile.tables.end() - static_cast<std::ptrdiff_t>(lender.tables.size());
  std::inplace_merge(profile.tables.begin(), borrowed, profile.tables.end(),
                     [](const Table& a, const Table& b) { return a.key < b.key; });
}

Profile specProfile(const Accelerator& accelerator) {
  ProfileHeader header;
  header.name = accelerator.name + "/spec";
  header.accelerator = accelerator.name;
  header.engine = "none";
  header.origin = "data sheet only: roofline times";
  header.peaks = peaksOf(accelerator);
  return {header, {}};
}

}  // namespace

const Table* Profile::find(const TableKey& key) const {
  const auto at = std::lower_bound(tables.begin(), tables.end(), key,
                                   [](const Table& table, const TableKey& wanted) { return table.key < wanted; });
  return at != tables.end() && at->key == key ? &*at : nullptr;
}

FoundProfile findProfile(const Accelerator& accelerator, const std::string& engine, const std::string& version) {
  FoundProfile found;
  found.asked = fmt::format("{}/{}{}{}", accelerator.name, engine, version.empty() ? "" : "-", version);
  const std::vector<Shipped> shipped = shippedProfiles(accelerator.name);
  const Shipped* best = nearest(shipped, accelerator.name, engine, version);
  found.profile = best == nullptr ? specProfile(accelerator) : readProfileLazily(best->file);
  const Shipped* lender = nearest(shipped, accelerator.name, kMostMeasuredEngine, "");
  if (lender != nullptr && lender->file != best->file) {
    borrow(found.profile, lender->file);
  }
  const ProfileHeader& header = found.profile.header;
  found.engine_differs = header.engine != engine;
  found.version_differs = !found.engine_differs && !version.empty() && header.engine_version != version;
  return found;
}

FoundProfile loadProfile(const fs::path& file, const Accelerator& accelerator) {
  FoundProfile found{readProfile(readFile(file), file.string()), file.string()};
  if (found.profile.header.accelerator != accelerator.name) {
    throw InputError(
        {.file = file.string(), .line = 0, .path = "/accelerator"},
        fmt::format("this is a profile of {}, not of {}", found.profile.header.accelerator, accelerator.name));
  }
  return found;
}

std::vector<ProfileHeader> listProfiles() {
  std::vector<ProfileHeader> headers;
  for (const Shipped& shipped : shippedProfiles()) headers.push_back(shipped.header);
  return headers;
}

std::string peaksProblem(const ProfileHeader& header, const Accelerator& accelerator) {
  constexpr double kTolerance = 0.02;  // rounding on data sheets; a sparse peak taken for a dense one is a factor of 2
  const Peaks now = peaksOf(accelerator);
  const auto compare = [&](const char* what, double fitted, double catalogue) -> std::string {
    if (std::abs(fitted - catalogue) <= kTolerance * std::max(fitted, catalogue)) return "";
    return fmt::format("profile {} was fitted for {:.4g} of {}, {} now has {:.4g}: fit it again", header.name, fitted,
                       what, accelerator.name, catalogue);
  };
  for (const std::string& problem : {compare("bf16 flop/s", header.peaks.bf16.value(), now.bf16.value()),
                                     compare("fp8 flop/s", header.peaks.fp8.value(), now.fp8.value()),
                                     compare("memory bytes/s", header.peaks.memory.value(), now.memory.value())}) {
    if (!problem.empty()) return problem;
  }
  return "";
}

}  // namespace headroom::models
