// The formats beside Azure and plain CSV: hand-written samples in the published form, and the recorded files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/base/error.h"
#include "tests/workloads/test_files.h"
#include "workloads/trace_reader.h"
#include "workloads/trace_statistics.h"

namespace headroom::workloads {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Formats : public testing::Test {
 protected:
  std::vector<TraceRow> read(const std::string& format, std::string_view text, const TraceOptions& options = {}) {
    const auto trace = openTrace(format, folder_.write("trace", text), options);
    std::vector<TraceRow> rows = readAll(*trace);
    warnings_ = trace->warnings();
    return rows;
  }
  std::string refusal(const std::string& format, std::string_view text) {
    try {
      read(format, text);
      return "accepted";
    } catch (const InputError& error) {
      EXPECT_TRUE(error.where().file.ends_with("trace")) << error.what();
      EXPECT_GT(error.where().line, 0);
      return error.message() + " (" + error.hint() + ")";
    }
  }
  TemporaryFolder folder_;
  std::vector<std::string> warnings_;
};

Ticks s(double seconds) {
  return toTicks(Seconds(seconds));
}

TEST_F(Formats, BurstGptOfEitherVersionCountsFromItsFirstRowAndKeepsFailures) {
  const auto old = read("burstgpt",
                        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
                        "5,ChatGPT,472,18,490,Conversation log\n"
                        "45,GPT-4,1087,230,1317,API log\n"
                        "118,ChatGPT,0,0,0,Conversation log\n");
  ASSERT_EQ(old.size(), 3U);
  EXPECT_EQ(old[0], (TraceRow{.arrival = 0, .prompt_tokens = 472, .output_tokens = 18, .class_name = "ChatGPT"}));
  EXPECT_EQ(old[1].arrival, s(40));
  EXPECT_EQ(old[1].class_name, "GPT-4");
  EXPECT_FALSE(old[1].failed);
  EXPECT_TRUE(old[2].failed);
  EXPECT_THAT(warnings_, ElementsAre());
  const auto newer =
      read("burstgpt",
           "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
           "5270400,17,2.5,GPT-4,100,20,120,Conversation log\n"
           "5270401.25,,0.1,GPT-4,100,0,100,API log\n");
  ASSERT_EQ(newer.size(), 2U);
  EXPECT_EQ(newer[0].session, "17");
  EXPECT_EQ(newer[1].arrival, s(1.25));
  EXPECT_EQ(newer[1].session, "");
  EXPECT_TRUE(newer[1].failed);
}

TEST_F(Formats, FailedRequestsCountAsArrivalsAndHaveNoLengths) {
  std::string text = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n";
  text += "0,a,10,1,11,x\n1,a,99,0,99,x\n2,a,20,3,23,x\n";
  const auto trace = openTrace("burstgpt", folder_.write("t", text));
  const TraceStatistics statistics = measureTrace(*trace);
  EXPECT_EQ(statistics.rows, 3);
  EXPECT_EQ(statistics.failed, 1);
  EXPECT_DOUBLE_EQ(statistics.prompt_tokens.mean, 15);
  EXPECT_DOUBLE_EQ(statistics.output_tokens.quantiles.front(), 1.1);
}

TEST_F(Formats, SplitwiseHasSecondsSizesAndApplications) {
  const auto rows = read("splitwise",
                         "request_id,request_type,application_id,arrival_timestamp,batch_size,prompt_size,token_size\n"
                         "0,2,0,0.5,1,374,44\n1,2,3,1.25,1,396,109\n");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], (TraceRow{.arrival = s(0.5), .prompt_tokens = 374, .output_tokens = 44}));
  EXPECT_EQ(rows[1].class_name, "3");
  EXPECT_THAT(refusal("splitwise", "arrival_timestamp,prompt_size,token_size,batch_size\n1,2,3,4\n"),
              HasSubstr("batch_size: \"4\" is not 1"));
}

