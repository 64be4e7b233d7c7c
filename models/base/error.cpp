#include "models/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace headroom {
namespace {

std::string describe(const InputError::Where& where, const std::string& message, const std::string& hint) {
  std::string text;
  if (!where.file.empty()) text += where.line > 0 ? fmt::format("{}:{}: ", where.file, where.line) : where.file + ": ";
  if (!where.path.empty()) text += where.path + ": ";
  text += message;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

std::size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace

InputError::InputError(Where where, const std::string& message, const std::string& hint)
    : std::runtime_error(describe(where, message, hint)), where_(std::move(where)), message_(message), hint_(hint) {}

void checkFailed(const char* condition, const char* file, int line, const std::string& message) {
  const std::string_view path(file);
  throw BugError(
      fmt::format("{}:{}: CHECK({}) failed: {}", path.substr(path.find_last_of('/') + 1), line, condition, message));
}

std::string closestName(std::string_view name, std::span<const std::string> known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t d = editDistance(name, candidate);
    if (d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  if (!best.empty()) return best;
  for (const std::string& candidate : known) {
    if (name.size() >= 2 && candidate.starts_with(name)) return candidate;
  }
  return {};
}

std::string suggestion(std::string_view name, std::span<const std::string> known) {
  if (const std::string best = closestName(name, known); !best.empty())
    return fmt::format("did you mean \"{}\"?", best);
  return fmt::format("known: {}", fmt::join(known, ", "));
}

}  // namespace headroom
