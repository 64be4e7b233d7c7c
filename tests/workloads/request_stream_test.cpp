#include "workloads/request_stream.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "models/base/error.h"
#include "tests/workloads/test_files.h"

namespace headroom::workloads {
namespace {

WorkloadSpec chat(const std::string& name = "chat", double rate = 5) {
  return {.name = name,
          .arrivals = PoissonArrivals{PerSecond(rate)},
          .prompt_tokens = UniformLength{.min = 100, .max = 2000},
          .output_tokens = LognormalLength{.median = 200, .sigma = 0.7},
          .max_tokens = {},
          .requests = 500,
          .duration = {}};
}

std::vector<Request> all(RequestStream& stream) {
  std::vector<Request> requests;
  for (Request request; stream.next(request);) requests.push_back(request);
  EXPECT_FALSE([&] {
    Request more;
    return stream.next(more);
  }()) << "a stream that ended goes on";
  return requests;
}

std::vector<Request> merged(const std::vector<WorkloadSpec>& specs, std::uint64_t seed) {
  std::vector<MergedStream::Source> sources;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    sources.push_back({.workload = static_cast<std::uint32_t>(i), .stream = openStream(specs[i], seed)});
  }
  MergedStream stream(std::move(sources));
  return all(stream);
}

std::vector<Request> ofWorkload(const std::vector<Request>& requests, std::uint32_t workload) {
  std::vector<Request> some;
  for (Request request : requests) {
    if (request.workload != workload) continue;
    request.id = some.size();
    some.push_back(request);
  }
  return some;
}

TEST(RequestStream, SameSeedGivesTheSameRequestsAndAnotherSeedDoesNot) {
  const auto first = all(*openStream(chat(), 1));
  EXPECT_EQ(first.size(), 500u);
  EXPECT_EQ(first, all(*openStream(chat(), 1)));
  EXPECT_NE(first, all(*openStream(chat(), 2)));
}

TEST(RequestStream, AnotherWorkloadBesideItChangesNothing) {
  const auto alone = merged({chat()}, 1);
  const auto beside = merged({chat(), chat("code", 11)}, 1);
  EXPECT_EQ(beside.size(), 1000u);
  EXPECT_EQ(ofWorkload(beside, 0), alone);
}

TEST(RequestStream, WorkloadsOfAnotherNameDrawOtherTimesAndLengths) {
  const auto a = all(*openStream(chat("a"), 1)), b = all(*openStream(chat("b"), 1));
  int same_prompt = 0, same_output = 0, same_arrival = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    same_prompt += a[i].prompt_tokens == b[i].prompt_tokens ? 1 : 0;
    same_output += a[i].output_tokens == b[i].output_tokens ? 1 : 0;
    same_arrival += a[i].arrival == b[i].arrival ? 1 : 0;
  }
  EXPECT_LT(same_prompt, 10);
  EXPECT_LT(same_output, 20);
  EXPECT_EQ(same_arrival, 0);
}

TEST(RequestStream, AnotherPromptLengthLeavesArrivalsAndOutputsAlone) {
  WorkloadSpec longer = chat();
  longer.prompt_tokens = LognormalLength{.median = 5000, .sigma = 1};
  const auto a = all(*openStream(chat(), 1)), b = all(*openStream(longer, 1));
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].arrival, b[i].arrival);
    EXPECT_EQ(a[i].output_tokens, b[i].output_tokens);
  }
}

TEST(MergedStream, OrdersByTimeWithTiesToTheLowerWorkloadAndCountsIds) {
  WorkloadSpec steady = chat("steady");
  steady.arrivals = ConstantArrivals{PerSecond(1)};
  steady.requests = 3;
  WorkloadSpec other = steady;
  other.name = "other";
  other.requests = 2;
  std::vector<MergedStream::Source> sources;
  sources.push_back({.workload = 7, .stream = openStream(other, 1)});
  sources.push_back({.workload = 2, .stream = openStream(steady, 1)});
  MergedStream stream(std::move(sources));
  const auto requests = all(stream);
  std::vector<std::uint32_t> workloads;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(requests[i].id, i);
    workloads.push_back(requests[i].workload);
  }
  EXPECT_EQ(workloads, (std::vector<std::uint32_t>{2, 7, 2, 7, 2}));
}

TEST(MergedStream, KeepsEveryRequestInOrder) {
  rc::check([](std::uint64_t seed) {
    const int count = *rc::gen::inRange(1, 5);
    std::vector<WorkloadSpec> specs;
    std::size_t expected = 0;
    for (int i = 0; i < count; ++i) {
      specs.push_back(chat("w" + std::to_string(i), *rc::gen::inRange(1, 50)));
      specs.back().requests = *rc::gen::inRange(1, 40);
      expected += static_cast<std::size_t>(*specs.back().requests);
    }
    const auto requests = merged(specs, seed);
    RC_ASSERT(requests.size() == expected);
    for (std::size_t i = 1; i < requests.size(); ++i) RC_ASSERT(requests[i - 1].arrival <= requests[i].arrival);
    for (const Request& r : requests) RC_ASSERT(r.prompt_tokens >= 1 && r.output_tokens >= 1);
  });
}

