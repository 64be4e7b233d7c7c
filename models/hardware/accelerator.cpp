#include "models/hardware/accelerator.h"

#include <fmt/format.h>

#include "models/base/catalogue.h"
#include "models/base/error.h"

namespace headroom::models {
namespace {

constexpr const char* kSchema = "headroom.accelerator/1";

/// {value: ..., source: key, note: for people}. Returns the value, records the source under `name`.
Value figure(const Value& given, const std::string& name, Accelerator& accelerator) {
  if (!given.isMap()) given.fail("a figure is {value, source}", "every figure names its source");
  Fields fields(given);
  const Value value = fields.required("value");
  accelerator.sources[name] = fields.required("source").string();
  fields.optional("note");
  fields.finish();
  return value;
}

template <class Q>
void readFigure(Fields& fields, const std::string& name, Q& field, Accelerator& accelerator) {
  field = figure(fields.required(name), name, accelerator).quantity<Q>();
  if (field <= Q()) fields.value().find(name)->fail("must be more than 0");
}

template <class Q>
void readOptionalFigure(Fields& fields, const std::string& name, Q& field, Accelerator& accelerator) {
  if (!fields.has(name)) {
    fields.optional(name);
    return;
  }
  readFigure(fields, name, field, accelerator);
}

CatalogueFolder catalogue() {
  return CatalogueFolder("accelerators");
}

Accelerator readFile(const std::string& name) {
  const Document document = Document::load(catalogue().file(name));
  Accelerator accelerator = readAccelerator(document.root());
  if (accelerator.name != name) document.root().find("name")->fail("must be the name of the file");
  return accelerator;
}

}  // namespace

Accelerator readAccelerator(const Value& value) {
  Fields fields(value);
  fields.required("schema").oneOf({kSchema});
  Accelerator accelerator;
  accelerator.name = fields.required("name").string();
  accelerator.summary = fields.required("summary").string();
  accelerator.vendor = fields.required("vendor").string();
  accelerator.kind = fields.required("kind").oneOf({"gpu", "tpu", "asic", "fpga"});
  if (!fields.has("memory")) value.fail("has no memory size", "without it nothing can be said to fit; add \"memory\"");
  readFigure(fields, "memory", accelerator.memory, accelerator);
  readFigure(fields, "memory_bandwidth", accelerator.memory_bandwidth, accelerator);
  readFigure(fields, "bf16", accelerator.bf16, accelerator);
  readOptionalFigure(fields, "fp8", accelerator.fp8, accelerator);
  readOptionalFigure(fields, "fp4", accelerator.fp4, accelerator);
  accelerator.scale_up_kind =
      fields.required("scale_up_kind").oneOf({"nvlink", "xgmi", "ici", "neuronlink", "ethernet", "pcie"});
  accelerator.scale_up_size =
      static_cast<int>(figure(fields.required("scale_up_size"), "scale_up_size", accelerator).integer(1, 100'000));
  readFigure(fields, "scale_up_bandwidth", accelerator.scale_up_bandwidth, accelerator);
  readOptionalFigure(fields, "power", accelerator.power, accelerator);
  fields.finish();
  return accelerator;
}

Accelerator findAccelerator(const std::string& name, const InputError::Where& asked_at) {
  if (catalogue().has(name)) return readFile(name);
  throw InputError(asked_at, fmt::format("unknown accelerator \"{}\"", name), suggestion(name, catalogue().names()));
}

std::vector<Accelerator> listAccelerators() {
  std::vector<Accelerator> accelerators;
  for (const std::string& name : catalogue().names()) accelerators.push_back(readFile(name));
  return accelerators;
}

}  // namespace headroom::models
