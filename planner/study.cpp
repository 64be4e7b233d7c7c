#include "planner/study.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/error.h"

namespace headroom::planner {
namespace {

constexpr std::uint64_t kMostShapes = 100'000;

/// The base is a file beside the study, or a scenario written inside it.
Document readBase(const Value& value) {
  if (value.isScalar()) return Document::load(value.filePath());
  return Document::parse(toYaml(value.node()), value.file());
}

std::string normalPath(const std::string& key) {
  std::string path = key;
  std::replace(path.begin(), path.end(), '.', '/');
  return path;
}

ReplicaRange readRange(const Value& value) {
  ReplicaRange range;
  Fields fields(value);
  Fields inner(fields.required("range"));
  range.min = static_cast<int>(inner.required("min").integer(1, 100'000));
  range.max = static_cast<int>(inner.required("max").integer(range.min, 100'000));
  inner.finish();
  fields.finish();
  return range;
}

void readSearch(const Value& search, Study& study) {
  bool has_replicas = false;
  for (const auto& [key, value] : search.members()) {
    const std::string path = normalPath(key);
    if (path.ends_with("/replicas")) {
      if (has_replicas) value.fail("only one pool's replicas can be searched");
      has_replicas = true;
      study.replicas_path = path;
      study.replicas = readRange(value);
      continue;
    }
    Fields fields(value);
    const Value choices = fields.required("choices");
    fields.finish();
    Domain domain{path, {}};
    for (const Value& choice : choices.items()) {
      std::string text = toYaml(choice.node());
      while (text.ends_with('\n')) text.pop_back();
      domain.choices.push_back(std::move(text));
    }
    if (domain.choices.empty()) choices.fail("at least one choice is needed");
    study.domains.push_back(std::move(domain));
  }
  if (!has_replicas) {
    search.fail("the number of replicas must be searched",
                "deployments/0/pools/0/replicas: {range: {min: 1, max: 64}}");
  }
  if (study.shapes() > kMostShapes) search.fail(fmt::format("{} combinations are too many", study.shapes()));
}

void readConstraints(const Value& value, Constraints& constraints) {
  Fields fields(value);
  if (const auto v = fields.optional("attainment")) constraints.attainment = v->fraction();
  if (const auto v = fields.optional("confidence")) {
    constraints.confidence = v->fraction();
    if (constraints.confidence < 0.5 || constraints.confidence > 0.999) v->fail("must be between 0.5 and 0.999");
  }
  fields.finish();
}

void readBudget(const Value& value, Budget& budget) {
  Fields fields(value);
  if (const auto v = fields.optional("wall")) {
    budget.wall = v->quantity<Seconds>();
    if (*budget.wall <= Seconds()) v->fail("must be above 0");
  }
  if (const auto v = fields.optional("runs")) budget.runs = v->integer(1, INT32_MAX);
  fields.finish();
}

/// Every choice on its own must make a readable scenario: a typo is found before the first run.
void checkChoices(const Study& study) {
  for (const Domain& domain : study.domains) {
    for (const std::string& choice : domain.choices) {
      Document document = study.base;
      document.set(domain.path, choice);
      sim::readScenario(document);
    }
  }
}

}  // namespace

std::uint64_t Study::shapes() const {
  std::uint64_t count = 1;
  for (const Domain& domain : domains) count = std::min<std::uint64_t>(count * domain.choices.size(), UINT32_MAX);
  return count;
}

Study readStudy(const Document& document) {
  Fields fields(document.root());
  const Value schema = fields.required("schema");
  if (schema.string() != kStudySchema) schema.fail("must be " + std::string(kStudySchema));
  const Value base = fields.required("base");
  Study study;
  study.base = readBase(base);
  if (const auto v = fields.optional("name")) study.name = v->string();
  readSearch(fields.required("search"), study);
  if (const auto v = fields.optional("objective")) {
    Fields inner(*v);
    study.objective = inner.required("minimize").oneOf({"cost_usd_per_h"});
    inner.finish();
  }
  if (const auto v = fields.optional("constraints")) readConstraints(*v, study.constraints);
  if (const auto v = fields.optional("budget")) readBudget(*v, study.budget);
  if (const auto prices = fields.optional("prices")) {
    for (const auto& [accelerator, price] : prices->members()) {
      price.quantity<DollarsPerSecond>();
      study.base.set("prices/" + accelerator, price.string());
    }
  }
  fields.finish();

  study.base.set(study.replicas_path, std::to_string(study.replicas.min));
  const sim::Scenario scenario = sim::readScenario(study.base);
  if (scenario.deployments.size() != 1 || scenario.deployments.front().pools.size() != 1) {
    base.fail("a study of several deployments or pools is not supported yet");
  }
  if (scenario.slos.empty()) base.fail("the base scenario has no SLO, so every fleet would do", "add slos");
  checkChoices(study);
  return study;
}

Assignment assignmentAt(const Study& study, std::uint64_t index) {
  Assignment assignment;
  for (const Domain& domain : study.domains) {
    assignment.emplace_back(domain.path, domain.choices[index % domain.choices.size()]);
    index /= domain.choices.size();
  }
  return assignment;
}

sim::Scenario scenarioAt(const Study& study, const Assignment& assignment, int replicas) {
  Document document = study.base;
  for (const auto& [path, value] : assignment) document.set(path, value);
  document.set(study.replicas_path, std::to_string(replicas));
  sim::Scenario scenario = sim::readScenario(document);
  if (study.constraints.attainment) {
    for (sim::Slo& slo : scenario.slos) slo.attainment = *study.constraints.attainment;
  }
  return scenario;
}

}  // namespace headroom::planner
