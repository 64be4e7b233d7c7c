// The fabric of a site: switches, cables, and the way from one node to another. A cable is a pair of directed links;
// cables that lie side by side (a node's NICs, a leaf's uplinks to one spine) are one, with their bandwidth added up.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/base/strong_int.h"
#include "sim/sites.h"

namespace headroom::sim {

using FabricLinkId = Id<struct FabricLinkTag>;

/// Two directed links.
struct Cable {
  std::uint32_t id = 0;
  FabricLinkId up() const { return FabricLinkId(2 * id); }
  FabricLinkId down() const { return FabricLinkId(2 * id + 1); }
};

using Path = std::vector<FabricLinkId>;

/// A node as a fabric sees it.
struct FabricNode {
  BytesPerSecond bandwidth;  ///< one way, of all its NICs
  int nics = 1;
  bool operator==(const FabricNode&) const = default;
};
std::vector<FabricNode> fabricNodes(const SiteSpec& site);
/// Of the nodes [begin, end).
BytesPerSecond totalBandwidth(std::span<const FabricNode> nodes, std::size_t begin, std::size_t end);
FabricNode fastestNode(std::span<const FabricNode> nodes);

/// Where a fabric puts its switches and cables. Vertices are the site's nodes, by index, and then its switches.
class FabricBuilder {
 public:
  virtual ~FabricBuilder() = default;
  virtual std::span<const FabricNode> nodes() const = 0;
  /// `planes`: switches that stand for each other here, one a rail.
  virtual std::uint32_t addSwitch(const char* kind, int planes = 1) = 0;
  struct CableSpec {
    const char* tier;
    std::uint32_t lower, upper;  ///< vertices; up is from lower to upper
    BytesPerSecond bandwidth;
    int count = 1;        ///< cables side by side
    BytesPerSecond feed;  ///< NICs, one of which every flow over it crosses, added up; 0: no such set
  };
  /// Ids count up from one call to the next.
  virtual Cable addCable(const CableSpec& spec) = 0;
  /// A node's NICs.
  virtual Cable addNics(std::uint32_t node, std::uint32_t upper) = 0;
  /// From a switch to the site's gateway, if it has a WAN; id 0 otherwise.
  virtual Cable addGatewayCable(std::uint32_t upper_switch) = 0;
};

class Fabric {
 public:
  virtual ~Fabric() = default;
  /// Appends the links between two different nodes; `hash` chooses among ways of equal length.
  virtual void between(std::uint32_t from, std::uint32_t to, std::uint64_t hash, Path& path) const = 0;
  /// Appends the links to, and from, the site's gateway.
  virtual void toGateway(std::uint32_t from, std::uint64_t hash, Path& path) const = 0;
  virtual void fromGateway(std::uint32_t to, std::uint64_t hash, Path& path) const = 0;
  /// Nodes [i * n, (i + 1) * n) share their first switch.
  virtual int nodesPerSwitch() const = 0;
};

/// One of `ways`, the same for the same arguments.
inline std::uint64_t pickWay(std::uint64_t hash, std::uint64_t from, std::uint64_t to, std::uint64_t ways) {
  std::uint64_t x = hash + 0x9e3779b97f4a7c15ULL * (from + 1) + 0xd1b54a32d192ed03ULL * (to + 1);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;  // splitmix64's finaliser
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return (x ^ (x >> 31)) % ways;
}

/// A kind of fabric. `problem` says why it cannot join these nodes, or ""; `build` then may be called.
struct FabricKind {
  const char* name;
  const char* summary;
  FabricShape (*read)(Fields& fields);
  void (*write)(const FabricShape& shape, DocumentNode& node);
  std::string (*problem)(const FabricShape& shape, std::span<const FabricNode> nodes);
  std::unique_ptr<Fabric> (*build)(const FabricShape& shape, FabricBuilder& builder);
};
std::span<const FabricKind> fabricKinds();
const FabricKind& kindOf(const FabricShape& shape);

/// A fabric of datasets/fabrics, with the comment that opens its file.
struct FabricPreset {
  std::string name, summary;
  FabricSpec spec;
};
std::vector<FabricPreset> fabricPresets();
/// A preset's name, or a map with a type. Throws InputError.
FabricSpec readFabric(const Value& value);
DocumentNode toDocument(const FabricSpec& spec);

// The functions of the table: one file a kind.
FabricShape readStar(Fields& fields);
FabricShape readLeafSpine(Fields& fields);
FabricShape readRailOptimized(Fields& fields);
FabricShape readFatTree(Fields& fields);
FabricShape readDragonfly(Fields& fields);
void writeStar(const FabricShape& shape, DocumentNode& node);
void writeLeafSpine(const FabricShape& shape, DocumentNode& node);
void writeFatTree(const FabricShape& shape, DocumentNode& node);
void writeDragonfly(const FabricShape& shape, DocumentNode& node);
std::string starProblem(const FabricShape& shape, std::span<const FabricNode> nodes);
std::string leafSpineProblem(const FabricShape& shape, std::span<const FabricNode> nodes);
std::string fatTreeProblem(const FabricShape& shape, std::span<const FabricNode> nodes);
std::string dragonflyProblem(const FabricShape& shape, std::span<const FabricNode> nodes);
std::unique_ptr<Fabric> buildStar(const FabricShape& shape, FabricBuilder& builder);
std::unique_ptr<Fabric> buildLeafSpine(const FabricShape& shape, FabricBuilder& builder);
std::unique_ptr<Fabric> buildFatTree(const FabricShape& shape, FabricBuilder& builder);
std::unique_ptr<Fabric> buildDragonfly(const FabricShape& shape, FabricBuilder& builder);

}  // namespace headroom::sim
