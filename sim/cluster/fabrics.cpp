#include <fmt/format.h>

#include "models/base/catalogue.h"
#include "models/base/document_nodes.h"
#include "models/base/files.h"
#include "sim/cluster/fabric.h"

namespace headroom::sim {
namespace {

constexpr const char* kSchema = "headroom.fabric/1";

constexpr FabricKind kFabrics[] = {
    {"star", "all nodes on one switch", readStar, writeStar, starProblem, buildStar},
    {"leaf-spine", "nodes on leaves, every leaf on every spine", readLeafSpine, writeLeafSpine, leafSpineProblem,
     buildLeafSpine},
    {"rail-optimized", "leaf-spine with one leaf switch a NIC: no switch cuts a node off", readRailOptimized,
     writeLeafSpine, leafSpineProblem, buildLeafSpine},
    {"fat-tree", "three tiers of k-port switches at full bisection bandwidth", readFatTree, writeFatTree,
     fatTreeProblem, buildFatTree},
    {"dragonfly", "groups of routers, all to all within and between groups", readDragonfly, writeDragonfly,
     dragonflyProblem, buildDragonfly},
};

CatalogueFolder catalogue() {
  return CatalogueFolder("fabrics");
}

std::vector<std::string> kindNames() {
  std::vector<std::string> names;
  for (const FabricKind& kind : kFabrics) names.emplace_back(kind.name);
  return names;
}

FabricSpec readKeys(Fields& fields) {
  FabricSpec spec;
  const std::string name = fields.required("type").oneOf(kindNames());
  for (const FabricKind& kind : kFabrics) {
    if (name == kind.name) spec.shape = kind.read(fields);
  }
  if (const auto v = fields.optional("hop_latency")) {
    spec.hop_latency = v->quantity<Seconds>();
    if (spec.hop_latency < Seconds()) v->fail("must not be negative");
  }
  fields.finish();
  return spec;
}

FabricPreset readPreset(const std::string& name) {
  const std::string file = catalogue().file(name).string();
  const std::string text = readFile(file);
  const Document document = Document::parse(text, file);
  Fields fields(document.root());
  fields.required("schema").oneOf({kSchema});
  FabricPreset preset{.name = name, .summary = fields.required("summary").string(), .spec = {}};
  preset.spec = readKeys(fields);
  return preset;
}

}  // namespace

std::vector<FabricNode> fabricNodes(const SiteSpec& site) {
  std::vector<FabricNode> nodes;
  for (const NodeGroup& group : site.nodes) {
    nodes.insert(nodes.end(), static_cast<std::size_t>(group.count), {group.type.scaleOutBandwidth(), group.type.nics});
  }
  return nodes;
}

BytesPerSecond totalBandwidth(std::span<const FabricNode> nodes, std::size_t begin, std::size_t end) {
  BytesPerSecond total;
  for (std::size_t i = begin; i < std::min(end, nodes.size()); ++i) total += nodes[i].bandwidth;
  return total;
}

FabricNode fastestNode(std::span<const FabricNode> nodes) {
  return *std::max_element(nodes.begin(), nodes.end(),
                           [](const FabricNode& a, const FabricNode& b) { return a.bandwidth < b.bandwidth; });
}

std::span<const FabricKind> fabricKinds() {
  return kFabrics;
}

const FabricKind& kindOf(const FabricShape& shape) {
  const auto named = [](std::string_view name) -> const FabricKind& {
    return *std::find_if(std::begin(kFabrics), std::end(kFabrics), [&](const FabricKind& k) { return k.name == name; });
  };
  struct Name {
    const char* operator()(const Star&) const { return "star"; }
    const char* operator()(const LeafSpine& s) const { return s.rails ? "rail-optimized" : "leaf-spine"; }
    const char* operator()(const FatTree&) const { return "fat-tree"; }
    const char* operator()(const Dragonfly&) const { return "dragonfly"; }
  };
  return named(std::visit(Name{}, shape));
}

std::vector<FabricPreset> fabricPresets() {
  std::vector<FabricPreset> presets;
  for (const std::string& name : catalogue().names()) presets.push_back(readPreset(name));
  return presets;
}

FabricSpec readFabric(const Value& value) {
  if (value.isMap()) {
    Fields fields(value);
    return readKeys(fields);
  }
  const std::string name = value.string();
  if (catalogue().has(name)) return readPreset(name).spec;
  value.fail(fmt::format("unknown fabric \"{}\"", name), suggestion(name, catalogue().names()));
}

DocumentNode toDocument(const FabricSpec& spec) {
  DocumentNode node = mapNode();
  const FabricKind& kind = kindOf(spec.shape);
  setMember(node, "type", scalarNode(kind.name));
  kind.write(spec.shape, node);
  if (spec.hop_latency != FabricSpec().hop_latency) {
    setMember(node, "hop_latency", withUnit(spec.hop_latency.value(), "s"));
  }
  return node;
}

}  // namespace headroom::sim
