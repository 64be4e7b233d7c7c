#include "planner/worker_pool.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "models/base/error.h"

extern char** environ;

namespace headroom::planner {

std::string thisProgram() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

WorkerPool::WorkerPool(std::string program, int workers) : program_(std::move(program)) {
  CHECK(workers > 0, "a pool needs a worker");
  ::signal(SIGPIPE, SIG_IGN);  // a dead worker shows as a failed write
  workers_.resize(static_cast<std::size_t>(workers));
  for (Worker& worker : workers_) start(worker);
}

WorkerPool::~WorkerPool() {
  for (Worker& worker : workers_) shutDown(worker, worker.job >= 0);
}

void WorkerPool::start(Worker& worker) {
  int in[2], out[2];
  CHECK(::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0, "no pipe for a worker");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  std::string verb = "worker";
  char* arguments[] = {program_.data(), verb.data(), nullptr};
  pid_t process = -1;
  const int error = ::posix_spawn(&process, program_.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  if (error != 0) {
    ::close(in[1]);
    ::close(out[0]);
    throw InputError({.file = program_, .line = 0, .path = ""},
                     std::string("cannot be started: ") + std::strerror(error));
  }
  worker = Worker{};
  worker.process = process;
  worker.to = in[1];
  worker.from = out[0];
}

void WorkerPool::shutDown(Worker& worker, bool kill) {
  if (worker.process < 0) return;
  if (kill) ::kill(worker.process, SIGKILL);
  ::close(worker.to);  // an idle worker ends at the end of its input
  ::close(worker.from);
  while (::waitpid(worker.process, nullptr, 0) < 0 && errno == EINTR) {
  }
  worker.process = -1;
}

bool WorkerPool::send(Worker& worker, const Job& job) {
  const std::string line = toLine(job) + "\n";
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(worker.to, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Reads what is there; true with a line once one is whole. An empty line means the worker is gone.
bool WorkerPool::receive(Worker& worker, std::string& line) {
  char bytes[1 << 16];
  const ssize_t got = ::read(worker.from, bytes, sizeof bytes);
  line.clear();
  if (got < 0 && errno == EINTR) return false;
  if (got <= 0) return true;
  worker.buffer.append(bytes, static_cast<std::size_t>(got));
  const std::size_t newline = worker.buffer.find('\n');
  if (newline == std::string::npos) return false;
  line = worker.buffer.substr(0, newline);
  worker.buffer.erase(0, newline + 1);
  return true;
}

std::vector<JobOutcome> WorkerPool::run(const std::vector<Job>& jobs, const std::function<void()>& finished,
                                        const std::atomic<bool>* stop) {
  std::vector<JobOutcome> outcomes(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    outcomes[i].id = jobs[i].id;
    outcomes[i].status = JobOutcome::Status::timed_out;
    outcomes[i].message = "not run";
  }
  std::deque<std::size_t> queue;
  for (std::size_t i = 0; i < jobs.size(); ++i) queue.push_back(i);
  std::vector<bool> retried(jobs.size());
  std::size_t done = 0;
  const auto conclude = [&](Worker& worker, JobOutcome outcome) {
    outcomes[static_cast<std::size_t>(worker.job)] = std::move(outcome);
    worker.job = -1;
    ++done;
    if (finished) finished();
  };
  const auto died = [&](Worker& worker) {
    const auto index = static_cast<std::size_t>(worker.job);
    if (retried[index]) {
      conclude(worker, {jobs[index].id, JobOutcome::Status::crashed, "its worker died twice", {}, {}});
    } else {
      retried[index] = true;
      queue.push_front(index);
    }
    shutDown(worker, true);
    start(worker);
  };
  while (done < jobs.size()) {
    if (stop != nullptr && stop->load()) break;
    std::vector<struct pollfd> waits;
    for (Worker& worker : workers_) {
      if (worker.job < 0 && !queue.empty()) {
        worker.job = static_cast<std::int64_t>(queue.front());
        queue.pop_front();
        if (!send(worker, jobs[static_cast<std::size_t>(worker.job)])) died(worker);
      }
      waits.push_back({worker.job >= 0 ? worker.from : -1, POLLIN, 0});
    }
    if (::poll(waits.data(), waits.size(), 200) < 0 && errno != EINTR) CHECK(false, "poll on workers failed");
    for (std::size_t w = 0; w < workers_.size(); ++w) {
      if ((waits[w].revents & (POLLIN | POLLHUP | POLLERR)) == 0 || workers_[w].job < 0) continue;
      std::string line;
      if (!receive(workers_[w], line)) continue;
      if (line.empty()) {
        died(workers_[w]);
      } else {
        conclude(workers_[w], outcomeFromLine(line));
      }
    }
  }
  for (Worker& worker : workers_) {  // stopped early: what still runs is of no use
    if (worker.job < 0) continue;
    shutDown(worker, true);
    start(worker);
  }
  return outcomes;
}

std::vector<int> WorkerPool::processIds() const {
  std::vector<int> ids;
  for (const Worker& worker : workers_) ids.push_back(worker.process);
  return ids;
}

}  // namespace headroom::planner
