// When replicas took no new requests, and why, from the start stages and the faults of a run. Times in which a replica
// is only slower are not absences.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::sim {

enum class Absence : std::uint8_t {
  starting,         ///< provisioning, image, initialisation; after a failure the whole cold start
  loading_weights,  ///< its weights are on their way
  draining,         ///< finishes what it has
  down,             ///< failed, reclaimed or cut off
};
inline constexpr std::size_t kAbsences = 4;
/// "starting", "loading-weights", "draining", "down".
const char* nameOf(Absence absence);

class ReplicaAbsences {
 public:
  /// What is named in the file; later ones are left out, so that memory stays bounded.
  static constexpr std::size_t kMost = 1 << 18;

  void add(std::uint32_t replica, Absence what, Ticks begin, Ticks end);
  /// From `at` on; none: it is back.
  void change(std::uint32_t replica, std::optional<Absence> what, Ticks at);
  /// Ends those that go on.
  void finish(Ticks at);

  bool empty() const { return spans_.empty(); }
  /// CSV: `columns()`, then a line for each, by replica and time.
  std::string csv() const;
  /// csv() compressed. Throws InputError if the file cannot be written.
  void write(const std::filesystem::path& file) const;
  static const std::string& columns();

 private:
  struct Span {
    std::uint32_t replica;
    Absence what;
    Ticks begin, end;
  };
  struct Open {
    Absence what;
    Ticks begin;
  };
  std::vector<Span> spans_;
  std::map<std::uint32_t, Open> open_;
};

/// What `write` wrote, by time for each replica; shorter than the run's replicas where the last ones were never away.
struct AbsenceSpan {
  double begin_s = 0, end_s = 0;
  Absence what = Absence::down;
};
/// Throws InputError with file and line if it is no such file.
std::vector<std::vector<AbsenceSpan>> readReplicaAbsences(const std::filesystem::path& file);

}  // namespace headroom::sim
