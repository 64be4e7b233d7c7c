#include "planner/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <exception>
#include <string>

#include "models/base/error.h"
#include "planner/job.h"
#include "planner/task.h"

namespace headroom::planner {
namespace {

using Clock = std::chrono::steady_clock;

bool writeAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// The next line without its newline; false at the end.
bool readLine(int descriptor, std::string& buffer, std::string& line) {
  for (;;) {
    if (const std::size_t newline = buffer.find('\n'); newline != std::string::npos) {
      line = buffer.substr(0, newline);
      buffer.erase(0, newline + 1);
      return true;
    }
    char bytes[1 << 16];
    const ssize_t got = ::read(descriptor, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    buffer.append(bytes, static_cast<std::size_t>(got));
  }
}

/// What the child writes until it closes its end or the deadline passes (then false).
bool readUntil(int descriptor, Clock::time_point deadline, std::string& text) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    struct pollfd wait {
      descriptor, POLLIN, 0
    };
    const int ready = ::poll(&wait, 1, static_cast<int>(std::min<long long>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return true;
    if (ready <= 0) continue;
    char bytes[1 << 16];
    const ssize_t got = ::read(descriptor, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    text.append(bytes, static_cast<std::size_t>(got));
  }
}

[[noreturn]] void runInChild(const Job& job, PlanCache& cache, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::string line;
  try {
    line = toLine(runJob(job, cache)) + "\n";
  } catch (const std::exception& e) {
    JobOutcome outcome;
    outcome.id = job.id;
    outcome.status = JobOutcome::Status::crashed;
    outcome.message = e.what();
    line = toLine(outcome) + "\n";
  }
  ::_exit(writeAll(output, line) ? 0 : 1);
}

JobOutcome failure(const Job& job, JobOutcome::Status status, std::string message) {
  JobOutcome outcome;
  outcome.id = job.id;
  outcome.status = status;
  outcome.message = std::move(message);
  return outcome;
}

std::string endOf(int status) {
  return WIFSIGNALED(status) ? fmt::format("killed by signal {}", WTERMSIG(status))
                             : fmt::format("exit status {}", WEXITSTATUS(status));
}

/// Compiles before the fork what a run needs; what is wrong with it, its child says.
void warm(const Task& task, PlanCache& cache) {
  try {
    cache.plansOf(sim::readScenario(Document::parse(task.text, task.file)));
  } catch (const InputError&) {
  }
}

/// The outcome as a line. A job that is wrong or does not fit is answered here, without a child.
std::string answer(const Job& job, PlanCache& cache) {
  try {
    cache.plansOf(sim::readScenario(Document::parse(job.scenario, "job")));  // compiled before the fork, to be shared
  } catch (const InputError& e) {
    return toLine(failure(job, JobOutcome::Status::error, e.what())) + "\n";
  }
  int ends[2];
  CHECK(::pipe2(ends, O_CLOEXEC) == 0, "no pipe for a child");
  const pid_t child = ::fork();
  CHECK(child >= 0, "cannot fork");
  if (child == 0) runInChild(job, cache, ends[1]);
  ::close(ends[1]);
  std::string text;
  const auto limit = std::chrono::milliseconds(std::llround(job.timeout.value() * 1e3));
  const bool in_time = readUntil(ends[0], Clock::now() + limit, text);
  ::close(ends[0]);
  if (!in_time) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) {
    return toLine(failure(job, JobOutcome::Status::timed_out, fmt::format("longer than {} s", job.timeout.value()))) +
           "\n";
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !text.ends_with('\n')) {
    return toLine(failure(job, JobOutcome::Status::crashed, endOf(status))) + "\n";
  }
  return text;
}

/// Checks run here, so that the next one, and a run, find the compiled step times; the rest in a child, which writes
/// its own lines.
bool serveTask(const Task& task, PlanCache& cache, int output) {
  bool told = true;
  const Tell tell = [&told, output](const std::string& line) { told = told && writeAll(output, line + "\n"); };
  if (task.kind == Task::Kind::check) {
    runTask(task, cache, tell);
    return told;
  }
  if (task.kind == Task::Kind::run) warm(task, cache);
  const pid_t child = ::fork();
  CHECK(child >= 0, "cannot fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      runTask(task, cache, tell);
    } catch (const std::exception& e) {
      tell(crashLine(task, e.what()));
    }
    ::_exit(told ? 0 : 1);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  // The child may have died within a line.
  return writeAll(output, "\n" + crashLine(task, endOf(status)) + "\n");
}

}  // namespace

int serveJobs(int input, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::signal(SIGINT, SIG_IGN);  // the front end decides when to stop
  ::signal(SIGTERM, SIG_DFL);
  PlanCache cache;
  std::string buffer, line;
  while (readLine(input, buffer, line)) {
    if (line.empty()) continue;
    const bool written = isTask(line) ? serveTask(taskFromLine(line), cache, output)
                                      : writeAll(output, answer(jobFromLine(line), cache));
    if (!written) return 1;
  }
  return 0;
}

}  // namespace headroom::planner
