#include "models/cost/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "models/cost/check.h"
#include "models/cost/disturbed_rows.h"
#include "models/cost/fill_grid.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kGemmHeader = "kernel_source,gemm_dtype,m,n,k,latency\n";

/// A folder of CSV files that goes away with the test.
class Fit : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              (std::string("headroom_fit_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  FitRequest request() const {
    FitRequest request;
    request.accelerator = roundAccelerator();
    request.engine = "test";
    request.engine_version = "1";
    return request;
  }
  std::string error() {
    return inputErrorOf([&] { fitProfile(folder_, request()); });
  }

  fs::path folder_;
};

TEST_F(Fit, MeasuredTimesComeBackAtTheirPoints) {
  write("gemm.csv", std::string(kGemmHeader) + "x,bfloat16,1,1024,1024,0.006\nx,bfloat16,16,1024,1024,0.007\n");
  const Profile profile = fitProfile(folder_, request());
  ASSERT_EQ(profile.tables.size(), 1U);
  for (const Sample& sample : readRawTables(folder_).samples) {
    const KernelTime time = predict(profile, sample);
    EXPECT_NEAR(time.time / sample.time, 1.0, 0.001);
    EXPECT_EQ(time.tier, Tier::measured);
  }
}

TEST_F(Fit, TimesBelowTheSpeedOfLightAreLiftedToIt) {
  write("gemm.csv", std::string(kGemmHeader) + "x,bfloat16,1,10000,10000,0.010\nx,bfloat16,16,10000,10000,0.060\n");
  const Profile profile = fitProfile(folder_, request());
  const KernelTime time = predict(profile, {profile.tables[0].key, {1, 10000, 10000}, Seconds(10e-6)});
  EXPECT_GE(time.time, time.speed_of_light);
  EXPECT_NEAR(time.time / time.speed_of_light, 1.0, 0.001);  // 200 MB at 4 TB/s: 50 us, not 10
}

TEST_F(Fit, MessageSizesAreElementsOfTwoBytesAndOnlyGraphReplaysCount) {
  write("custom_allreduce.csv",
        "op_name,kernel_source,allreduce_dtype,num_gpus,message_size,latency,backend\n"
        "all_reduce,a,bfloat16,4,1024,0.020,vllm_eager\n"
        "all_reduce,a,bfloat16,4,1024,0.005,vllm_graph\n");
  const RawTables raw = readRawTables(folder_);
  ASSERT_EQ(raw.samples.size(), 1U);
  EXPECT_EQ(raw.samples[0].at[0], 2048);
  EXPECT_EQ(raw.samples[0].time, Seconds(5e-6));
}

TEST_F(Fit, KnownDefectsAreSkippedByName) {
  write("gemm.csv", std::string(kGemmHeader) + "x,fp8_block,1,1024,1024,0.060\nx,bfloat16,1,1024,1024,0.006\n");
  const RawTables raw = readRawTables(folder_);
  ASSERT_EQ(raw.samples.size(), 1U);
  ASSERT_EQ(raw.skipped.size(), 1U);
  EXPECT_THAT(raw.skipped.begin()->first, HasSubstr("gemm fp8_block of vLLM: timed without CUDA graphs"));
}

TEST_F(Fit, DecodeLengthIsTheNewTokenAndWhatCameBefore) {
  write("generation_attention.csv",
        "kernel_source,batch_size,isl,num_heads,num_key_value_heads,head_dim,beam_width,attn_dtype,kv_cache_dtype,step,"
        "latency\nfa,2,1,8,2,128,1,bfloat16,bfloat16,1023,0.012\n");
  const RawTables raw = readRawTables(folder_);
  ASSERT_EQ(raw.samples.size(), 1U);
  EXPECT_EQ(raw.samples[0].at[0], 2);
  EXPECT_EQ(raw.samples[0].at[1], 1024);
}

