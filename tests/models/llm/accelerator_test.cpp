#include "models/hardware/accelerator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "models/base/files.h"
#include "models/hardware/prices.h"
#include "tests/models/llm/errors.h"

namespace headroom::models {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using namespace headroom::literals;

constexpr const char* kSmall = R"(
schema: headroom.accelerator/1
name: toy
summary: A toy
vendor: Nobody
kind: gpu
memory: {value: 10 GB, source: here}
memory_bandwidth: {value: 1 TB/s, source: here}
bf16: {value: 100 TFLOP/s, source: here}
scale_up_kind: pcie
scale_up_size: {value: 2, source: here}
scale_up_bandwidth: {value: 32 GB/s, source: there, note: for people}
)";

std::string without(std::string text, const std::string& line_start) {
  const std::size_t begin = text.find(line_start);
  return text.erase(begin, text.find('\n', begin) + 1 - begin);
}

Accelerator read(const std::string& text) {
  return readAccelerator(Document::parse(text, "toy.yaml").root());
}

bool sourceIsDefined(const std::string& key) {
  static const std::string sources = readFile(datasetsRoot() / "SOURCES.md");
  return sources.find("\n- `" + key + "`:") != std::string::npos;
}

TEST(Accelerator, AFileBecomesAValueWithTheSourceOfEachFigure) {
  const Accelerator toy = read(kSmall);
  EXPECT_EQ(toy.memory, 10.0_GB);
  EXPECT_EQ(toy.memory_bandwidth, 1000.0_GBps);
  EXPECT_EQ(toy.bf16, 100.0_TFLOPS);
  EXPECT_EQ(toy.scale_up_size, 2);
  EXPECT_EQ(toy.sources.at("memory"), "here");
  EXPECT_EQ(toy.sources.at("scale_up_bandwidth"), "there");
}

TEST(Accelerator, ArithmeticThatIsNotNamedIsAbsent) {
  EXPECT_EQ(read(kSmall).fp8, FlopsPerSecond());
  EXPECT_EQ(findAccelerator("a100-sxm").fp8, FlopsPerSecond());
  EXPECT_EQ(findAccelerator("h100-sxm").fp8, 1978.0_TFLOPS);
}

TEST(Accelerator, AMissingMemorySizeIsRefusedBecauseNothingCouldBeSaidToFit) {
  EXPECT_THAT(messageOf([] { read(without(kSmall, "memory:")); }), HasSubstr("has no memory size"));
}

TEST(Accelerator, AFigureWithoutItsSourceIsRefused) {
  std::string text = kSmall;
  text.replace(text.find(", source: here}"), 15, "}");
  EXPECT_THAT(messageOf([&] { read(text); }), HasSubstr("/memory: key \"source\" is missing"));
  text = without(kSmall, "bf16:") + "bf16: 100 TFLOP/s\n";
  EXPECT_THAT(messageOf([&] { read(text); }), HasSubstr("every figure names its source"));
}

TEST(Accelerator, WrongUnitsZeroesAndUnknownKeysAreRefused) {
  EXPECT_THAT(messageOf([] { read(without(kSmall, "bf16:") + "bf16: {value: 100 GB, source: here}\n"); }),
              HasSubstr("not a unit that fits here"));
  EXPECT_THAT(messageOf([] { read(without(kSmall, "bf16:") + "bf16: {value: 0 TFLOP/s, source: here}\n"); }),
              HasSubstr("/bf16: must be more than 0"));
  EXPECT_THAT(messageOf([] { read(std::string(kSmall) + "fp16: {value: 1 TFLOP/s, source: here}\n"); }),
              HasSubstr("unknown key \"fp16\""));
}

TEST(Accelerator, AnUnknownNameComesWithASuggestionAndThePlaceItWasAskedAt) {
  const std::string message =
      messageOf([] { findAccelerator("h1000-sxm", {.file = "chat.yaml", .line = 7, .path = "/pools/0/accelerator"}); });
  EXPECT_EQ(message,
            "chat.yaml:7: /pools/0/accelerator: unknown accelerator \"h1000-sxm\" (did you mean \"h100-sxm\"?)");
}

