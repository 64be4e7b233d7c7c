// Leaf-spine, its rail-optimized form, and the star, which is a single leaf.
#include <fmt/format.h>

#include <cmath>

#include "models/base/document_nodes.h"
#include "models/base/error.h"
#include "sim/cluster/fabric.h"

namespace headroom::sim {
namespace {

std::size_t leafCount(std::size_t nodes, int nodes_per_leaf) {
  const auto size = static_cast<std::size_t>(nodes_per_leaf);
  return (nodes + size - 1) / size;
}

int spineCount(const LeafSpine& shape) {
  return shape.spines.value_or(shape.uplinks.value_or(shape.nodes_per_leaf));
}

/// What lies between one leaf and one spine.
struct Trunk {
  BytesPerSecond bandwidth;
  int cables = 1;
};

Trunk trunkOf(const LeafSpine& shape, std::span<const FabricNode> nodes, BytesPerSecond below) {
  const FabricNode fastest = fastestNode(nodes);
  const BytesPerSecond nic = fastest.bandwidth / fastest.nics;
  const int spines = spineCount(shape);
  if (shape.uplinks) {
    const int cables = *shape.uplinks / spines * (shape.rails ? fastest.nics : 1);
    return {cables * shape.uplink_bandwidth.value_or(nic), cables};
  }
  const BytesPerSecond bandwidth = below / (shape.oversubscription * spines);
  return {bandwidth, std::max(1, static_cast<int>(std::lround(bandwidth / nic)))};
}

class LeafSpineFabric final : public Fabric {
 public:
  LeafSpineFabric(const LeafSpine& shape, const char* leaf_kind, FabricBuilder& builder)
      : nodes_per_leaf_(static_cast<std::uint32_t>(shape.nodes_per_leaf)) {
    const std::span<const FabricNode> nodes = builder.nodes();
    const std::size_t leaves = leafCount(nodes.size(), shape.nodes_per_leaf);
    std::vector<std::uint32_t> leaf_switches, spine_switches;
    for (std::size_t i = 0; i < leaves; ++i) {
      leaf_switches.push_back(builder.addSwitch(leaf_kind, shape.rails ? nodes.front().nics : 1));
    }
    spines_ = leaves > 1 ? static_cast<std::uint32_t>(spineCount(shape)) : 0;
    for (std::uint32_t i = 0; i < spines_; ++i) spine_switches.push_back(builder.addSwitch("spine"));
    for (std::uint32_t node = 0; node < nodes.size(); ++node) {
      const Cable nics = builder.addNics(node, leaf_switches[leafOf(node)]);
      if (node == 0) first_nic_ = nics.id;
    }
    if (spines_ > 0) addTrunks(shape, builder, leaf_switches, spine_switches);
    const std::vector<std::uint32_t>& top = spines_ > 0 ? spine_switches : leaf_switches;
    for (const std::uint32_t upper : top) {
      const Cable cable = builder.addGatewayCable(upper);
      if (upper == top.front()) first_gateway_ = cable.id;
    }
  }

  void between(std::uint32_t from, std::uint32_t to, std::uint64_t hash, Path& path) const override {
    const std::uint32_t from_leaf = leafOf(from), to_leaf = leafOf(to);
    path.push_back(nic(from).up());
    if (from_leaf != to_leaf) {
      const auto spine = static_cast<std::uint32_t>(pickWay(hash, from, to, spines_));
      path.push_back(trunk(from_leaf, spine).up());
      path.push_back(trunk(to_leaf, spine).down());
    }
    path.push_back(nic(to).down());
  }
  void toGateway(std::uint32_t from, std::uint64_t hash, Path& path) const override {
    path.push_back(nic(from).up());
    const std::uint32_t spine = gatewaySpine(from, hash);
    if (spines_ > 0) path.push_back(trunk(leafOf(from), spine).up());
    path.push_back(gateway(spine).up());
  }
  void fromGateway(std::uint32_t to, std::uint64_t hash, Path& path) const override {
    const std::uint32_t spine = gatewaySpine(to, hash);
    path.push_back(gateway(spine).down());
    if (spines_ > 0) path.push_back(trunk(leafOf(to), spine).down());
    path.push_back(nic(to).down());
  }
  int nodesPerSwitch() const override { return static_cast<int>(nodes_per_leaf_); }