TEST_F(Formats, MooncakeBlocksAreSpansAndTheLastOneIsPartial) {
  const auto rows =
      read("mooncake", R"({"timestamp": 27, "input_length": 1100, "output_length": 5, "hash_ids": [0, 1, 7]})"
                       "\n"
                       R"({"timestamp": 30, "input_length": 1024, "output_length": 6, "hash_ids": [0, 9]})"
                       "\n"
                       R"({"timestamp": 30.5, "input_length": 10, "output_length": 7})");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].arrival, s(0.027));
  EXPECT_THAT(rows[0].content, ElementsAre(ContentSpan{0, 512}, ContentSpan{1, 512}, ContentSpan{7, 76}));
  EXPECT_THAT(rows[1].content, ElementsAre(ContentSpan{0, 512}, ContentSpan{9, 512}));
  EXPECT_EQ(rows[2].arrival, s(0.0305));
  EXPECT_TRUE(rows[2].content.empty());
}

TEST_F(Formats, HashIdsThatDoNotFitTheLengthAreRefused) {
  EXPECT_EQ(
      refusal("mooncake", R"({"timestamp": 0, "input_length": 1100, "output_length": 5, "hash_ids": [1, 2, 3]})"
                          "\n"
                          R"({"timestamp": 1, "input_length": 1100, "output_length": 5, "hash_ids": [1, 2, 3, 4]})"),
      "4 hash_ids do not fit a prompt of 1100 tokens (blocks of 512 tokens make 3; hash_block_tokens sets "
      "another size)");
  EXPECT_THAT(refusal("mooncake", R"({"timestamp": 0, "input_length": 9, "output_length": 5, "hash_ids": [-1]})"),
              HasSubstr("hash_ids: -1 is not a whole number"));
  const auto rows =
      read("mooncake", R"({"timestamp": 0, "input_length": 33, "output_length": 5, "hash_ids": [4, 5, 6]})",
           {.hash_block_tokens = 16});
  EXPECT_THAT(rows[0].content, ElementsAre(ContentSpan{4, 16}, ContentSpan{5, 16}, ContentSpan{6, 1}));
}

TEST_F(Formats, CrowdedTicksOfThreeSecondsAreSpreadAndOtherTimesAreNot) {
  std::string crowded, fine, single;
  for (int i = 0; i < 100; ++i) {
    const auto line = [](int time) {
      return "{\"timestamp\": " + std::to_string(time) + ", \"input_length\": 8, \"output_length\": 1}\n";
    };
    crowded += line(i / 10 * 3000 + (i / 10 == 3 ? -1 : 0));
    fine += line(i / 2 * 1000);
    single += line(i * 3000);
  }
  const auto rows = read("mooncake", crowded);
  ASSERT_EQ(rows.size(), 100U);
  double sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Ticks tick = s(3) * static_cast<Ticks>(i / 10) - (i / 10 == 3 ? s(0.001) : 0);
    EXPECT_GE(rows[i].arrival, tick);
    EXPECT_LT(rows[i].arrival, tick + s(3));
    EXPECT_GE(rows[i].arrival, rows[i > 0 ? i - 1 : 0].arrival);
    sum += toSeconds(rows[i].arrival - tick).value();
  }
  EXPECT_NEAR(sum / 100, 1.5, 0.35);  // uniform in [0, 3): standard error 0.087
  EXPECT_EQ(read("mooncake", crowded), rows);
  EXPECT_EQ(read("mooncake", fine)[3].arrival, s(1));
  EXPECT_EQ(read("mooncake", single)[3].arrival, s(9));
}

TEST_F(Formats, LlmServingSimLeavesThePartialBlockUnshared) {
  const auto rows =
      read("llmservingsim", R"({"arrival_s": 0.046927, "input_toks": 40, "output_toks": 531, "hash_ids": [3, 4]})"
                            "\n"
                            R"({"arrival_s": 2, "input_toks": 32, "output_toks": 1, "hash_ids": [3, 9]})");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].arrival, 48'053'248'000);  // 46.927 ms of 1.024e12 ticks a second
  EXPECT_THAT(rows[0].content, ElementsAre(ContentSpan{3, 16}, ContentSpan{4, 16}, ContentSpan{kUnsharedText, 8}));
  EXPECT_THAT(rows[1].content, ElementsAre(ContentSpan{3, 16}, ContentSpan{9, 16}));
}

