#include <gtest/gtest.h>

#include <QAbstractItemModelTester>

#include "gui/design/form_fields.h"
#include "gui/models/difference.h"
#include "gui/models/ledger_model.h"
#include "gui/views/pareto_view.h"
#include "tests/gui/gui_test.h"

namespace headroom::gui {
namespace {

constexpr auto kFatal = QAbstractItemModelTester::FailureReportingMode::Fatal;

std::vector<PlanLedgerRow> ledger() {
  std::vector<PlanLedgerRow> rows;
  rows.push_back({"h100, tp 1", "feasible", "slo-met", "2 replicas meet", 2, 2, 13.8, 0.99, 240});
  rows.push_back({"a100, tp 1", "dominated", "cost-bound", "costs more", 0, 0, {}, {}, {}});
  rows.push_back({"h200, tp 1", "feasible", "slo-met", "1 replica meets", 1, 1, 7.9, 0.995, 200});
  return rows;
}

QString cell(const QAbstractItemModel& model, int row, int column) {
  return model.data(model.index(row, column), Qt::DisplayRole).toString();
}

TEST(LedgerModel, SortsAndFiltersInTheModel) {
  LedgerModel model;
  QAbstractItemModelTester tester(&model, kFatal);
  model.show(ledger());
  EXPECT_EQ(model.rowCount(), 3);
  model.sort(LedgerModel::kCost);
  EXPECT_EQ(cell(model, 0, LedgerModel::kName), "h200, tp 1");
  EXPECT_EQ(cell(model, 2, LedgerModel::kCost), "–");
  model.sort(LedgerModel::kCost, Qt::DescendingOrder);
  EXPECT_EQ(cell(model, 0, LedgerModel::kName), "h100, tp 1");
  EXPECT_EQ(cell(model, 2, LedgerModel::kCost), "–") << "nothing sorts last both ways";
  model.filter("TP feasible");
  EXPECT_EQ(model.rowCount(), 2);
  model.filter("nowhere");
  EXPECT_EQ(model.rowCount(), 0);
  model.filter({});
  EXPECT_EQ(model.rowCount(), 3);
}

TEST(Difference, InputsAreComparedPathByPath) {
  const auto rows = inputDifferences("a: 1\nb: {c: x, d: [1, 2]}\n", "a: 1\nb: {c: y, d: [1]}\ne: z\n");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].path, "b/c");
  EXPECT_EQ(rows[0].a, "x");
  EXPECT_EQ(rows[0].b, "y");
  EXPECT_EQ(rows[1].path, "b/d/1");
  EXPECT_EQ(rows[1].b, "–");
  EXPECT_EQ(rows[2].path, "e");
  EXPECT_EQ(rows[2].a, "–");
  EXPECT_TRUE(inputDifferences("a: 1\n", "a: 1 # same\n").empty());
}

TEST(Difference, MoreIsBetterOnlyWhereItIs) {
  sim::Result a, b;
  a.slo = sim::SloOutcome{.attainment = 0.99};
  b.slo = sim::SloOutcome{.attainment = 0.90};
  a.accelerators = 4;
  b.accelerators = 2;
  OutcomeModel model;
  QAbstractItemModelTester tester(&model, kFatal);
  model.show(outcomeRows(a, b));
  const auto verdictOf = [&](const QString& name) {
    for (int i = 0; i < model.rowCount(); ++i) {
      if (cell(model, i, 0).startsWith(name)) return model.data(model.index(i, 0), OutcomeModel::kVerdict).toInt();
    }
    return 99;
  };
  EXPECT_EQ(verdictOf("Attainment"), 1);
  EXPECT_EQ(verdictOf("Accelerators"), -1);
  EXPECT_EQ(verdictOf("Preemptions"), 0);
  InputDifferenceModel inputs;
  QAbstractItemModelTester input_tester(&inputs, kFatal);
  inputs.show(inputDifferences("a: 1", "a: 2"));
  EXPECT_EQ(inputs.rowCount(), 1);
}

TEST(Pareto, TheFrontHoldsWhatNoOtherBeats) {
  const auto candidate = [](double cost, double good, bool meets) {
    PlanCandidate c;
    c.usd_per_h = cost;
    c.attainment = good;
    c.meets_slo = meets;
    return c;
  };
  const std::vector<PlanCandidate> all{candidate(5, 0.99, true), candidate(3, 0.97, true), candidate(4, 0.96, true),
                                       candidate(1, 0.5, false), candidate(5, 0.98, true)};
  EXPECT_EQ(paretoFront(all, ParetoMeasure::attainment), (std::vector<int>{1, 0}));
}

TEST(FormFields, FollowTheTextAndGiveABareNumberItsUnit) {
  const headroom::Document text = headroom::Document::parse(smallScenario().toStdString(), "");
  const std::vector<FormSection> sections = formSections(text, FormChoices::shipped());
  ASSERT_EQ(sections.size(), 5U);
  EXPECT_EQ(sections[1].title, "Pool · all");
  EXPECT_EQ(sections[1].fields[0].path, "/deployments/0/pools/0/accelerator");
  EXPECT_TRUE(sections[1].fields[0].choices.contains("h100-sxm"));
  const FormField* rate = nullptr;
  for (const FormField& field : sections[2].fields) {
    if (field.path.endsWith("/rate")) rate = &field;
  }
  ASSERT_NE(rate, nullptr);
  EXPECT_EQ(fieldYaml(*rate, " 12.5 ", true), "12.5 /s");
  EXPECT_EQ(fieldYaml(*rate, "3 /min", true), "3 /min");
}

}  // namespace
}  // namespace headroom::gui
