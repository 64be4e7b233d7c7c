// Worker processes that run jobs in parallel. Spawned, not forked: the caller may be large.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "planner/job.h"

namespace headroom::planner {

class WorkerPool {
 public:
  /// Starts `workers` processes `program worker`. Throws InputError if they cannot be started.
  WorkerPool(std::string program, int workers);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Runs all jobs, in any order; outcomes in the order of `jobs`. A job whose worker dies is tried once more, then it
  /// is `crashed`. `finished` is called after each. Returns early with the rest `timed_out` when `*stop` becomes true.
  std::vector<JobOutcome> run(const std::vector<Job>& jobs, const std::function<void()>& finished = {},
                              const std::atomic<bool>* stop = nullptr);
  int workers() const { return static_cast<int>(workers_.size()); }
  /// Process ids, for tests that kill one.
  std::vector<int> processIds() const;

 private:
  struct Worker {
    int process = -1;
    int to = -1, from = -1;  // pipes
    std::string buffer;
    std::int64_t job = -1;  // index into the jobs of this run; -1: idle
  };
  void start(Worker& worker);
  void shutDown(Worker& worker, bool kill);
  bool send(Worker& worker, const Job& job);
  bool receive(Worker& worker, std::string& line);

  std::string program_;
  std::vector<Worker> workers_;
};

/// The running program itself, to be spawned as a worker.
std::string thisProgram();

}  // namespace headroom::planner