TEST_F(Formats, LlmServingSimUpstreamTokensAreHashedBlockByBlock) {
  const auto line = [](int time, const std::vector<int>& tokens) {
    std::string text = "{\"input_toks\": " + std::to_string(tokens.size()) +
                       ", \"output_toks\": 2, \"arrival_time_ns\": " + std::to_string(time) + ", \"input_tok_ids\": [";
    for (const int token : tokens) text += std::to_string(token) + ",";
    text.back() = ']';
    return text + ", \"output_tok_ids\": [1, 2]}\n";
  };
  std::vector<int> a, b, c;
  for (int i = 0; i < 40; ++i) {
    a.push_back(i);
    b.push_back(i == 20 ? 999 : i);  // differs in the second block, so everything after is another text
    c.push_back(i);
  }
  c.resize(20);
  const auto rows = read("llmservingsim", line(0, a) + line(5, b) + line(1'000'000'000, c));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].arrival, 5 * 1024);
  EXPECT_EQ(rows[2].arrival, s(1));
  ASSERT_EQ(rows[0].content.size(), 3U);
  EXPECT_EQ(rows[0].content[0], rows[1].content[0]);
  EXPECT_NE(rows[0].content[1].id, rows[1].content[1].id);
  EXPECT_NE(rows[0].content[2].id, rows[1].content[2].id);
  EXPECT_EQ(rows[2].content[0], rows[0].content[0]);
  EXPECT_EQ(rows[2].content[1].tokens, 4);
  EXPECT_THAT(
      refusal("llmservingsim", R"({"arrival_time_ns": 0, "input_toks": 3, "output_toks": 1, "input_tok_ids": [1]})"),
      HasSubstr("1 input_tok_ids for input_toks of 3"));
  EXPECT_THAT(refusal("llmservingsim", R"({"arrival_time_ns": 0, "session_id": "x", "sub_requests": []})"),
              HasSubstr("not supported yet"));
}

TEST_F(Formats, PlainCsvPrefixesAreSharedFirstSpans) {
  const auto rows = read("csv",
                         "arrival_s,prompt_tokens,output_tokens,prefix_group,prefix_tokens\n"
                         "0,100,1,a,60\n1,60,1,a,60\n2,80,1,b,10\n3,80,1,,\n4,80,1,c,0\n5,80,1,c,\n");
  ASSERT_EQ(rows.size(), 6U);
  ASSERT_EQ(rows[0].content.size(), 2U);
  EXPECT_EQ(rows[0].content[0].tokens, 60);
  EXPECT_EQ(rows[0].content[1], (ContentSpan{kUnsharedText, 40}));
  EXPECT_THAT(rows[1].content, ElementsAre(rows[0].content[0]));
  EXPECT_NE(rows[2].content[0].id, rows[0].content[0].id);
  EXPECT_TRUE(rows[3].content.empty() && rows[4].content.empty());
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0], HasSubstr("2 rows name a prefix_group without prefix_tokens"));
  EXPECT_THAT(refusal("csv", "arrival_s,prompt_tokens,output_tokens,prefix_group,prefix_tokens\n0,5,1,a,6\n"),
              HasSubstr("6 is more than the prompt of 5"));
}

TEST_F(Formats, UnknownColumnsAreIgnoredWithAWarningAndLikelySlipsRefused) {
  read("csv", "arrival_s,prompt_tokens,output_tokens,note,weather\n0,5,1,a,b\n");
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0], HasSubstr("2 unknown columns ignored: note, weather"));
  EXPECT_EQ(refusal("csv", "arrival_s,prompt_tokens,output_tokens,sesion\n0,5,1,a\n"),
            "unknown column \"sesion\" (did you mean \"session\"?)");
  EXPECT_EQ(refusal("mooncake", R"({"timestamp": 0, "input_length": 5, "output_length": 1, "hash_id": [1]})"),
            "unknown column \"hash_id\" (did you mean \"hash_ids\"?)");
  read("mooncake", R"({"timestamp": 0, "input_length": 5, "output_length": 1, "user": 7})");
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0], HasSubstr("1 unknown column ignored: user"));
}

