// From the options of `simulate` to a scenario: a file, or the short form, which is the same document written as
// options (one option, one place in it) and read by the same reader.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace headroom::cli {

/// An option of the short form.
struct ShortOption {
  const char* name;   ///< with dashes
  const char* value;  ///< shape, for --help
  const char* summary;
  const char* path;  ///< where it goes in the scenario
};
std::span<const ShortOption> shortOptions();

/// Files of datasets/scenarios, by name: scenarios and studies.
std::vector<std::filesystem::path> shippedScenarios();

/// `file` is a path or the name of a shipped scenario. Throws InputError; errors in the short form name the option.
sim::Scenario readScenarioOptions(const std::string& file, const std::map<std::string, std::string>& short_form,
                                  const std::vector<std::string>& set, std::optional<std::uint64_t> seed);

struct TraceName {
  std::string format, file;
};
/// `azure:FILE`. Throws InputError.
TraceName parseTraceName(const std::string& text, const std::string& option);

}  // namespace headroom::cli