TEST_F(Fit, BrokenRowsNameFileAndLine) {
  const struct {
    const char* rows;
    const char* message;
  } cases[] = {
      {"x,bfloat16,1,1024,1024\n", "gemm.csv:2: 5 columns, the header has 6"},
      {"x,bfloat16,1,1024,1024,0.01\nx,bfloat16,one,1024,1024,0.01\n", "gemm.csv:3: m: \"one\" is not a whole number"},
      {"x,bfloat16,0,1024,1024,0.01\n", "gemm.csv:2: m: \"0\" is not a whole number of at least 1"},
      {"x,bfloat16,1,1024,1024,0\n", "gemm.csv:2: latency: \"0\" is not a time greater than zero"},
      {"x,bfloat16,1,1024,1024,-1\n", "latency: \"-1\" is not a time greater than zero"},
      {"x,bfloat16,1,1024,1024,nan\n", "latency: \"nan\" is not a time greater than zero"},
      {"x,bfloat16,1,1024,1024,inf\n", "latency: \"inf\" is not a time greater than zero"},
      {"x,bfloat16,1,1024,1024,5ms\n", "latency: \"5ms\" is not a time greater than zero"},
  };
  for (const auto& broken : cases) {
    write("gemm.csv", std::string(kGemmHeader) + broken.rows);
    EXPECT_THAT(error(), HasSubstr(broken.message));
  }
}

TEST_F(Fit, MissingColumnsAndTablesAreNamed) {
  EXPECT_THAT(error(), HasSubstr("no kernel table in this folder"));
  write("gemm.csv", "kernel_source,gemm_dtype,m,n,latency\nx,bfloat16,1,2,0.1\n");
  EXPECT_THAT(error(), HasSubstr("gemm.csv:1: no column \"k\""));
  write("gemm.csv", "");
  EXPECT_THAT(error(), HasSubstr("gemm.csv: is empty"));
}

TEST_F(Fit, HeldOutPointsAreNotInTheFit) {
  std::string rows = kGemmHeader;
  for (const int m : {1, 2, 4, 8, 16, 32, 64, 128}) {
    for (const int n : {512, 1024, 2048, 4096}) {
      for (const int k : {512, 1024, 2048, 4096}) {
        const double noise = 1 + 0.2 * ((m * 7 + n * 3 + k) % 11) / 11.0;
        rows += "x,bfloat16," + std::to_string(m) + "," + std::to_string(n) + "," + std::to_string(k) + "," +
                std::to_string(noise * (0.005 + 1e-8 * n * k / 16)) + "\n";
      }
    }
  }
  write("gemm.csv", rows);
  const RawTables raw = readRawTables(folder_);
  int left_out = 0;
  double mean = 0;
  for (const KernelErrors& errors : checkHeldOut(raw, request(), 0.2, 1)) {
    left_out += errors.count;
    mean = std::max(mean, errors.mean);
  }
  EXPECT_GT(left_out, 128 / 10);
  EXPECT_LT(left_out, 128 * 6 / 10);
  EXPECT_GT(mean, 0.01);  // noise of 20 % cannot be predicted: an error of 0 would mean that the point was seen
  for (const KernelErrors& errors : checkProfile(fitProfile(raw, request()), raw)) {
    EXPECT_EQ(errors.points, "fitted");
    EXPECT_LT(errors.mean, 0.001);
  }
}

TEST(FillGrid, PointsBetweenMeasuredOnesAreInterpolatedAndPointsBeyondAreHeldAndListed) {
  const std::vector<std::vector<std::int64_t>> axes = {{1, 4, 16, 64}};
  const GridFill fill = fillGrid(axes, {{1.0}, {}, {3.0}, {}});
  EXPECT_DOUBLE_EQ(fill.values[1], 2.0);
  EXPECT_DOUBLE_EQ(fill.values[3], 3.0);
  ASSERT_EQ(fill.held.size(), 1U);
  EXPECT_EQ(fill.held[0], (std::pair<std::int32_t, std::int32_t>{3, 1}));
}