TEST_F(Formats, BrokenLinesAreRefusedWithTheirPlace) {
  EXPECT_EQ(refusal("mooncake", "[1, 2]\n"), "not a JSON object (one object a line)");
  EXPECT_EQ(refusal("mooncake", "{\"timestamp\": 0,\n"), "not a JSON object (one object a line)");
  EXPECT_THAT(refusal("mooncake", R"({"timestamp": 0, "output_length": 1})"), HasSubstr("no \"input_length\""));
  EXPECT_THAT(refusal("mooncake", R"({"timestamp": -1, "input_length": 1, "output_length": 1})"),
              HasSubstr("timestamp"));
  EXPECT_THAT(refusal("mooncake", R"({"timestamp": 0, "input_length": 1.5, "output_length": 1})"),
              HasSubstr("input_length: 1.5 is not a whole number"));
  EXPECT_THAT(refusal("mooncake", R"({"timestamp": 0, "input_length": 4, "output_length": 0})"),
              HasSubstr("an output of 0 tokens"));
  EXPECT_THAT(refusal("burstgpt", "Timestamp,Request tokens,Response tokens\nsoon,1,1\n"), HasSubstr("Timestamp"));
}

// Figures of ../shared/data/traces/README.md.
TEST(RecordedTraces, MooncakeSharesWhatItsReadmeSays) {
  for (const auto& [file, rows, blocks, unique] :
       {std::tuple{"mooncake_fast25/conversation_trace.jsonl.gz", 12'031, 288'500, 182'790},
        std::tuple{"mooncake_fast25/synthetic_trace.jsonl.gz", 3'993, 121'877, 43'924}}) {
    if (!std::filesystem::exists(recordedTrace(file))) GTEST_SKIP() << "no " << recordedTrace(file);
    const auto all = readAll(*openTrace("mooncake", recordedTrace(file)));
    std::set<std::uint64_t> ids;
    std::size_t spans = 0;
    for (const TraceRow& row : all) {
      spans += row.content.size();
      for (const ContentSpan& span : row.content) ids.insert(span.id);
    }
    EXPECT_EQ(all.size(), static_cast<std::size_t>(rows));
    EXPECT_EQ(spans, static_cast<std::size_t>(blocks));
    EXPECT_EQ(ids.size(), static_cast<std::size_t>(unique));
  }
}

TEST(RecordedTraces, MooncakeConversationLosesTheArtefactOfItsTicks) {
  const auto file = recordedTrace("mooncake_fast25/conversation_trace.jsonl.gz");
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  const TraceStatistics statistics = measureTrace(*openTrace("mooncake", file));
  EXPECT_NEAR(statistics.rate_per_s, 3.40, 0.01);
  EXPECT_NEAR(statistics.cv, 1, 0.1);  // 3.03 as recorded
  EXPECT_NEAR(statistics.dispersion, 2.9, 0.2);
  EXPECT_NEAR(statistics.prompt_tokens.mean, 12035, 1);
  EXPECT_NEAR(statistics.shared_prefix, 0.366, 0.02);  // the README counts blocks
}

TEST(RecordedTraces, LlmServingSimReadsWhole) {
  const auto file = recordedTrace("llmservingsim_sharegpt/sharegpt-llama-3.1-8b-300-sps10.jsonl.gz");
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  const auto rows = readAll(*openTrace("llmservingsim", file));
  ASSERT_EQ(rows.size(), 300U);
  for (const TraceRow& row : rows) {
    std::int64_t tokens = 0;
    for (const ContentSpan& span : row.content) tokens += span.tokens;
    EXPECT_EQ(tokens, row.prompt_tokens);
  }
}

}  // namespace
}  // namespace headroom::workloads
