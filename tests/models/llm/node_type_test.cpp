#include "models/hardware/node_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/base/files.h"
#include "tests/models/llm/errors.h"

namespace headroom::models {
namespace {

using testing::HasSubstr;
using namespace headroom::literals;

constexpr const char* kSmall = R"(schema: headroom.node/1
name: toy
summary: A toy
accelerator: l4
accelerators: {value: 4, source: here}
nics: {value: 2, source: there}
nic_bandwidth: {value: 100 Gb/s, source: here}
local_storage: {value: 3 GB/s, source: here}
host_memory: {value: 1 TB, source: here}
)";

NodeType readWith(const std::string& from, const std::string& to) {
  std::string text = kSmall;
  if (!from.empty()) text.replace(text.find(from), from.size(), to);
  return readNodeType(Document::parse(text, "toy.yaml").root());
}

TEST(NodeType, AFileBecomesAValueWithTheSourceOfEachFigure) {
  const NodeType toy = readWith("", "");
  EXPECT_EQ(toy.accelerator, "l4");
  EXPECT_EQ(toy.accelerators, 4);
  EXPECT_EQ(toy.scaleOutBandwidth(), 25.0_GBps);
  EXPECT_EQ(toy.local_storage, 3.0_GBps);
  EXPECT_EQ(toy.host_memory, 1000.0_GB);
  EXPECT_EQ(toy.sources.at("nics"), "there");
}

TEST(NodeType, ZeroFiguresUnknownAcceleratorsAndKeysAreRefused) {
  EXPECT_THAT(messageOf([] { readWith("100 Gb/s", "0 Gb/s"); }), HasSubstr("/nic_bandwidth: must be more than 0"));
  EXPECT_THAT(messageOf([] { readWith("value: 4", "value: 0"); }), HasSubstr("0 is too small"));
  EXPECT_THAT(messageOf([] { readWith("accelerator: l4", "accelerator: l44"); }), HasSubstr("did you mean \"l4\"?"));
  EXPECT_THAT(messageOf([] { readWith("nics:", "ports:"); }), HasSubstr("key \"nics\" is missing"));
  EXPECT_THAT(messageOf([] { findNodeType("h1000-sxm-8"); }), HasSubstr("did you mean \"h100-sxm-8\"?"));
}

TEST(NodeType, AScaleUpDomainSpansTheNodesThatItsSizeNeeds) {
  const auto nodes = [](const std::string& name) {
    const NodeType type = findNodeType(name);
    return scaleUpNodes(type, findAccelerator(type.accelerator));
  };
  EXPECT_EQ(nodes("h100-sxm-8"), 1);
  EXPECT_EQ(nodes("gb200-nvl72-tray"), 18);
  EXPECT_EQ(scaleUpNodes(findNodeType("generic-8"), findAccelerator("l4")), 1);  // of 1: a node is never less
}

TEST(NodeType, EverySourceKeyOfTheCatalogueIsDefined) {
  const std::string sources = readFile(datasetsRoot() / "SOURCES.md");
  const std::vector<NodeType> all = listNodeTypes();
  EXPECT_GE(all.size(), 7U);
  for (const NodeType& node : all) {
    for (const auto& [figure, key] : node.sources) {
      EXPECT_THAT(sources, HasSubstr("\n- `" + key + "`:")) << node.name << ": " << figure;
    }
  }
}

// A slip of bits for bytes moves a NIC out of its range.
TEST(NodeType, ANicIsSlowerThanItsAcceleratorsScaleUpLinks) {
  for (const NodeType& node : listNodeTypes()) {
    EXPECT_GE(node.nic_bandwidth, 12.5_GBps) << node.name;
    EXPECT_LE(node.nic_bandwidth, 50.0_GBps) << node.name;
    if (node.accelerator.empty()) continue;
    const Accelerator accelerator = findAccelerator(node.accelerator);
    EXPECT_LT(node.scaleOutBandwidth(), node.accelerators * accelerator.scale_up_bandwidth) << node.name;
  }
}

}  // namespace
}  // namespace headroom::models
