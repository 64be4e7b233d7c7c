#include "models/cost/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "models/base/files.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

Profile oneOfEach() {
  Profile profile = emptyProfile();
  Table gemm;
  gemm.key = {.operation = Operation::gemm, .precision = Precision::fp8};
  gemm.launch_floor = Seconds(5e-6);
  gemm.axes = {{1, 16}, {1024}, {1024, 2048}};
  gemm.values = {-5, 10, 15, 2000};
  gemm.filled = {{1, 2}};
  Table reduce;
  reduce.key = {.operation = Operation::custom_all_reduce, .devices = 4};
  reduce.launch_floor = Seconds(4.5e-6);
  reduce.axes = {{256, 512, 1024}};
  reduce.values = {0, 1, 2};
  profile.tables = {gemm, attentionTable(Operation::prefill_attention, 8, 2, 128),
                    attentionTable(Operation::decode_attention, 8, 2, 128), reduce};
  return profile;
}

std::string changed(const std::string& from, const std::string& to) {
  std::string text = toJson(oneOfEach());
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Profile, WhatIsWrittenIsReadBack) {
  const Profile profile = oneOfEach();
  EXPECT_EQ(readProfile(toJson(profile), "p.json"), profile);
}

TEST(Profile, TheHeaderIsReadWithoutTheTables) {
  const std::string text = toJson(oneOfEach());
  const std::string cut = text.substr(0, text.find("\"values\""));
  EXPECT_EQ(readProfileHeader(cut, "p.json"), oneOfEach().header);
}

TEST(Profile, FindsATableByItsKey) {
  const Profile profile = oneOfEach();
  EXPECT_NE(profile.find({.operation = Operation::custom_all_reduce, .devices = 4}), nullptr);
  EXPECT_EQ(profile.find({.operation = Operation::custom_all_reduce, .devices = 8}), nullptr);
}

struct Broken {
  const char* from;
  const char* to;
  const char* message;
};

TEST(Profile, RefusesWhatItCannotMeanWithThePlaceAndTheReason) {
  const Broken cases[] = {
      {"headroom.profile/2", "headroom.profile/9", "/schema: unknown schema \"headroom.profile/9\""},
      {"\"unit\":\"ln/1000\"", "\"unit\":\"ms\"", "/tables/0/unit: the unit of values must be \"ln/1000\""},
      {"\"unit\":\"ln/1000\",", "", "/tables/0: missing \"unit\""},
      {"\"unit\":\"tokens\"", "\"unit\":\"bytes\"", "/tables/0/axes/0/unit: the unit of axis \"m\" must be \"tokens\""},
      {"\"op\":\"gemm\"", "\"op\":\"gem\"", "/tables/0/op: unknown operation \"gem\" (did you mean \"gemm\"?)"},
      {"\"weights\":\"fp8\"", "\"weights\":\"fp9\"", "/tables/0/weights: unknown number format \"fp9\""},
      {",{\"name\":\"k\",\"unit\":\"features\",\"at\":[1024,2048]}", "", "/tables/0/axes: missing axis \"k\""},
      {"[1024,2048]", "[2048,1024]", "/tables/0/axes/2/at: an axis must ascend: 1024 follows 2048"},
      {"[1024,2048]", "[1024,1024]", "an axis must ascend: 1024 follows 1024"},
      {"[1024,2048]", "[0,1024]", "item 0 is not a whole number between 1"},
      {"-5 15 15 1985", "-5 15 15", "/tables/0/parts/0/values: has 3 values, the axes make 4"},
      {"-5 15 15 1985", "-5 nan 15 1985", "/tables/0/parts/0/values: value 1 is not a whole number"},
      {"-5 15 15 1985", "-5 15 15 19999", "value 3 is not a whole number within"},
      {"\"launch_us\":5", "\"launch_us\":0", "/tables/0/parts/0/launch_us: must be greater than zero"},
      {"\"launch_us\":5", "\"launch_us\":-4", "/tables/0/parts/0/launch_us: must be greater than zero"},
      {"\"launch_us\":5", "\"launch_us\":NaN", "p.json: not a profile"},
      {"\"filled\":[1,2]", "\"filled\":[3,2]", "/tables/0/parts/0/filled: a range ends beyond the values"},
      {"\"filled\":[1,2]", "\"filled\":[3]", "/tables/0/parts/0/filled: must hold pairs"},
      {"\"filled\":[1,2]", "\"fillled\":[1,2]",
       "/tables/0/parts/0: unknown key \"fillled\" (did you mean \"filled\"?)"},
      {"\"op\":\"decode_attention\"", "\"op\":\"prefill_attention\"",
       "/tables/2/parts/0: a second table for prefill_attention"},
      {"\"devices\":4", "\"devices\":1", "/tables/3/parts/0/devices: must be between 2 and"},
      {"\"bf16_flops_per_s\":1000000000000000", "\"bf16_flops_per_s\":0",
       "/peaks/bf16_flops_per_s: must be greater than zero"},
      {"\"licence\":\"none\",", "", "missing \"licence\""},
  };
  for (const Broken& broken : cases) {
    const std::string text = changed(broken.from, broken.to);
    EXPECT_THAT(inputErrorOf([&] { readProfile(text, "p.json"); }), HasSubstr(broken.message)) << broken.to;
  }
  EXPECT_THAT(inputErrorOf([] { readProfile("{", "p.json"); }), HasSubstr("p.json: not a profile"));
}

