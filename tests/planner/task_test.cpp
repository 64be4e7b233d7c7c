#include "planner/task.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "models/base/error.h"
#include "tests/planner/small_study.h"

namespace headroom::planner {
namespace {

using Json = nlohmann::json;

std::string smallScenario() {
  const Study study = smallStudy();
  return toYaml(sim::toDocument(scenarioAt(study, assignmentAt(study, 1), 2)));
}

std::vector<Json> linesOf(const Task& task) {
  PlanCache cache;
  std::vector<Json> lines;
  runTask(task, cache, [&](const std::string& line) { lines.push_back(Json::parse(line)); });
  return lines;
}

struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("headroom-task-" + std::to_string(::getpid()))) {}
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

TEST(Task, SurvivesTheLineAndIsToldFromAJob) {
  const Task task{.id = 3,
                  .kind = Task::Kind::run,
                  .text = "a: \"b\"\n",
                  .file = "x.yaml",
                  .out = "o",
                  .program = "p",
                  .workers = 2};
  EXPECT_EQ(taskFromLine(toLine(task)), task);
  EXPECT_TRUE(isTask(toLine(task)));
  EXPECT_FALSE(isTask(toLine(Job{})));
  EXPECT_FALSE(isTask("no json"));
  EXPECT_THROW(taskFromLine(R"({"id": 1, "task": "dance", "text": ""})"), InputError);
}

TEST(Task, ACheckTellsTheMemoryOfEachPool) {
  const std::vector<Json> lines = linesOf({.id = 9, .text = smallScenario()});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].at("id"), 9);
  EXPECT_EQ(lines[0].at("status"), "ok");
  EXPECT_EQ(lines[0].at("problem"), "");
  const Json& pool = lines[0].at("pools").at(0);
  EXPECT_EQ(pool.at("replicas"), 2);
  const double used =
      pool.at("weights").get<double>() + pool.at("activations").get<double>() + pool.at("kv_cache").get<double>();
  EXPECT_GT(pool.at("weights"), 14e9);
  EXPECT_LT(used, pool.at("memory").get<double>());
}

TEST(Task, ACheckSaysWhichLineIsWrong) {
  const std::vector<Json> lines =
      linesOf({.text = "schema: headroom.scenario/1\nname: x\nnonsense: 1\n", .file = "x.yaml"});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].at("status"), "error");
  EXPECT_NE(lines[0].at("message"), "");
  EXPECT_GT(lines[0].at("line"), 0);
}

TEST(Task, ACheckRefusesATraceThatIsNoneWhereItIsNamed) {
  const Folder folder;
  std::filesystem::create_directories(folder.path);
  std::ofstream(folder.path / "t.csv") << "this is no trace\n1,2,3\n";
  std::string text = smallScenario();
  const std::size_t at = text.find("workloads:");
  text =
      text.substr(0, at) +
      "workloads:\n  - deployment: chat\n    arrivals: {type: trace, format: csv, file: t.csv}\nslos: [{ttft: 1 s}]\n";
  const std::vector<Json> lines = linesOf({.text = text, .file = (folder.path / "s.yaml").string()});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].at("status"), "error") << lines[0];
  EXPECT_EQ(lines[0].at("path"), "/workloads/0/arrivals/file") << lines[0];
}

TEST(Task, ARunWritesItsFolderAndEqualsARunInProcess) {
  const Folder folder;
  const std::vector<Json> lines =
      linesOf({.kind = Task::Kind::run, .text = smallScenario(), .out = (folder.path / "run").string()});
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back().at("status"), "ok") << lines.back();
  std::ifstream file(folder.path / "run" / "result.json");
  const sim::Result result = sim::resultFromJson(nlohmann::ordered_json::parse(file));
  PlanCache cache;
  Job job;
  job.scenario = smallScenario();
  job.estimate_load = true;
  EXPECT_EQ(runJob(job, cache).result, result);
  EXPECT_TRUE(std::filesystem::exists(folder.path / "run" / "requests.csv.zst"));
}

TEST(Task, ALongRunTellsLiveFiguresSeldom) {
  const Folder folder;
  const Study study = smallStudy();
  sim::Scenario scenario = scenarioAt(study, assignmentAt(study, 1), 2);
  scenario.workloads.front().spec.requests = 20'000;
  const std::vector<Json> lines = linesOf(
      {.kind = Task::Kind::run, .text = toYaml(sim::toDocument(scenario)), .out = (folder.path / "run").string()});
  ASSERT_GT(lines.size(), 1U);
  const double wall = lines.back().at("wall_s");
  EXPECT_LE(static_cast<double>(lines.size()), 2 + wall * 20);
  const Json& progress = lines[lines.size() - 2];
  EXPECT_EQ(progress.at("event"), "progress");
  EXPECT_GE(progress.at("running"), 0);
  EXPECT_GE(progress.at("waiting"), 0);
  EXPECT_EQ(progress.at("requests_expected"), 20'000);
}

TEST(Task, APlanTellsItsCandidatesAndEndsWithALedger) {
  const std::vector<Json> lines = linesOf({.kind = Task::Kind::plan,
                                           .text = smallStudyText(),
                                           .file = "small.yaml",
                                           .program = headroomProgram(),
                                           .workers = 2});
  ASSERT_FALSE(lines.empty());
  ASSERT_EQ(lines.back().at("status"), "ok") << lines.back();
  const Json& plan = lines.back().at("plan");
  EXPECT_EQ(plan.at("ledger").size(), 4U);
  EXPECT_FALSE(plan.at("recommendation").is_null());
  int candidates = 0;
  for (const Json& line : lines) {
    if (line.value("event", "") != "candidate") continue;
    ++candidates;
    EXPECT_EQ(line.at("margin").get<double>() >= 0, line.at("attainment").get<double>() >= 0.95);
    EXPECT_NO_THROW(sim::readScenario(Document::parse(line.at("scenario").get<std::string>(), "candidate")));
  }
  EXPECT_GT(candidates, 3);
}

}  // namespace
}  // namespace headroom::planner
