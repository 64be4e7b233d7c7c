#include "planner/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <chrono>
#include <cmath>
#include <map>

#include "models/base/error.h"
#include "models/hardware/prices.h"
#include "planner/shape.h"
#include "sim/deployment.h"

namespace headroom::planner {
namespace {

using Status = LedgerEntry::Status;
using Clock = std::chrono::steady_clock;

/// Runs of a round; fixed, so that the outcome does not depend on the number of workers.
constexpr std::size_t kRound = 8;
/// Seeds beyond the first that confirm a recommendation.
constexpr int kConfirmingSeeds = 4;
/// Times a recommendation that does not hold over seeds gets one replica more.
constexpr int kMostCorrections = 32;

/// Lower bound of the mean at a one-sided confidence (Student's t).
MarginInterval intervalOf(const std::vector<double>& margins, double confidence) {
  MarginInterval interval{0, 0, static_cast<int>(margins.size()), confidence};
  const auto n = static_cast<double>(margins.size());
  for (const double m : margins) interval.mean += m / n;
  double squares = 0;
  for (const double m : margins) squares += (m - interval.mean) * (m - interval.mean);
  interval.low = interval.mean;
  if (margins.size() > 1 && squares > 0) {
    const double t = boost::math::quantile(boost::math::students_t(n - 1), confidence);
    interval.low -= t * std::sqrt(squares / (n - 1) / n);
  }
  return interval;
}

class Search {
 public:
  Search(const Study& study, WorkerPool& workers, const SearchOptions& options)
      : study_(study), workers_(workers), options_(options), begin_(Clock::now()) {}

  Plan run() {
    enumerate();
    boundAll();
    bisectAll();
    Plan plan = conclude();
    plan.runs = runs_;
    return plan;
  }

 private:
  bool outOfBudget(std::size_t planned = 0) const {
    if (options_.interrupted != nullptr && options_.interrupted->load()) return true;
    if (study_.budget.runs && runs_ + static_cast<std::int64_t>(planned) > *study_.budget.runs) return true;
    return study_.budget.wall &&
           std::chrono::duration<double>(Clock::now() - begin_).count() > study_.budget.wall->value();
  }

  double usdPerHour(const std::string& accelerator, const sim::Scenario& scenario) {
    if (const auto given = scenario.prices.find(accelerator); given != scenario.prices.end()) {
      return given->second.value() * 3600;
    }
    if (listed_.empty()) listed_ = models::listPrices();
    const auto found = listed_.find(accelerator);
    if (found == listed_.end()) {
      throw InputError(fmt::format("accelerator {} has no price, and the objective is cost", accelerator),
                       fmt::format("add \"prices: {{{}: 2.50 USD/h}}\" to the study", accelerator));
    }
    return found->second.price.value() * 3600;
  }

  /// Which combinations can run at all.
  void enumerate() {
    for (std::uint64_t i = 0; i < study_.shapes(); ++i) shapes_.push_back(shapeOf(assignmentAt(study_, i)));
  }

  /// Closed at once if it cannot be read or does not fit. Throws InputError if its accelerator has no price.
  Shape shapeOf(const Assignment& assignment) {
    std::optional<sim::Scenario> scenario;
    std::string problem;
    try {
      scenario = scenarioAt(study_, assignment, study_.replicas.min);
    } catch (const InputError& e) {
      problem = e.what();
    }
    if (!scenario) {
      Shape unreadable(assignment, 0, 0, study_.replicas);
      unreadable.close(Status::infeasible, "options", problem);
      return unreadable;
    }
    const sim::DeploymentSpec& deployment = scenario->deployments.front();
    const sim::PoolSpec& pool = deployment.pools.front();
    const int accelerators = pool.parallelism.accelerators();
    Shape shape(assignment, usdPerHour(pool.accelerator, *scenario) * accelerators, accelerators, study_.replicas);
    try {
      const sim::DeploymentPlan plan = sim::planDeployment(deployment, false);
      const sim::PoolPlan& planned = plan.pools.front();
      if (planned.problem.empty()) return shape;
      const bool memory = planned.memory.memory > Bytes() && !planned.memory.fits;
      shape.close(Status::infeasible, memory ? "memory" : "layout", planned.problem);
    } catch (const InputError& e) {
      shape.close(Status::infeasible, "options", e.what());
    }
    return shape;
  }

  const Shape& shapeOf(const LedgerEntry& entry) const {
    const auto found = std::find_if(shapes_.begin(), shapes_.end(),
                                    [&](const Shape& shape) { return shape.entry().candidate == entry.candidate; });
    CHECK(found != shapes_.end(), "every ledger entry is of a shape");
    return *found;
  }

