// The dragonfly. Each pair of groups has the same number of global cables; cable m from a group to its peer p sits on
// router (p * cables + m) / global_links. Routes are minimal: at most one local, one global, one local hop.
#include <fmt/format.h>

#include "models/base/document_nodes.h"
#include "sim/cluster/fabric.h"

namespace headroom::sim {
namespace {

std::size_t groupCount(const Dragonfly& shape, std::size_t nodes) {
  const auto size =
      static_cast<std::size_t>(shape.nodes_per_router) * static_cast<std::size_t>(shape.routers_per_group);
  return (nodes + size - 1) / size;
}

/// Position of the pair i < j among all pairs of n.
std::uint32_t pairIndex(std::uint32_t i, std::uint32_t j, std::uint32_t n) {
  if (i > j) std::swap(i, j);
  return i * n - i * (i + 1) / 2 + (j - i - 1);
}

class DragonflyFabric final : public Fabric {
 public:
  DragonflyFabric(const Dragonfly& shape, FabricBuilder& builder)
      : nodes_per_router_(static_cast<std::uint32_t>(shape.nodes_per_router)),
        routers_(static_cast<std::uint32_t>(shape.routers_per_group)),
        global_links_(static_cast<std::uint32_t>(shape.global_links)),
        groups_(static_cast<std::uint32_t>(groupCount(shape, builder.nodes().size()))) {
    if (groups_ > 1) channels_ = routers_ * global_links_ / (groups_ - 1);
    const std::span<const FabricNode> nodes = builder.nodes();
    const FabricNode fastest = fastestNode(nodes);
    std::vector<std::uint32_t> router;
    for (std::uint32_t i = 0; i < groups_ * routers_; ++i) router.push_back(builder.addSwitch("router"));
    for (std::uint32_t node = 0; node < nodes.size(); ++node) {
      const Cable nics = builder.addNics(node, router[routerOf(node)]);
      if (node == 0) first_nic_ = nics.id;
    }
    first_local_ = first_nic_ + static_cast<std::uint32_t>(nodes.size());
    const auto below = [&](std::uint32_t first, std::uint32_t count) {
      return totalBandwidth(nodes, first * nodes_per_router_, (first + count) * nodes_per_router_);
    };
    const BytesPerSecond local = shape.local_bandwidth.value_or(fastest.bandwidth);
    for (std::uint32_t group = 0; group < groups_; ++group) {
      for (std::uint32_t i = group * routers_; i < (group + 1) * routers_; ++i) {
        for (std::uint32_t j = i + 1; j < (group + 1) * routers_; ++j) {
          // Traffic of other groups passes through, so that the two routers' nodes bound it in a single group only.
          const BytesPerSecond feed = groups_ == 1 ? std::min(below(i, 1), below(j, 1)) : BytesPerSecond();
          builder.addCable({"local", router[i], router[j], local, fastest.nics, feed});
        }
      }
    }
    first_global_ = first_local_ + groups_ * localPairs();
    const BytesPerSecond global = shape.global_bandwidth.value_or(fastest.bandwidth);
    for (std::uint32_t u = 0; u < groups_; ++u) {
      for (std::uint32_t v = u + 1; v < groups_; ++v) {
        const BytesPerSecond feed = std::min(below(u * routers_, routers_), below(v * routers_, routers_));
        for (std::uint32_t m = 0; m < channels_; ++m) {
          builder.addCable(
              {"global", router[exitRouter(u, v, m)], router[exitRouter(v, u, m)], global, fastest.nics, feed});
        }
      }
    }
    first_gateway_ = first_global_ + (groups_ > 1 ? pairIndex(groups_ - 2, groups_ - 1, groups_) + 1 : 0) * channels_;
    for (const std::uint32_t r : router) builder.addGatewayCable(r);
  }

  void between(std::uint32_t from, std::uint32_t to, std::uint64_t hash, Path& path) const override {
    const std::uint32_t a = routerOf(from), b = routerOf(to);
    const std::uint32_t from_group = a / routers_, to_group = b / routers_;
    path.push_back(nic(from).up());
    if (from_group == to_group) {
      localHop(a, b, path);
    } else {
      const std::uint32_t channel = pickChannel(from, to, hash);
      localHop(a, exitRouter(from_group, to_group, channel), path);
      const Cable global{first_global_ + pairIndex(from_group, to_group, groups_) * channels_ + channel};
      path.push_back(from_group < to_group ? global.up() : global.down());
      localHop(exitRouter(to_group, from_group, channel), b, path);
    }
    path.push_back(nic(to).down());
  }
  void toGateway(std::uint32_t from, std::uint64_t, Path& path) const override {
    path.push_back(nic(from).up());
    path.push_back(Cable{first_gateway_ + routerOf(from)}.up());
  }
  void fromGateway(std::uint32_t to, std::uint64_t, Path& path) const override {
    path.push_back(Cable{first_gateway_ + routerOf(to)}.down());
    path.push_back(nic(to).down());
  }
  int nodesPerSwitch() const override { return static_cast<int>(nodes_per_router_); }

