#include "models/hardware/node_type.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/catalogue.h"
#include "models/base/error.h"
#include "models/hardware/figures.h"

namespace headroom::models {
namespace {

constexpr const char* kSchema = "headroom.node/1";

CatalogueFolder catalogue() {
  return CatalogueFolder("nodes");
}

NodeType readFile(const std::string& name) {
  const Document document = Document::load(catalogue().file(name));
  NodeType node = readNodeType(document.root());
  if (node.name != name) document.root().find("name")->fail("must be the name of the file");
  return node;
}

}  // namespace

NodeType readNodeType(const Value& value) {
  Fields fields(value);
  fields.required("schema").oneOf({kSchema});
  NodeType node;
  node.name = fields.required("name").string();
  node.summary = fields.required("summary").string();
  if (const auto v = fields.optional("accelerator")) node.accelerator = findAccelerator(v->string(), v->where()).name;
  Figures figures(fields, node.sources);
  figures.read("accelerators", node.accelerators, 1024);
  figures.read("nics", node.nics, 1024);
  figures.read("nic_bandwidth", node.nic_bandwidth);
  figures.read("local_storage", node.local_storage);
  figures.read("host_memory", node.host_memory);
  fields.finish();
  return node;
}

NodeType findNodeType(const std::string& name, const InputError::Where& asked_at) {
  if (catalogue().has(name)) return readFile(name);
  throw InputError(asked_at, fmt::format("unknown node \"{}\"", name), suggestion(name, catalogue().names()));
}

std::vector<NodeType> listNodeTypes() {
  std::vector<NodeType> nodes;
  for (const std::string& name : catalogue().names()) nodes.push_back(readFile(name));
  return nodes;
}

int scaleUpNodes(const NodeType& node, const Accelerator& accelerator) {
  return std::max(1, accelerator.scale_up_size / node.accelerators);
}

}  // namespace headroom::models