  Job jobOf(const Shape& shape, int replicas, Job::Kind kind, std::uint64_t seed_offset = 0) const {
    sim::Scenario scenario = scenarioAt(study_, shape.entry().candidate, replicas);
    scenario.seed += seed_offset;
    Job job;
    job.kind = kind;
    job.scenario = toYaml(sim::toDocument(scenario));
    return job;
  }

  std::vector<JobOutcome> runJobs(std::vector<Job> jobs) {
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].id = i;
    return workers_.run(
        jobs,
        [&] {
          ++runs_;
          report();
        },
        options_.interrupted);
  }

  void report() const {
    if (!options_.progress) return;
    SearchProgress progress{runs_, 0, static_cast<std::int64_t>(shapes_.size()), bestCost()};
    for (const Shape& shape : shapes_) progress.shapes_open += shape.open() ? 1 : 0;
    options_.progress(progress);
  }

  void tell(const Shape& shape, int replicas, const sim::Result& result) const {
    if (!options_.candidate) return;
    options_.candidate({shape.entry().candidate, replicas, shape.acceleratorsOf(replicas), shape.costOf(replicas),
                        marginOf(result), result});
  }

  std::optional<double> bestCost() const {
    std::optional<double> best;
    for (const Shape& shape : shapes_) {
      if (shape.entry().status != Status::feasible) continue;
      best = std::min(best.value_or(INFINITY), *shape.entry().cost_usd_per_h);
    }
    return best;
  }

  /// Bounds all open shapes; shapes that differ in the router only share the work.
  void boundAll() {
    std::map<std::string, std::vector<std::size_t>> by_capacity;
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      if (!shapes_[i].open()) continue;
      sim::Scenario scenario = scenarioAt(study_, shapes_[i].entry().candidate, study_.replicas.min);
      scenario.deployments.front().router = sim::DeploymentSpec{}.router;
      by_capacity[toYaml(sim::toDocument(scenario))].push_back(i);
    }
    std::vector<Job> jobs;
    for (const auto& [yaml, members] : by_capacity) {
      Job job;
      job.kind = Job::Kind::capacity;
      job.scenario = yaml;
      jobs.push_back(std::move(job));
    }
    if (outOfBudget(jobs.size())) return;
    const std::vector<JobOutcome> outcomes = runJobs(jobs);
    std::size_t index = 0;
    for (const auto& [yaml, members] : by_capacity) {
      const JobOutcome& outcome = outcomes[index++];
      for (const std::size_t i : members) {
        if (outcome.capacity) {
          shapes_[i].bound(outcome.capacity->offered_per_s, outcome.capacity->sustained_per_replica_s);
        } else if (!outOfBudget()) {
          closeFailed(shapes_[i], outcome);
        }
      }
    }
    for (const Shape& shape : shapes_) {
      if (!shape.open()) continue;
      const int replicas = shape.leastReplicas();
      if (!lower_bound_ || shape.costOf(replicas) < lower_bound_->cost_usd_per_h) {
        lower_bound_ = LowerBound{shape.costOf(replicas), shape.acceleratorsOf(replicas)};
      }
    }
  }

  static void closeFailed(Shape& shape, const JobOutcome& outcome) {
    const bool unfit = outcome.status == JobOutcome::Status::infeasible;
    shape.close(unfit ? Status::infeasible : Status::failed, unfit ? "memory" : nameOf(outcome.status),
                outcome.message);
  }

  void pruneDominated() {
    const std::optional<double> best = bestCost();
    if (!best) return;
    for (Shape& shape : shapes_) {
      if (!shape.open() || shape.leastCost() <= *best) continue;
      shape.close(Status::dominated, "cost-bound",
                  fmt::format("needs at least {} replicas, {:.2f} USD/h; the best found costs {:.2f}",
                              shape.leastReplicas(), shape.leastCost(), *best));
    }
  }

  /// Round after round, one run for each of the cheapest open shapes.
  void bisectAll() {
    for (;;) {
      pruneDominated();
      std::vector<std::size_t> open;
      for (std::size_t i = 0; i < shapes_.size(); ++i) {
        if (shapes_[i].open()) open.push_back(i);
      }
      if (open.empty()) return;
      std::stable_sort(open.begin(), open.end(),
                       [&](std::size_t a, std::size_t b) { return shapes_[a].leastCost() < shapes_[b].leastCost(); });
      open.resize(std::min(open.size(), kRound));
      if (outOfBudget(open.size())) return;
      std::vector<Job> jobs;
      std::vector<int> replicas;
      for (const std::size_t i : open) {
        replicas.push_back(shapes_[i].next());
        jobs.push_back(jobOf(shapes_[i], replicas.back(), Job::Kind::simulate));
      }
      const std::vector<JobOutcome> outcomes = runJobs(jobs);
      if (outOfBudget()) return;
      for (std::size_t j = 0; j < open.size(); ++j) {
        Shape& shape = shapes_[open[j]];
        if (outcomes[j].result) {
          tell(shape, replicas[j], *outcomes[j].result);
          shape.learn(replicas[j], *outcomes[j].result);
        } else {
          closeFailed(shape, outcomes[j]);
        }
      }
    }
  }