 private:
  std::uint32_t routerOf(std::uint32_t node) const { return node / nodes_per_router_; }
  std::uint32_t localPairs() const { return routers_ * (routers_ - 1) / 2; }
  Cable nic(std::uint32_t node) const { return {first_nic_ + node}; }
  /// The router of `group` with global cable `channel` to group `peer`.
  std::uint32_t exitRouter(std::uint32_t group, std::uint32_t peer, std::uint32_t channel) const {
    const std::uint32_t position = peer < group ? peer : peer - 1;
    return group * routers_ + (position * channels_ + channel) / global_links_;
  }
  /// Among the global cables with the fewest local hops.
  std::uint32_t pickChannel(std::uint32_t from, std::uint32_t to, std::uint64_t hash) const {
    const std::uint32_t a = routerOf(from), b = routerOf(to);
    const auto hops = [&](std::uint32_t channel) {
      return (exitRouter(a / routers_, b / routers_, channel) != a ? 1 : 0) +
             (exitRouter(b / routers_, a / routers_, channel) != b ? 1 : 0);
    };
    int fewest = 2;
    std::uint32_t ways = 0;
    for (std::uint32_t m = 0; m < channels_; ++m) {
      if (hops(m) < fewest) fewest = hops(m), ways = 0;
      if (hops(m) == fewest) ++ways;
    }
    auto skip = pickWay(hash, from, to, ways);
    for (std::uint32_t m = 0;; ++m) {
      if (hops(m) == fewest && skip-- == 0) return m;
    }
  }
  void localHop(std::uint32_t a, std::uint32_t b, Path& path) const {
    if (a == b) return;
    const std::uint32_t group = a / routers_;
    const Cable cable{first_local_ + group * localPairs() + pairIndex(a % routers_, b % routers_, routers_)};
    path.push_back(a < b ? cable.up() : cable.down());
  }

  std::uint32_t nodes_per_router_, routers_, global_links_, groups_;
  std::uint32_t channels_ = 0;  ///< global cables between two groups
  std::uint32_t first_nic_ = 0, first_local_ = 0, first_global_ = 0, first_gateway_ = 0;
};

}  // namespace

FabricShape readDragonfly(Fields& fields) {
  Dragonfly shape;
  shape.nodes_per_router = static_cast<int>(fields.required("nodes_per_router").integer(1, 1024));
  shape.routers_per_group = static_cast<int>(fields.required("routers_per_group").integer(1, 1024));
  shape.global_links = static_cast<int>(fields.required("global_links").integer(0, 1024));
  const auto bandwidth = [&](const char* key, std::optional<BytesPerSecond>& target) {
    const auto v = fields.optional(key);
    if (!v) return;
    target = v->quantity<BytesPerSecond>();
    if (*target <= BytesPerSecond()) v->fail("must be above 0, and is " + v->string());
  };
  bandwidth("local_bandwidth", shape.local_bandwidth);
  bandwidth("global_bandwidth", shape.global_bandwidth);
  return shape;
}

void writeDragonfly(const FabricShape& shape, DocumentNode& node) {
  const auto& s = std::get<Dragonfly>(shape);
  setMember(node, "nodes_per_router", numberNode(s.nodes_per_router));
  setMember(node, "routers_per_group", numberNode(s.routers_per_group));
  setMember(node, "global_links", numberNode(s.global_links));
  if (s.local_bandwidth) setMember(node, "local_bandwidth", withUnit(s.local_bandwidth->value() / 1e9, "GB/s"));
  if (s.global_bandwidth) setMember(node, "global_bandwidth", withUnit(s.global_bandwidth->value() / 1e9, "GB/s"));
}

std::string dragonflyProblem(const FabricShape& shape, std::span<const FabricNode> nodes) {
  const auto& s = std::get<Dragonfly>(shape);
  const std::size_t groups = groupCount(s, nodes.size());
  const auto global = static_cast<std::size_t>(s.routers_per_group) * static_cast<std::size_t>(s.global_links);
  if (groups <= global + 1) return {};
  return fmt::format(
      "{} nodes are {} groups of {}, and the {} global links of a group connect {} groups: more global_links, or "
      "larger "
      "groups",
      nodes.size(), groups, s.nodes_per_router * s.routers_per_group, global, global + 1);
}

std::unique_ptr<Fabric> buildDragonfly(const FabricShape& shape, FabricBuilder& builder) {
  return std::make_unique<DragonflyFabric>(std::get<Dragonfly>(shape), builder);
}

}  // namespace headroom::sim
