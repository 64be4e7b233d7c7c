// A study as a value: a base scenario, what may vary, what must hold, what to minimise. Schema headroom.study/1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/base/document.h"
#include "sim/scenario.h"

namespace headroom::planner {

inline constexpr const char* kStudySchema = "headroom.study/1";

/// One dimension of the search: a path into the scenario and the values it may take.
struct Domain {
  std::string path;                  ///< with `/` between keys
  std::vector<std::string> choices;  ///< YAML text of each value
  bool operator==(const Domain&) const = default;
};

struct ReplicaRange {
  int min = 1, max = 64;
  bool operator==(const ReplicaRange&) const = default;
};

struct Constraints {
  std::optional<double> attainment;  ///< instead of the SLOs' own
  double confidence = 0.9;           ///< that the recommendation attains it, over seeds
  bool operator==(const Constraints&) const = default;
};

/// Whichever is reached first. A budget of runs gives the same plan every time; one of wall time may not.
struct Budget {
  std::optional<Seconds> wall;
  std::optional<std::int64_t> runs;
  bool operator==(const Budget&) const = default;
};

struct Study {
  std::string name;
  Document base;                ///< a scenario
  std::vector<Domain> domains;  ///< all but the number of replicas
  std::string replicas_path;    ///< deployments/0/pools/0/replicas
  ReplicaRange replicas;
  std::string objective = "cost_usd_per_h";
  Constraints constraints;
  Budget budget;
  std::uint64_t shapes() const;  ///< combinations of the domains
};

/// Checks everything that can be checked before any run, each choice in the base scenario included. Throws InputError.
Study readStudy(const Document& document);

/// One combination of the domains: path -> value.
using Assignment = std::vector<std::pair<std::string, std::string>>;
Assignment assignmentAt(const Study& study, std::uint64_t index);
/// The base scenario with these values and that many replicas.
sim::Scenario scenarioAt(const Study& study, const Assignment& assignment, int replicas);

}  // namespace headroom::planner
