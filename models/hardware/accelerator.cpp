#include "models/hardware/accelerator.h"

#include <fmt/format.h>

#include "models/base/catalogue.h"
#include "models/base/error.h"
#include "models/hardware/figures.h"

namespace headroom::models {
namespace {

constexpr const char* kSchema = "headroom.accelerator/1";

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
  Figures figures(fields, accelerator.sources);
  if (!fields.has("memory")) value.fail("has no memory size", "without it nothing can be said to fit; add \"memory\"");
  figures.read("memory", accelerator.memory);
  figures.read("memory_bandwidth", accelerator.memory_bandwidth);
  figures.read("bf16", accelerator.bf16);
  figures.readOptional("fp8", accelerator.fp8);
  figures.readOptional("fp4", accelerator.fp4);
  accelerator.scale_up_kind =
      fields.required("scale_up_kind").oneOf({"nvlink", "xgmi", "ici", "neuronlink", "ethernet", "pcie"});
  figures.read("scale_up_size", accelerator.scale_up_size, 100'000);
  figures.read("scale_up_bandwidth", accelerator.scale_up_bandwidth);
  figures.readOptional("power", accelerator.power);
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