TEST(Profile, AnAcceleratorWithoutTablesGetsTheDataSheet) {
  const FoundProfile found = findProfile(roundAccelerator(), "vllm", "0.24.0");
  EXPECT_TRUE(found.profile.tables.empty());
  EXPECT_TRUE(found.engine_differs);
  EXPECT_EQ(found.asked, "round/vllm-0.24.0");
  EXPECT_EQ(found.profile.header.peaks, peaksOf(roundAccelerator()));
}

TEST(Profile, TheNearestVersionIsFoundAndTheDifferenceTold) {
  Accelerator h100 = roundAccelerator();
  h100.name = "h100-sxm";
  const FoundProfile exact = findProfile(h100, "vllm", "0.24.0");
  EXPECT_FALSE(exact.version_differs || exact.engine_differs);
  const FoundProfile near = findProfile(h100, "vllm", "0.19.0");
  EXPECT_TRUE(near.version_differs);
  EXPECT_EQ(near.profile.header.engine_version, "0.24.0");
  EXPECT_TRUE(findProfile(h100, "another-engine", "1.0").engine_differs);
}

TEST(Profile, TheShippedOnesNameOriginDateAndLicence) {
  const std::vector<ProfileHeader> headers = listProfiles();
  ASSERT_GE(headers.size(), 3U);
  for (const ProfileHeader& header : headers) {
    EXPECT_THAT(header.origin, AnyOf(HasSubstr("NVIDIA AIConfigurator"), HasSubstr("LLMServingSim"))) << header.name;
    EXPECT_THAT(header.licence, AnyOf(HasSubstr("Apache-2.0"), HasSubstr("MIT"))) << header.name;
    EXPECT_EQ(header.date.size(), 10U) << header.name;
    EXPECT_EQ(peaksProblem(header, findAccelerator(header.accelerator)), "");
  }
}

TEST(Profile, ShippedFilesAreNamedByTheirProfileAndSoundThroughout) {
  for (const auto& entry : std::filesystem::directory_iterator(datasetsRoot() / "profiles")) {
    const std::string file = entry.path().string();
    const Profile whole = readProfile(readFile(file), file);  // decodes and checks every value
    std::string name = whole.header.name;
    std::replace(name.begin(), name.end(), '/', '_');
    EXPECT_EQ(entry.path().stem().string(), name) << "findProfile looks for the accelerator's name";
    EXPECT_EQ(readProfileLazily(file), whole);
  }
}

TEST(Profile, WhatIsReadLazilyIsRefusedWhenAKernelAsksForIt) {
  const auto file = std::filesystem::temp_directory_path() / "headroom_cost_lazy_profile_test.json";
  writeFileAtomically(file, changed("-5 15 15 1985", "-5 15 15"));
  const Profile profile = readProfileLazily(file);
  std::filesystem::remove(file);
  EXPECT_EQ(profile.tables.size(), 4U);
  EXPECT_NO_THROW(TableReader(profile.tables[1]));
  EXPECT_THAT(inputErrorOf([&] { TableReader reader(profile.tables[0]); }),
              AllOf(HasSubstr(file.string()), HasSubstr("has 3 values, the axes make 4")));
}

TEST(Profile, QuotesInTextsAreEscapedAndFoundAgain) {
  Profile profile = oneOfEach();
  profile.header.origin = R"(a "quoted" path C:\)";
  EXPECT_EQ(readProfile(toJson(profile), "p.json"), profile);
}

TEST(Profile, AChangedDataSheetIsNoticed) {
  Accelerator sparse = roundAccelerator();
  sparse.bf16 = FlopsPerSecond(2e15);
  EXPECT_THAT(peaksProblem(emptyProfile().header, sparse),
              HasSubstr("fitted for 1e+15 of bf16 flop/s, round now has 2e+15"));
  EXPECT_EQ(peaksProblem(emptyProfile().header, roundAccelerator()), "");
}

TEST(Profile, AUsersFileOfAnotherAcceleratorIsRefused) {
  const auto file = std::filesystem::temp_directory_path() / "headroom_cost_profile_test.json";
  writeFileAtomically(file, toJson(oneOfEach()));
  EXPECT_EQ(loadProfile(file, roundAccelerator()).profile, oneOfEach());
  Accelerator other = roundAccelerator();
  other.name = "other";
  EXPECT_THAT(inputErrorOf([&] { loadProfile(file, other); }), HasSubstr("this is a profile of round, not of other"));
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace headroom::models
