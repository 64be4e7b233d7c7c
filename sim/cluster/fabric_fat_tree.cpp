// The k-ary fat tree: pods of k/2 edge and k/2 aggregation switches; aggregation switch a of every pod is on the cores
// [a * k/2, (a + 1) * k/2). (k/2)^2 ways lead from one pod to another.
#include <fmt/format.h>

#include "models/base/document_nodes.h"
#include "sim/cluster/fabric.h"

namespace headroom::sim {
namespace {

std::size_t capacityOf(int k) {
  const auto ports = static_cast<std::size_t>(k);
  return ports * ports * ports / 4;
}

int portsFor(const FatTree& shape, std::size_t nodes) {
  if (shape.k) return *shape.k;
  int k = 2;
  while (capacityOf(k) < nodes) k += 2;
  return k;
}

class FatTreeFabric final : public Fabric {
 public:
  FatTreeFabric(const FatTree& shape, FabricBuilder& builder)
      : half_(static_cast<std::uint32_t>(portsFor(shape, builder.nodes().size()) / 2)) {
    const std::span<const FabricNode> nodes = builder.nodes();
    const auto count = static_cast<std::uint32_t>(nodes.size());
    const std::uint32_t edges = (count + half_ - 1) / half_;
    const std::uint32_t pods = (edges + half_ - 1) / half_;
    const auto switches = [&](const char* kind, std::uint32_t n) {
      std::vector<std::uint32_t> vertices;
      for (std::uint32_t i = 0; i < n; ++i) vertices.push_back(builder.addSwitch(kind));
      return vertices;
    };
    const auto edge = switches("edge", edges), aggregation = switches("aggregation", pods * half_),
               core = switches("core", half_ * half_);
    const FabricNode fastest = fastestNode(nodes);
    for (std::uint32_t node = 0; node < count; ++node) {
      const Cable nics = builder.addNics(node, edge[node / half_]);
      if (node == 0) first_nic_ = nics.id;
    }
    first_edge_ = first_nic_ + count;
    for (std::uint32_t e = 0; e < edges; ++e) {
      const BytesPerSecond below = totalBandwidth(nodes, e * half_, (e + 1) * half_);
      for (std::uint32_t a = 0; a < half_; ++a) {
        builder.addCable(
            {"edge-aggregation", edge[e], aggregation[e / half_ * half_ + a], fastest.bandwidth, fastest.nics, below});
      }
    }
    first_core_ = first_edge_ + edges * half_;
    for (std::uint32_t a = 0; a < pods * half_; ++a) {
      const std::uint32_t per_pod = half_ * half_, pod = a / half_;
      const BytesPerSecond below = totalBandwidth(nodes, pod * per_pod, (pod + 1) * per_pod);
      for (std::uint32_t c = 0; c < half_; ++c) {
        builder.addCable(
            {"aggregation-core", aggregation[a], core[a % half_ * half_ + c], fastest.bandwidth, fastest.nics, below});
      }
    }
    first_gateway_ = first_core_ + pods * half_ * half_;
    for (const std::uint32_t upper : core) builder.addGatewayCable(upper);
  }

  void between(std::uint32_t from, std::uint32_t to, std::uint64_t hash, Path& path) const override {
    const std::uint32_t from_edge = from / half_, to_edge = to / half_;
    const bool same_pod = from_edge / half_ == to_edge / half_;
    path.push_back(nic(from).up());
    if (from_edge != to_edge) {
      const Way way = pick(hash, from, to, same_pod ? half_ : half_ * half_);
      path.push_back(edgeCable(from_edge, way.aggregation).up());
      if (!same_pod) {
        path.push_back(coreCable(from_edge / half_, way).up());
        path.push_back(coreCable(to_edge / half_, way).down());
      }
      path.push_back(edgeCable(to_edge, way.aggregation).down());
    }
    path.push_back(nic(to).down());
  }
  void toGateway(std::uint32_t from, std::uint64_t hash, Path& path) const override {
    const Way way = pick(hash, from, from, half_ * half_);
    path.push_back(nic(from).up());
    path.push_back(edgeCable(from / half_, way.aggregation).up());
    path.push_back(coreCable(from / half_ / half_, way).up());
    path.push_back(gatewayCable(way).up());
  }
  void fromGateway(std::uint32_t to, std::uint64_t hash, Path& path) const override {
    const Way way = pick(hash, to, to, half_ * half_);
    path.push_back(gatewayCable(way).down());
    path.push_back(coreCable(to / half_ / half_, way).down());
    path.push_back(edgeCable(to / half_, way.aggregation).down());
    path.push_back(nic(to).down());
  }
  int nodesPerSwitch() const override { return static_cast<int>(half_); }

 private:
  /// An aggregation switch of each pod on the way, and which of its cores.
  struct Way {
    std::uint32_t aggregation, core;
  };
  Way pick(std::uint64_t hash, std::uint32_t from, std::uint32_t to, std::uint32_t ways) const {
    const auto way = static_cast<std::uint32_t>(pickWay(hash, from, to, ways));
    return {way % half_, way / half_};
  }
  Cable nic(std::uint32_t node) const { return {first_nic_ + node}; }
  Cable edgeCable(std::uint32_t edge, std::uint32_t aggregation) const {
    return {first_edge_ + edge * half_ + aggregation};
  }
  Cable coreCable(std::uint32_t pod, Way way) const {
    return {first_core_ + (pod * half_ + way.aggregation) * half_ + way.core};
  }
  Cable gatewayCable(Way way) const { return {first_gateway_ + way.aggregation * half_ + way.core}; }

  std::uint32_t half_;  ///< k / 2
  std::uint32_t first_nic_ = 0, first_edge_ = 0, first_core_ = 0, first_gateway_ = 0;
};

}  // namespace

FabricShape readFatTree(Fields& fields) {
  FatTree shape;
  if (const auto v = fields.optional("k")) {
    shape.k = static_cast<int>(v->integer(2, 128));
    if (*shape.k % 2 != 0) v->fail("must be even: half the ports of a switch go up");
  }
  return shape;
}

void writeFatTree(const FabricShape& shape, DocumentNode& node) {
  const auto& s = std::get<FatTree>(shape);
  if (s.k) setMember(node, "k", numberNode(*s.k));
}

std::string fatTreeProblem(const FabricShape& shape, std::span<const FabricNode> nodes) {
  const int k = portsFor(std::get<FatTree>(shape), nodes.size());
  if (nodes.size() <= capacityOf(k)) return {};
  return fmt::format("a fat tree of k = {} holds {} nodes, and there are {}; k = {} would do", k, capacityOf(k),
                     nodes.size(), portsFor(FatTree(), nodes.size()));
}

std::unique_ptr<Fabric> buildFatTree(const FabricShape& shape, FabricBuilder& builder) {
  return std::make_unique<FatTreeFabric>(std::get<FatTree>(shape), builder);
}

}  // namespace headroom::sim
