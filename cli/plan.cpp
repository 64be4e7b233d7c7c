// headroom plan: the search of a study.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/interrupt.h"
#include "cli/plan_table.h"
#include "cli/progress_bar.h"
#include "cli/report_errors.h"
#include "cli/streams.h"
#include "cli/verbs.h"
#include "models/base/files.h"
#include "models/base/output_directory.h"
#include "planner/search.h"

namespace headroom::cli {
namespace {

constexpr const char* kPlanFile = "plan.json";
constexpr const char* kScenarioFile = "recommended.yaml";

planner::Plan searchWithProgress(const planner::Study& study, int workers) {
  const int count = workers > 0 ? workers : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  planner::WorkerPool pool(planner::thisProgram(), count);
  ProgressBar bar("plan", "runs");
  planner::SearchOptions options;
  options.interrupted = &interrupted();
  options.progress = [&bar](const planner::SearchProgress& p) {
    const std::string best = p.best_usd_per_h ? fmt::format(", best {:.2f} USD/h", *p.best_usd_per_h) : "";
    bar.update(p.runs, 0, fmt::format("{} of {} combinations open{}", p.shapes_open, p.shapes, best));
  };
  return planner::search(study, pool, options);
}

}  // namespace

int plan(const PlanOptions& options) {
  Document document = Document::load(options.study);
  for (const std::string& text : options.set) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) throw InputError("--set " + text + ": must be PATH=VALUE");
    document.set(text.substr(0, equals), text.substr(equals + 1));
  }
  const planner::Study study = planner::readStudy(document);
  std::unique_ptr<OutputDirectory> folder;
  if (!options.out.empty()) {
    folder = std::make_unique<OutputDirectory>(options.out, std::vector<std::string>{kPlanFile, kScenarioFile},
                                               options.overwrite);
  }
  const planner::Plan found = searchWithProgress(study, options.workers);
  throwIfInterrupted();

  const std::string json = planner::toJson(found).dump(2) + "\n";
  if (folder) {
    try {
      writeFileAtomically(folder->path(kPlanFile), json);
      if (found.recommendation) {
        writeFileAtomically(folder->path(kScenarioFile), toYaml(sim::toDocument(found.recommendation->scenario)));
      }
    } catch (const InputError& error) {
      throw folder->inFinalTerms(error);
    }
    folder->commit();
  }
  printResult(options.format == Format::json ? json : planTable(study, found));
  if (found.recommendation) return kExitOk;
  printNote(found.complete ? "infeasible: no combination of the study meets the SLO"
                           : "the budget ended without an answer");
  return kExitInfeasible;
}

}  // namespace headroom::cli