TEST(Accelerator, ANameCannotLeaveTheCatalogueFolder) {
  EXPECT_THAT(messageOf([] { findAccelerator("../prices"); }), HasSubstr("unknown accelerator"));
}

TEST(Accelerator, TheCatalogueHoldsTheFixedNamesInOrder) {
  std::vector<std::string> names;
  for (const Accelerator& accelerator : listAccelerators()) names.push_back(accelerator.name);
  EXPECT_THAT(names, ElementsAreArray({"a100-pcie", "a100-sxm", "alveo-v80", "b200-sxm",  "b300-sxm", "b60",
                                       "gaudi3",    "gb200",    "gb300",     "h100-pcie", "h100-sxm", "h200-sxm",
                                       "l4",        "l40s",     "mi300x",    "mi325x",    "rtx-4090", "rtx-pro-6000",
                                       "tpu-v5e",   "tpu-v5p",  "tpu-v6e",   "trainium2"}));
}

TEST(Accelerator, EverySourceKeyOfTheCatalogueIsDefined) {
  for (const Accelerator& accelerator : listAccelerators()) {
    for (const auto& [figure, key] : accelerator.sources) {
      EXPECT_TRUE(sourceIsDefined(key)) << accelerator.name << ": " << figure << ": " << key;
    }
  }
}

// A slip in a unit (GB for TB, sparse for dense) moves a figure out of these ranges.
TEST(Accelerator, TheCataloguesFiguresAreOfASensibleSize) {
  for (const Accelerator& accelerator : listAccelerators()) {
    SCOPED_TRACE(accelerator.name);
    const double flops_per_byte = accelerator.bf16.value() / accelerator.memory_bandwidth.value();
    EXPECT_GT(flops_per_byte, accelerator.kind == "fpga" ? 10 : 100);  // an FPGA reads faster than it computes
    EXPECT_LT(flops_per_byte, 600);
    const Seconds sweep = accelerator.memory / accelerator.memory_bandwidth;
    EXPECT_GT(sweep, 15.0_ms);
    EXPECT_LT(sweep, 100.0_ms);
    if (accelerator.fp8 > FlopsPerSecond()) {
      EXPECT_GE(accelerator.fp8, accelerator.bf16);
      EXPECT_LE(accelerator.fp8, 2.1 * accelerator.bf16);
    }
    EXPECT_LE(accelerator.scale_up_bandwidth, accelerator.memory_bandwidth);
  }
}

TEST(Prices, AreOfCatalogueAcceleratorsAndNameTheirSource) {
  const auto prices = listPrices();
  ASSERT_TRUE(prices.contains("h100-sxm"));
  EXPECT_NEAR(prices.at("h100-sxm").price.value() * 3600, 6.88, 1e-9);
  for (const auto& [name, price] : prices) {
    EXPECT_EQ(findAccelerator(name).name, name);
    EXPECT_TRUE(sourceIsDefined(price.source)) << name << ": " << price.source;
  }
}

TEST(Prices, APriceMustBePositiveAndDated) {
  const auto readLine = [](const std::string& entry) {
    return readPrices(Document::parse("schema: headroom.prices/1\nprices:\n  x: " + entry, "p.yaml").root());
  };
  EXPECT_EQ(readLine("{price: 3600 USD/h, source: s, date: 2025-06, derived_from: i}").at("x").price,
            DollarsPerSecond(1));
  EXPECT_THAT(messageOf([&] { readLine("{price: 0 USD/h, source: s, date: 2025-06, derived_from: i}"); }),
              HasSubstr("more than 0"));
  EXPECT_THAT(messageOf([&] { readLine("{price: 1 USD/h, source: s, date: 2025-13, derived_from: i}"); }),
              HasSubstr("write YYYY-MM"));
  EXPECT_THAT(messageOf([&] { readLine("{price: 1 USD/h, source: s, derived_from: i}"); }), HasSubstr("\"date\""));
}

}  // namespace
}  // namespace headroom::models