 private:
  void addTrunks(const LeafSpine& shape, FabricBuilder& builder, std::span<const std::uint32_t> leaves,
                 std::span<const std::uint32_t> spines) {
    const std::span<const FabricNode> nodes = builder.nodes();
    for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      const BytesPerSecond below = totalBandwidth(nodes, leaf * nodes_per_leaf_, (leaf + 1) * nodes_per_leaf_);
      const Trunk trunk = trunkOf(shape, nodes, below);
      for (const std::uint32_t spine : spines) {
        const Cable cable = builder.addCable({"leaf-spine", leaves[leaf], spine, trunk.bandwidth, trunk.cables, below});
        if (leaf == 0 && spine == spines.front()) first_trunk_ = cable.id;
      }
    }
  }
  std::uint32_t leafOf(std::uint32_t node) const { return node / nodes_per_leaf_; }
  Cable nic(std::uint32_t node) const { return {first_nic_ + node}; }
  Cable trunk(std::uint32_t leaf, std::uint32_t spine) const { return {first_trunk_ + leaf * spines_ + spine}; }
  Cable gateway(std::uint32_t spine) const { return {first_gateway_ + spine}; }
  std::uint32_t gatewaySpine(std::uint32_t node, std::uint64_t hash) const {
    return spines_ > 0 ? static_cast<std::uint32_t>(pickWay(hash, node, node, spines_)) : 0;
  }

  std::uint32_t nodes_per_leaf_;
  std::uint32_t spines_ = 0;  ///< 0 under a single leaf
  std::uint32_t first_nic_ = 0, first_trunk_ = 0, first_gateway_ = 0;
};

FabricShape readShape(Fields& fields, bool rails) {
  LeafSpine shape;
  shape.rails = rails;
  shape.nodes_per_leaf = static_cast<int>(fields.required("nodes_per_leaf").integer(1, 4096));
  if (const auto v = fields.optional("spines")) shape.spines = static_cast<int>(v->integer(1, 4096));
  const auto oversubscription = fields.optional("oversubscription");
  if (oversubscription) {
    shape.oversubscription = oversubscription->number();
    if (!(shape.oversubscription > 0 && shape.oversubscription <= 1000)) {
      oversubscription->fail("must be above 0, at most 1000", "3 is 3:1, three times more below than above");
    }
  }
  if (const auto v = fields.optional("uplinks")) {
    if (oversubscription) v->fail("says the same as oversubscription", "leave one of them out");
    shape.uplinks = static_cast<int>(v->integer(0, 65536));
  }
  if (const auto v = fields.optional("uplink_bandwidth")) {
    if (!shape.uplinks) v->fail("is the bandwidth of each of uplinks", "say how many uplinks a leaf has");
    shape.uplink_bandwidth = v->quantity<BytesPerSecond>();
    if (*shape.uplink_bandwidth <= BytesPerSecond()) v->fail("must be above 0, and is " + v->string());
  }
  return shape;
}

}  // namespace

FabricShape readStar(Fields&) {
  return Star{};
}
FabricShape readLeafSpine(Fields& fields) {
  return readShape(fields, false);
}
FabricShape readRailOptimized(Fields& fields) {
  return readShape(fields, true);
}

void writeStar(const FabricShape&, DocumentNode&) {}

void writeLeafSpine(const FabricShape& shape, DocumentNode& node) {
  const auto& s = std::get<LeafSpine>(shape);
  setMember(node, "nodes_per_leaf", numberNode(s.nodes_per_leaf));
  if (s.spines) setMember(node, "spines", numberNode(*s.spines));
  if (s.uplinks) {
    setMember(node, "uplinks", numberNode(*s.uplinks));
  } else {
    setMember(node, "oversubscription", numberNode(s.oversubscription));
  }
  if (s.uplink_bandwidth) setMember(node, "uplink_bandwidth", withUnit(s.uplink_bandwidth->value() / 1e9, "GB/s"));
}

std::string starProblem(const FabricShape&, std::span<const FabricNode>) {
  return {};
}

std::string leafSpineProblem(const FabricShape& shape, std::span<const FabricNode> nodes) {
  const auto& s = std::get<LeafSpine>(shape);
  const std::size_t leaves = leafCount(nodes.size(), s.nodes_per_leaf);
  if (s.rails) {
    for (const FabricNode& node : nodes) {
      if (node.nics == nodes.front().nics) continue;
      return fmt::format("a rail is one NIC of every node, and these have {} and {}", nodes.front().nics, node.nics);
    }
  }
  if (leaves < 2 || !s.uplinks) return {};
  if (*s.uplinks == 0) return fmt::format("{} leaves without uplinks are not connected", leaves);
  if (*s.uplinks % spineCount(s) != 0) {
    return fmt::format("{} uplinks do not spread evenly over {} spines", *s.uplinks, spineCount(s));
  }
  return {};
}

std::unique_ptr<Fabric> buildStar(const FabricShape&, FabricBuilder& builder) {
  LeafSpine single;
  single.nodes_per_leaf = static_cast<int>(builder.nodes().size());
  return std::make_unique<LeafSpineFabric>(single, "switch", builder);
}

std::unique_ptr<Fabric> buildLeafSpine(const FabricShape& shape, FabricBuilder& builder) {
  const auto& s = std::get<LeafSpine>(shape);
  return std::make_unique<LeafSpineFabric>(s, s.rails ? "rail leaf" : "leaf", builder);
}

}  // namespace headroom::sim
