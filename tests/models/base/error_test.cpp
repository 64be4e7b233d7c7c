#include "models/base/error.h"

#include <gtest/gtest.h>

#include <vector>

namespace headroom {
namespace {

TEST(Suggestion, NamesTheClosestKnownWord) {
  const std::vector<std::string> known{"h100-sxm", "h200-sxm", "tpu-v5e"};
  EXPECT_EQ(suggestion("h1000-sxm", known), "did you mean \"h100-sxm\"?");
  EXPECT_EQ(suggestion("abacus", known), "known: h100-sxm, h200-sxm, tpu-v5e");
}

TEST(Check, ThrowsOurBugWithTheConditionAndTheReason) {
  try {
    CHECK(1 > 2, "arithmetic");
    FAIL() << "must throw";
  } catch (const BugError& e) {
    EXPECT_NE(std::string(e.what()).find("CHECK(1 > 2) failed: arithmetic"), std::string::npos);
  }
}

}  // namespace
}  // namespace headroom