  /// Runs further seeds of an entry, and its own once more with the load estimate; empty if the budget is used up.
  std::optional<MarginInterval> confirm(LedgerEntry& entry) {
    if (outOfBudget(kConfirmingSeeds + 1)) return std::nullopt;
    const Shape& shape = shapeOf(entry);
    std::vector<Job> jobs;
    for (int k = 0; k <= kConfirmingSeeds; ++k) {
      jobs.push_back(jobOf(shape, entry.replicas, Job::Kind::simulate, static_cast<std::uint64_t>(k)));
    }
    jobs.front().estimate_load = true;
    const std::vector<JobOutcome> outcomes = runJobs(jobs);
    std::vector<double> margins;
    for (const JobOutcome& outcome : outcomes) {
      if (!outcome.result) return std::nullopt;
      margins.push_back(marginOf(*outcome.result));
    }
    entry.result = outcomes.front().result;
    return intervalOf(margins, study_.constraints.confidence);
  }

  static bool cheaper(const LedgerEntry& a, const LedgerEntry& b) {
    if (*a.cost_usd_per_h != *b.cost_usd_per_h) return *a.cost_usd_per_h < *b.cost_usd_per_h;
    return marginOf(*a.result) > marginOf(*b.result);
  }

  /// One replica more, with its run.
  bool enlarge(LedgerEntry& entry) {
    const int replicas = entry.replicas + 1;
    if (replicas > study_.replicas.max || outOfBudget(1)) return false;
    const Shape& shape = shapeOf(entry);
    const JobOutcome outcome = runJobs({jobOf(shape, replicas, Job::Kind::simulate)}).front();
    if (!outcome.result) return false;
    tell(shape, replicas, *outcome.result);
    entry.replicas = replicas;
    entry.accelerators = shape.acceleratorsOf(replicas);
    entry.cost_usd_per_h = shape.costOf(replicas);
    entry.result = outcome.result;
    return true;
  }

  Plan conclude() {
    Plan plan;
    plan.study = study_.name;
    plan.lower_bound = lower_bound_;
    for (Shape& shape : shapes_) {
      if (shape.open()) {
        plan.complete = false;
        shape.close(Status::timed_out, "budget", "the budget ended before its replicas were settled");
      }
      plan.ledger.push_back(shape.entry());
    }
    std::vector<LedgerEntry> feasible;
    for (const LedgerEntry& entry : plan.ledger) {
      if (entry.status == Status::feasible) feasible.push_back(entry);
    }
    std::stable_sort(feasible.begin(), feasible.end(), cheaper);
    recommend(feasible, plan);
    plan.runners_up = std::move(feasible);
    if (!plan.recommendation) {
      for (const LedgerEntry& entry : plan.ledger) {
        if (!entry.result) continue;
        if (!plan.nearest || marginOf(*entry.result) > marginOf(*plan.nearest->result)) plan.nearest = entry;
      }
    }
    return plan;
  }

  /// The cheapest that holds over seeds; takes it out of `feasible`.
  void recommend(std::vector<LedgerEntry>& feasible, Plan& plan) {
    for (int correction = 0; !feasible.empty() && correction <= kMostCorrections; ++correction) {
      LedgerEntry& best = feasible.front();
      const std::optional<MarginInterval> margin = confirm(best);
      const bool unconfirmed = !margin;
      if (unconfirmed || margin->low >= 0 || !enlarge(best)) {
        if (unconfirmed) plan.complete = false;
        if (!unconfirmed && margin->low < 0) {  // holds for its first seed only, and no replica can be added
          feasible.erase(feasible.begin());
          continue;
        }
        const sim::Scenario scenario = scenarioAt(study_, best.candidate, best.replicas);
        const MarginInterval one_seed{marginOf(*best.result), marginOf(*best.result), 1, 0};
        plan.recommendation = Recommendation{best, scenario, margin.value_or(one_seed)};
        feasible.erase(feasible.begin());
        return;
      }
      std::stable_sort(feasible.begin(), feasible.end(), cheaper);
    }
  }

  const Study& study_;
  WorkerPool& workers_;
  const SearchOptions& options_;
  Clock::time_point begin_;
  std::vector<Shape> shapes_;
  std::map<std::string, models::Price> listed_;
  std::optional<LowerBound> lower_bound_;
  std::int64_t runs_ = 0;
};

}  // namespace

Plan search(const Study& study, WorkerPool& workers, const SearchOptions& options) {
  return Search(study, workers, options).run();
}

}  // namespace headroom::planner