TEST(RequestStream, MaxTokensRuleDecidesWhatTheClientAllows) {
  WorkloadSpec spec = chat();
  for (const Request& r : all(*openStream(spec, 1))) EXPECT_EQ(r.max_tokens, r.output_tokens);
  const auto uncut = all(*openStream(spec, 1));
  spec.max_tokens = {.rule = MaxTokens::Rule::fixed, .tokens = 150};
  const auto cut = all(*openStream(spec, 1));
  for (std::size_t i = 0; i < cut.size(); ++i) {
    EXPECT_EQ(cut[i].max_tokens, 150);
    EXPECT_EQ(cut[i].output_tokens, std::min(uncut[i].output_tokens, 150));
  }
  spec.max_tokens = {.rule = MaxTokens::Rule::omitted};
  for (const Request& r : all(*openStream(spec, 1))) EXPECT_EQ(r.max_tokens, 0);
}

TEST(RequestStream, DurationEndsBeforeTheArrivalAtThatTime) {
  WorkloadSpec spec = chat();
  spec.arrivals = ConstantArrivals{PerSecond(10)};
  spec.requests.reset();
  spec.duration = Seconds(5);
  const auto requests = all(*openStream(spec, 1));
  EXPECT_EQ(requests.size(), 49u);
  EXPECT_LT(requests.back().arrival, toTicks(Seconds(5)));
}

TEST(RequestStream, TraceGivesArrivalsAndTheLengthsAskedOfIt) {
  TemporaryFolder folder;
  const auto file = folder.write("t.csv", "arrival_s,prompt_tokens,output_tokens\n1,20,30\n2,40,50\n3,60,70\n");
  WorkloadSpec spec = chat();
  spec.arrivals = TraceArrivals{.format = "csv", .file = file, .rate_scale = 2};
  spec.prompt_tokens = LengthFromTrace{};
  spec.output_tokens = FixedLength{8};
  spec.requests = 2;
  const auto requests = all(*openStream(spec, 1));
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1], (Request{.id = 1,
                                  .workload = 0,
                                  .arrival = toTicks(Seconds(1)),
                                  .prompt_tokens = 40,
                                  .output_tokens = 8,
                                  .max_tokens = 8}));
  spec.requests.reset();
  EXPECT_FALSE(isEndless(spec));
  EXPECT_EQ(all(*openStream(spec, 1)).size(), 3u);
}

TEST(RequestDetails, AreNullWhereARequestCarriesNothingAndSharedWhereTheyAreEqual) {
  for (const Request& r : all(*openStream(chat(), 1))) EXPECT_EQ(r.details, nullptr);
  const auto marked = all(*openStream(chat(), 1, {.priority = 2, .tenant = 3, .adapter = 1}));
  ASSERT_NE(marked[0].details, nullptr);
  EXPECT_EQ(*marked[0].details, (RequestDetails{.priority = 2, .tenant = 3, .adapter = 1}));
  for (const Request& r : marked) EXPECT_EQ(r.details, marked[0].details);
  const auto due = all(*openStream(chat(), 1, {.deadline = Seconds(2)}));
  EXPECT_EQ(*due[0].details, (RequestDetails{.deadline = toTicks(Seconds(2))}));
  for (const Request& r : due) EXPECT_EQ(r.details, due[0].details);
}

TEST(RequestDetails, OfATraceAreItsTextAndSessions) {
  TemporaryFolder folder;
  WorkloadSpec spec = chat();
  spec.requests.reset();
  spec.prompt_tokens = spec.output_tokens = LengthFromTrace{};
  spec.arrivals =
      TraceArrivals{.format = "csv",
                    .file = folder.write("t.csv",
                                         "arrival_s,prompt_tokens,output_tokens,session,prefix_group,prefix_tokens\n"
                                         "0,100,1,a,g,60\n1,90,1,b,g,60\n2,90,1,a,,\n3,90,1,,,\n")};
  const auto requests = all(*openStream(spec, 1, {.tenant = 5}));
  ASSERT_EQ(requests.size(), 4U);
  const auto& first = requests[0].details->content;
  const auto& second = requests[1].details->content;
  ASSERT_EQ(first.size(), 2U);
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(first[0], second[0]);
  EXPECT_EQ(first[0].tokens, 60);
  EXPECT_EQ(first[1].tokens, 40);
  EXPECT_NE(first[1].id, second[1].id);
  EXPECT_EQ(requests[0].details->session, requests[2].details->session);
  EXPECT_NE(requests[0].details->session, requests[1].details->session);
  EXPECT_TRUE(requests[2].details->content.empty());
  EXPECT_EQ(*requests[3].details, (RequestDetails{.tenant = 5}));
  // Other lengths than the trace's are other texts.
  spec.prompt_tokens = FixedLength{50};
  for (const Request& r : all(*openStream(spec, 1))) EXPECT_TRUE(r.details == nullptr || r.details->content.empty());
}

