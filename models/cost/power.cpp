#include "models/cost/power.h"

#include <algorithm>

#include "models/base/error.h"
#include "models/base/files.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSchema = "headroom.power/1";
/// Whose fitted shares of board power stand in for accelerators without measurements.
constexpr const char* kReference = "h100-sxm";

fs::path fileOf(const std::string& accelerator) {
  return datasetsRoot() / "power" / (accelerator + ".yaml");
}

std::optional<PowerModel> fittedPower(const Accelerator& accelerator) {
  const fs::path file = fileOf(accelerator.name);
  std::error_code ec;
  if (!fs::exists(file, ec)) return std::nullopt;
  const Document document = Document::load(file);
  return readPower(document.root(), accelerator);
}

PowerModel scaled(const PowerModel& reference, Watts limit) {
  const double share = limit / reference.limit;
  PowerModel model{.idle = reference.idle * share,
                   .active = reference.active * share,
                   .compute = reference.compute * share,
                   .memory = reference.memory * share,
                   .limit = limit,
                   .tier = Tier::spec,
                   .source = {}};
  model.source = std::string("shares of board power of ") + kReference;
  return model;
}

Watts readWatts(Fields& fields, const char* key) {
  const Value value = fields.required(key);
  const auto watts = value.quantity<Watts>();
  if (watts < Watts()) value.fail("must not be negative");
  return watts;
}

}  // namespace

Watts PowerModel::inStep(const Work& work, Seconds time, int accelerators) const {
  const Joules drawn = compute * work.compute + memory * work.memory;
  return std::min(limit, idle + active + drawn / (time * accelerators));
}

Joules PowerModel::energy(const StepTotals& totals, const StepWork& step_work) const {
  const int accelerators = step_work.accelerators();
  const Work work = step_work.total(totals);
  const Seconds busy = totals.busy * accelerators;
  const Joules asked = (idle + active) * busy + compute * work.compute + memory * work.memory;
  return idle * (totals.wall * accelerators - busy) + std::min(asked, limit * busy);
}

PowerModel readPower(const Value& value, const Accelerator& accelerator) {
  Fields fields(value);
  fields.required("schema").oneOf({kSchema});
  fields.required("accelerator").oneOf({accelerator.name});
  PowerModel model;
  model.idle = readWatts(fields, "idle");
  model.active = readWatts(fields, "active");
  model.compute = readWatts(fields, "compute");
  model.memory = readWatts(fields, "memory");
  model.limit = accelerator.power;
  model.tier = Tier::interpolated;
  model.source = fields.required("source").string();
  fields.optional("note");
  fields.finish();
  if (model.idle >= model.limit) value.fail("idle power is not below the board power");
  return model;
}

std::optional<PowerModel> findPower(const Accelerator& accelerator) {
  if (accelerator.power <= Watts()) return std::nullopt;
  if (auto fitted = fittedPower(accelerator)) return fitted;
  Accelerator reference = findAccelerator(kReference);
  const auto model = fittedPower(reference);
  if (!model) return std::nullopt;
  return scaled(*model, accelerator.power);
}

}  // namespace headroom::models
