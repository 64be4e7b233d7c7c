#include "workloads/id_arrays.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

namespace headroom::workloads {
namespace {

using nlohmann::json;
using Ids = std::vector<std::uint64_t>;

TEST(IdArrays, ListsOfWholeNumbersAreCutOutAndKept) {
  IdArrays arrays;
  EXPECT_EQ(arrays.cut(R"({"a": 1, "ids": [ 7,8 , 900000000000000000 ], "more": [0]})"),
            R"({"a": 1, "ids": [], "more": []})");
  EXPECT_EQ(*arrays.find("ids"), (Ids{7, 8, 900'000'000'000'000'000}));
  EXPECT_EQ(*arrays.find("more"), Ids{0});
  EXPECT_EQ(arrays.find("a"), nullptr);
  EXPECT_EQ(arrays.cut(R"({"ids": 3})"), R"({"ids": 3})");
  EXPECT_EQ(arrays.find("ids"), nullptr) << "of the line before";
}

TEST(IdArrays, WhatItDoesNotReadWithCertaintyStaysAsItIs) {
  IdArrays arrays;
  for (const std::string line :
       {R"({"ids": [1, -2]})", R"({"ids": [1.5]})", R"({"ids": [01]})", R"({"ids": [1,]})", R"({"ids": [1)",
        R"({"ids": [[1]]})", R"({"ids": ["1"]})", R"({"ids": [1000000000000000000]})", R"({"ids": []})",
        R"({"ids": [1], "ids": 2})", R"({"i\u0064s": [1]})", R"({"in": {"ids": [1]}})", "[1, 2]", "", "{"}) {
    EXPECT_EQ(arrays.cut(line), line);
    EXPECT_EQ(arrays.find("ids"), nullptr) << line;
  }
}

RC_GTEST_PROP(IdArrays, TheRestAndTheListsAreTheWholeLine, ()) {
  const auto ids = *rc::gen::nonEmpty(rc::gen::container<Ids>(rc::gen::inRange<std::uint64_t>(0, 1'000'000)));
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab[]{}:, ")));
  const json whole{{"n", 3}, {"t", text}, {"hash_ids", ids}};
  IdArrays arrays;
  const std::string line = whole.dump(*rc::gen::elementOf(std::vector<int>{-1, 1}));
  json rest = json::parse(arrays.cut(line));
  RC_ASSERT(rest["hash_ids"].empty());
  RC_ASSERT(arrays.find("hash_ids") != nullptr);
  rest["hash_ids"] = *arrays.find("hash_ids");
  RC_ASSERT(rest == whole);
}

}  // namespace
}  // namespace headroom::workloads