TEST(FillGrid, AHoleInASumOfTwoCurvesIsNearerThanTheMeanOfItsLines) {
  // f = x^2 + y^2 with x, y = 0, 1, 2 (log 2); the hole at (1, 1) is 2, both lines say 3, the corners 4.
  const GridFill fill = fillGrid({{1, 2, 4}, {1, 2, 4}}, {{0}, {1}, {4}, {1}, {}, {5}, {4}, {5}, {8}});
  EXPECT_DOUBLE_EQ(fill.values[4], 2.5);
}

TEST(FillGrid, ASlowPointAmongFasterNeighboursOnEveryAxisIsADisturbedMeasurement) {
  const std::vector<std::vector<std::int64_t>> axes = {{1, 2, 4}, {1, 2, 4}};
  const auto middle = [&](double value) {
    return fillGrid(axes, {{1}, {1}, {1}, {1}, {value}, {1}, {1}, {1}, {1}}).values[4];
  };
  EXPECT_DOUBLE_EQ(middle(1.5), 1.0);  // e^0.5 = 1.6 times slower
  EXPECT_DOUBLE_EQ(middle(1.3), 1.3);  // within the kernel's own unevenness
  EXPECT_DOUBLE_EQ(middle(0.2), 0.2);  // a faster one is no disturbance
}

TEST(FillGrid, AStepOfTheKernelIsNoDisturbance) {
  const GridFill row = fillGrid({{1, 2, 4}, {1, 2, 4}}, {{1}, {1}, {1}, {2}, {2}, {2}, {1}, {1}, {1}});
  EXPECT_DOUBLE_EQ(row.values[4], 2.0);                                     // slow all along one axis
  EXPECT_DOUBLE_EQ(fillGrid({{1, 2, 4}}, {{1}, {2}, {1}}).values[1], 2.0);  // one axis cannot tell
}

/// GEMMs of one matrix, rows and microseconds.
std::vector<Sample> gemms(const std::vector<std::pair<int, double>>& rows) {
  std::vector<Sample> samples;
  for (const auto& [m, us] : rows) {
    samples.push_back({{.operation = Operation::gemm, .precision = Precision::fp8},
                       {static_cast<double>(m), 8192.0, 4096.0, 1},
                       Seconds(us * 1e-6)});
  }
  return samples;
}

std::vector<int> rowsOf(const std::vector<Sample>& samples) {
  std::vector<int> rows;
  for (const Sample& sample : samples) rows.push_back(static_cast<int>(sample.at[0]));
  return rows;
}

TEST(DisturbedRows, AGemmSlowerThanMostOfFewerAndMostOfMoreRowsIsLeftOut) {
  // As the B200's table has it: 16 rows disturbed, and 4 next to 5; the first has no fewer rows to compare with.
  const auto kept = withoutDisturbedRows(
      gemms({{1, 28}, {2, 11}, {3, 11}, {4, 30}, {5, 31}, {6, 12}, {16, 22}, {32, 12}, {48, 12}, {64, 12}}));
  EXPECT_EQ(rowsOf(kept), (std::vector<int>{1, 2, 3, 6, 32, 48, 64}));
}

TEST(DisturbedRows, StepsAndSlowRangesOfAKernelStay) {
  const auto step = gemms({{1, 10}, {2, 10}, {4, 10}, {8, 10}, {16, 20}, {32, 20}, {48, 20}});
  EXPECT_EQ(rowsOf(withoutDisturbedRows(step)), rowsOf(step));
  const auto range = gemms({{1, 10}, {2, 20}, {3, 20}, {4, 20}, {5, 20}, {6, 20}, {7, 20}, {8, 10}, {16, 10}});
  EXPECT_EQ(rowsOf(withoutDisturbedRows(range)), rowsOf(range));
}

TEST(FillGrid, RepeatedMeasurementsCountWithTheirMedian) {
  EXPECT_DOUBLE_EQ(fillGrid({{1}}, {{1.0, 9.0, 2.0}}).values[0], 2.0);
}

}  // namespace
}  // namespace headroom::models
