#include "gui/work/plan_lines.h"

#include <QCoreApplication>
#include <QJsonArray>

namespace headroom::gui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("Plan", text);
}
QString textAt(const QJsonObject& json, const char* key) {
  return json.value(QLatin1String(key)).toString();
}
double realAt(const QJsonObject& json, const char* key) {
  return json.value(QLatin1String(key)).toDouble();
}
std::optional<double> maybeAt(const QJsonObject& json, const char* key) {
  const QJsonValue value = json.value(QLatin1String(key));
  return value.isDouble() ? std::optional(value.toDouble()) : std::nullopt;
}
QString fixed(double value, int digits) {
  return QString::number(value, 'f', digits);
}

PlanLedgerRow rowFrom(const QJsonObject& json) {
  PlanLedgerRow row;
  row.name = textAt(json, "name");
  row.status = textAt(json, "status");
  row.code = textAt(json, "code");
  row.reason = textAt(json, "reason");
  row.replicas = static_cast<int>(realAt(json, "replicas"));
  row.accelerators = static_cast<int>(realAt(json, "accelerators"));
  row.usd_per_h = maybeAt(json, "cost_usd_per_h");
  row.attainment = maybeAt(json, "attainment");
  row.ttft_p99_ms = maybeAt(json, "ttft_p99_ms");
  return row;
}

/// What speaks for it and what limits it, each with its figure.
void addEvidence(const QJsonObject& plan, const QJsonObject& json, PlanRecommendation& r) {
  const QJsonObject result = json.value(QLatin1String("result")).toObject();
  const QJsonObject interval = json.value(QLatin1String("interval")).toObject();
  const double low = realAt(interval, "margin_low");
  const int seeds = static_cast<int>(realAt(interval, "seeds"));
  if (seeds > 1) {
    r.evidence.push_back(
        {low >= 0, tr("Meets its SLOs with %1 % confidence").arg(fixed(100 * realAt(interval, "confidence"), 0)),
         tr("%1 seeds, %2 points").arg(seeds).arg((low >= 0 ? QStringLiteral("+") : QString()) + fixed(100 * low, 2))});
  } else {
    r.evidence.push_back({false, tr("Meets its SLOs on one seed only"), tr("the budget ended")});
  }
  const QJsonArray ledger = plan.value(QLatin1String("ledger")).toArray();
  r.evidence.push_back({true, tr("Cheapest of %1 combinations").arg(ledger.size()),
                        fixed(realAt(json, "cost_usd_per_h"), 2) + QStringLiteral(" USD/h")});
  if (const QJsonObject bound = plan.value(QLatin1String("lower_bound")).toObject(); !bound.isEmpty()) {
    r.evidence.push_back({true, tr("Lower bound: sustains the mean load, no burst"),
                          fixed(realAt(bound, "cost_usd_per_h"), 2) + QStringLiteral(" USD/h")});
  }
  const QJsonObject ttft = result.value(QLatin1String("ttft_ms")).toObject();
  if (!ttft.isEmpty()) {
    r.evidence.push_back({true, tr("TTFT p99"), fixed(realAt(ttft, "p99"), 0) + QStringLiteral(" ms")});
  }
  if (const auto load = maybeAt(result, "offered_load")) {
    const QString regime = textAt(result, "regime");
    r.evidence.push_back({regime == QLatin1String("stable"), tr("Load of what it sustains: %1").arg(regime),
                          fixed(100 * *load, 0) + QStringLiteral(" %")});
  }
}

}  // namespace

PlanCandidate candidateFrom(const QJsonObject& line) {
  PlanCandidate c;
  c.name = textAt(line, "name");
  c.replicas = static_cast<int>(realAt(line, "replicas"));
  c.accelerators = static_cast<int>(realAt(line, "accelerators"));
  c.usd_per_h = realAt(line, "cost_usd_per_h");
  c.goodput_per_s = realAt(line, "goodput_per_s");
  c.attainment = realAt(line, "attainment");
  c.ttft_p99_ms = realAt(line, "ttft_p99_ms");
  c.tpot_p99_ms = realAt(line, "tpot_p99_ms");
  c.meets_slo = realAt(line, "margin") >= 0;
  c.scenario = textAt(line, "scenario");
  return c;
}

void takeProgress(const QJsonObject& line, PlanState& state) {
  state.runs = static_cast<int>(realAt(line, "runs"));
  state.shapes = static_cast<int>(realAt(line, "shapes"));
  state.shapes_open = static_cast<int>(realAt(line, "shapes_open"));
}

void takePlan(const QJsonObject& plan, PlanState& state) {
  state.stage = PlanState::Stage::done;
  state.study = textAt(plan, "study");
  state.runs = static_cast<int>(realAt(plan, "runs"));
  state.shapes_open = 0;
  for (const QJsonValue& row : plan.value(QLatin1String("ledger")).toArray())
    state.ledger.push_back(rowFrom(row.toObject()));
  state.shapes = static_cast<int>(state.ledger.size());
  const QJsonObject json = plan.value(QLatin1String("recommendation")).toObject();
  if (json.isEmpty()) {
    state.problem = plan.value(QLatin1String("complete")).toBool()
                        ? tr("No combination of the study meets its SLOs; the ledger says why not.")
                        : tr("The budget ended before a combination was found that meets the SLOs.");
    return;
  }
  PlanRecommendation r;
  r.name = textAt(json, "name");
  r.replicas = static_cast<int>(realAt(json, "replicas"));
  r.scenario = textAt(json, "scenario");
  r.headline = tr("%1 replicas: %2").arg(r.replicas).arg(r.name);
  if (r.replicas == 1) r.headline = tr("1 replica: %1").arg(r.name);
  addEvidence(plan, json, r);
  state.recommendation = std::move(r);
}

}  // namespace headroom::gui
