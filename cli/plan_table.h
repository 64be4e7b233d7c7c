// A plan for people: the recommendation in one sentence, its evidence, the runners-up, and why not the others.
#pragma once

#include <string>

#include "planner/plan.h"

namespace headroom::cli {

std::string planTable(const planner::Study& study, const planner::Plan& plan);

}  // namespace headroom::cli