TEST(RequestDetails, TextIsSharedByWorkloadsOfOneTraceAndByNoOthers) {
  TemporaryFolder folder;
  WorkloadSpec spec = chat("a");
  spec.requests.reset();
  spec.prompt_tokens = spec.output_tokens = LengthFromTrace{};
  spec.arrivals = TraceArrivals{
      .format = "mooncake",
      .file = folder.write("t", R"({"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [0, 1]})")};
  const auto textOf = [&](const std::string& name, const RequestMarks& marks) {
    spec.name = name;
    return all(*openStream(spec, 1, marks)).front().details->content;
  };
  EXPECT_NE(textOf("a", {})[0].id, textOf("b", {})[0].id);
  EXPECT_EQ(textOf("a", {.text_of = "a"}), textOf("b", {.text_of = "a"}));
}

TEST(RequestStream, ClassesAndFailedRequestsOfATraceAreChosenAndCounted) {
  TemporaryFolder folder;
  WorkloadSpec spec = chat();
  spec.requests.reset();
  spec.prompt_tokens = spec.output_tokens = LengthFromTrace{};
  TraceArrivals trace{.format = "burstgpt",
                      .file = folder.write("t.csv",
                                           "Timestamp,Model,Request tokens,Response tokens\n"
                                           "0,a,10,3\n1,b,11,0\n2,b,0,0\n3,b,12,4\n")};
  spec.arrivals = trace;
  auto stream = openStream(spec, 1);
  const auto kept = all(*stream);
  ASSERT_EQ(kept.size(), 4U);
  EXPECT_EQ(kept[1].prompt_tokens, 11);
  EXPECT_EQ(kept[1].output_tokens, 1);
  EXPECT_EQ(kept[2].prompt_tokens, 1);
  EXPECT_EQ(
      stream->warnings(),
      (std::vector<std::string>{
          "workload chat: 2 requests failed when the trace was recorded and have no answer: replayed with one of "
          "1 token",
          "workload chat: requests of 2 classes of the trace count as one: a, b; trace_class picks one of them"}));
  trace.trace_class = "b";
  trace.failed_requests = TraceArrivals::Failed::leave_out;
  spec.arrivals = trace;
  stream = openStream(spec, 1);
  const auto chosen = all(*stream);
  ASSERT_EQ(chosen.size(), 1U);
  EXPECT_EQ(chosen[0].prompt_tokens, 12);
  ASSERT_EQ(stream->warnings().size(), 1U);
  EXPECT_TRUE(stream->warnings()[0].ends_with("left out"));
  trace.trace_class = "c";
  spec.arrivals = trace;
  try {
    all(*openStream(spec, 1));
    ADD_FAILURE() << "a class nobody sends was accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.message(), "no row is of trace_class \"c\"");
    EXPECT_EQ(error.hint(), "it has a, b");
  }
}

TEST(ClosedLoopLengths, GiveLengthsWithoutTimesUpToTheNumberOfRequests) {
  WorkloadSpec spec = chat();
  spec.arrivals = ClosedLoop{.concurrency = 4};
  spec.requests = 3;
  EXPECT_TRUE(isClosedLoop(spec));
  const auto lengths = openLengths(spec, 1);
  const auto open_loop = all(*openStream(chat(), 1));
  Request request{.id = 9, .workload = 1, .arrival = 77};
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(lengths->nextLengths(request));
    EXPECT_EQ(request.prompt_tokens, open_loop[i].prompt_tokens);
    EXPECT_EQ(request.output_tokens, open_loop[i].output_tokens);
    EXPECT_EQ(request.arrival, 77);
    EXPECT_EQ(request.id, 9u);
  }
  EXPECT_FALSE(lengths->nextLengths(request));
}

TEST(RequestStream, WorkloadsThatDoNotFitTogetherAreRefused) {
  WorkloadSpec spec = chat();
  spec.prompt_tokens = LengthFromTrace{};
  EXPECT_THROW(openStream(spec, 1), InputError);
  spec = chat();
  spec.requests = 0;
  EXPECT_THROW(openStream(spec, 1), InputError);
  spec = chat();
  spec.max_tokens = {.rule = MaxTokens::Rule::fixed, .tokens = 0};
  EXPECT_THROW(openStream(spec, 1), InputError);
  spec = chat();
  spec.duration = Seconds(0);
  EXPECT_THROW(openStream(spec, 1), InputError);
  EXPECT_THROW(openLengths(chat(), 1), BugError);
}

}  // namespace
}  // namespace headroom::workloads
