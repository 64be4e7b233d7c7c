// What the desktop program asks of a worker, and what it hears back, as lines of JSON. A task is one line; its answer
// is any number of events and then one outcome, all with its id:
//   check  does this scenario read and fit? Memory of each pool, or the error with line and path. Plans are kept, so
//   that
//          a change of the load or the replicas answers at once.
//   run    the whole run with its files in a new folder; progress with live figures, at most 20 a second.
//   plan   the search of a study: every run as a candidate, progress, and at the end the plan.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "planner/job.h"

namespace headroom::planner {

struct Task {
  enum class Kind { check, run, plan };
  std::uint64_t id = 0;
  Kind kind = Kind::check;
  std::string text{};     ///< of a scenario, or of a study
  std::string file{};    ///< what its file names are relative to, and errors name; need not exist
  std::string out{};      ///< run: the folder to be made
  std::string program{};  ///< plan: what to start as workers; empty: this program
  int workers = 0;      ///< plan: processes; 0: one a core
  bool operator==(const Task&) const = default;
};

/// Is this a task? If not, it is a Job.
bool isTask(const std::string& line);
std::string toLine(const Task& task);
/// Throws InputError on a line that is not one.
Task taskFromLine(const std::string& line);

/// Told of each line, without the newline.
using Tell = std::function<void(const std::string& line)>;

/// Runs a task in this process; the last line told is its outcome. Wrong input, and what does not fit, are outcomes.
void runTask(const Task& task, PlanCache& cache, const Tell& tell);

/// The outcome of a task whose process died.
std::string crashLine(const Task& task, const std::string& why);

}  // namespace headroom::planner
