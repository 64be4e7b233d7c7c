// The worker's lines about a plan as the values that views show.
#pragma once

#include <QJsonObject>

#include "gui/plan_state.h"

namespace headroom::gui {

PlanCandidate candidateFrom(const QJsonObject& line);
void takeProgress(const QJsonObject& line, PlanState& state);
/// The plan of an outcome (schema headroom.plan/1): ledger, recommendation or why there is none.
void takePlan(const QJsonObject& plan, PlanState& state);

}  // namespace headroom::gui
