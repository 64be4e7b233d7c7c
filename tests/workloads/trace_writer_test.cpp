#include "workloads/trace_writer.h"

#include <gtest/gtest.h>

#include "models/base/error.h"
#include "models/base/files.h"
#include "tests/workloads/test_files.h"

namespace headroom::workloads {
namespace {

std::vector<TraceRow> rows() {
  std::vector<TraceRow> made;
  for (int i = 0; i < 20'000; ++i) {
    made.push_back(
        TraceRow{.arrival = Ticks{1'024'000} * i * 37, .prompt_tokens = i % 900 + 1, .output_tokens = i % 70 + 1});
  }
  return made;
}

TEST(TraceWriter, WhatIsWrittenReadsBackEqualPlainAndGzipped) {
  const TemporaryFolder folder;
  const auto made = rows();
  for (const std::string name : {"t.csv", "t.csv.gz"}) {
    EXPECT_EQ(writeCsvTrace(*openRows(made), folder / name), 20'000);
    EXPECT_EQ(readAll(*openTrace("csv", folder / name)), made) << name;
  }
  EXPECT_LT(std::filesystem::file_size(folder / "t.csv.gz"), std::filesystem::file_size(folder / "t.csv") / 2);
}

TEST(TraceWriter, GzipBytesCarryNeitherTimeNorSystem) {
  const TemporaryFolder folder;
  const auto made = rows();
  writeCsvTrace(*openRows(made), folder / "a.csv.gz");
  writeCsvTrace(*openRows(made), folder / "b.csv.gz");
  const std::string bytes = readFile(folder / "a.csv.gz");
  EXPECT_EQ(bytes, readFile(folder / "b.csv.gz"));
  EXPECT_EQ(bytes.substr(3, 5), std::string(5, '\0'));  // no name, no modification time
  EXPECT_EQ(bytes[9], '\xff');                          // system unknown
}

TEST(TraceWriter, TextsAreKeptWhenAsked) {
  const TemporaryFolder folder;
  const std::vector<TraceRow> made{{.arrival = 0,
                                    .prompt_tokens = 1,
                                    .output_tokens = 2,
                                    .class_name = "chat",
                                    .session = "s1",
                                    .prefix_group = "g"}};
  writeCsvTrace(*openRows(made), folder / "t.csv", TraceTexts::keep);
  EXPECT_EQ(readAll(*openTrace("csv", folder / "t.csv")), made);
  writeCsvTrace(*openRows(made), folder / "u.csv");
  EXPECT_EQ(readFile(folder / "u.csv"), "arrival_s,prompt_tokens,output_tokens\n0.000000,1,2\n");
}

TEST(TraceWriter, ABrokenSourceLeavesNoFile) {
  const TemporaryFolder folder;
  const auto broken = folder.write("broken.csv", "arrival_s,prompt_tokens,output_tokens\n1,2,3\n0,2,3\n");
  for (const std::string name : {"t.csv", "t.csv.gz"}) {
    EXPECT_THROW(writeCsvTrace(*openTrace("csv", broken), folder / name), InputError);
    EXPECT_FALSE(std::filesystem::exists(folder / name));
    EXPECT_FALSE(std::filesystem::exists(folder / (name + ".partial")));
  }
  const std::vector<TraceRow> comma{{.arrival = 0, .prompt_tokens = 1, .output_tokens = 2, .class_name = "a,b"}};
  EXPECT_THROW(writeCsvTrace(*openRows(comma), folder / "c.csv", TraceTexts::keep), InputError);
  EXPECT_THROW(writeCsvTrace(*openRows(comma), folder / "absent" / "c.csv"), InputError);
}

}  // namespace
}  // namespace headroom::workloads
