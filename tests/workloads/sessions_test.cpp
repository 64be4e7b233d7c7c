#include "workloads/sessions.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "models/base/error.h"

namespace headroom::workloads {
namespace {

WorkloadSpec talk() {
  WorkloadSpec spec{.name = "talk",
                    .arrivals = PoissonArrivals{PerSecond(1)},
                    .prompt_tokens = UniformLength{.min = 10, .max = 50},
                    .output_tokens = UniformLength{.min = 5, .max = 100},
                    .max_tokens = {}};
  spec.sessions = SessionSpec{.turns = UniformLength{.min = 2, .max = 6},
                              .think_time = ExponentialTime{Seconds(4)},
                              .system_prompt = 300,
                              .first_prompt_tokens = FixedLength{1000}};
  return spec;
}

std::vector<Request> turnsOf(Sessions& sessions, Session& session) {
  std::vector<Request> turns;
  for (Request request; sessions.next(session, request);) turns.push_back(request);
  return turns;
}

TEST(Sessions, EveryPromptIsTheConversationSoFarAndNewText) {
  Sessions sessions(talk(), 1, {.tenant = 4});
  auto first = sessions.begin(), second = sessions.begin();
  const auto turns = turnsOf(sessions, *first), others = turnsOf(sessions, *second);
  ASSERT_GE(turns.size(), 2U);
  EXPECT_EQ(turns[0].prompt_tokens, 1300);
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const RequestDetails& details = *turns[i].details;
    EXPECT_EQ(details.tenant, 4U);
    EXPECT_EQ(details.session, first->id());
    EXPECT_TRUE(details.answer_is_shared);
    ASSERT_EQ(details.content.size(), 2U);
    EXPECT_EQ(details.content[0], turns[0].details->content[0]);
    EXPECT_EQ(details.content[0].tokens, 300);
    EXPECT_EQ(details.content[1].id, turns[0].details->content[1].id);
    EXPECT_EQ(details.content[0].tokens + details.content[1].tokens, turns[i].prompt_tokens);
    if (i == 0) continue;
    const int added = turns[i].prompt_tokens - turns[i - 1].prompt_tokens - turns[i - 1].output_tokens;
    EXPECT_GE(added, 10);
    EXPECT_LE(added, 50);
  }
  EXPECT_EQ(others[0].details->content[0], turns[0].details->content[0]);
  EXPECT_NE(others[0].details->content[1].id, turns[0].details->content[1].id);
  EXPECT_NE(second->id(), first->id());
}

TEST(Sessions, OneDoesNotDependOnTheTurnsOfOthers) {
  rc::check([](std::uint64_t seed) {
    Sessions in_order(talk(), seed, {}), mixed(talk(), seed, {});
    auto a = in_order.begin(), b = in_order.begin();
    const auto turns_a = turnsOf(in_order, *a), turns_b = turnsOf(in_order, *b);
    auto x = mixed.begin(), y = mixed.begin();
    std::vector<Request> turns_x, turns_y;
    Request request;
    while (x->hasNext() || y->hasNext()) {
      const bool pick_x = !y->hasNext() || (x->hasNext() && *rc::gen::arbitrary<bool>());
      RC_ASSERT(mixed.next(pick_x ? *x : *y, request));
      (pick_x ? turns_x : turns_y).push_back(request);
    }
    const auto same = [](const std::vector<Request>& one, const std::vector<Request>& other) {
      return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](const Request& p, const Request& q) {
        return p.prompt_tokens == q.prompt_tokens && p.output_tokens == q.output_tokens && *p.details == *q.details;
      });
    };
    RC_ASSERT(same(turns_a, turns_x) && same(turns_b, turns_y));
  });
}

TEST(Sessions, EndByTurnsByTheLongestPromptByCountAndByRequests) {
  WorkloadSpec spec = talk();
  spec.sessions->turns = FixedLength{1000};
  spec.sessions->max_prompt_tokens = 5000;
  Sessions sessions(spec, 1, {});
  auto session = sessions.begin();
  const auto turns = turnsOf(sessions, *session);
  EXPECT_GT(turns.size(), 20U);  // 3700 tokens of room, at most 150 a turn
  EXPECT_LT(turns.size(), 1000U);
  for (const Request& turn : turns) EXPECT_LE(turn.prompt_tokens, 5000);
  EXPECT_GT(turns.back().prompt_tokens + turns.back().output_tokens + 50, 5000);

  spec.sessions->count = 2;
  Sessions two(spec, 1, {});
  EXPECT_TRUE(two.begin() && two.begin() && !two.begin());
  spec.requests = 3;
  const auto lengths = openLengths(spec, 1);
  Request request;
  int turns_sent = 0;
  while (lengths->nextLengths(request)) ++turns_sent;
  EXPECT_EQ(turns_sent, 3);
}

TEST(Sessions, AnAnswerThatIsCutIsShorterInTheNextPromptToo) {
  WorkloadSpec spec = talk();
  spec.prompt_tokens = FixedLength{10};
  spec.max_tokens = {.rule = MaxTokens::Rule::fixed, .tokens = 7};
  spec.output_tokens = FixedLength{90};
  Sessions sessions(spec, 1, {});
  auto session = sessions.begin();
  const auto turns = turnsOf(sessions, *session);
  EXPECT_EQ(turns[1].prompt_tokens, turns[0].prompt_tokens + 7 + 10);
}

TEST(Sessions, ThinkTimesHaveTheirMeanAndMedian) {
  Rng rng(1, "think");
  const auto mean = [&](const TimeSpec& spec) {
    double sum = 0;
    for (int i = 0; i < 100'000; ++i) sum += drawTime(spec, rng).value();
    return sum / 100'000;
  };
  EXPECT_DOUBLE_EQ(drawTime(FixedTime{Seconds(3)}, rng).value(), 3);
  EXPECT_NEAR(mean(ExponentialTime{Seconds(5)}), 5, 0.07);
  EXPECT_NEAR(mean(UniformTime{.min = Seconds(1), .max = Seconds(3)}), 2, 0.01);
  EXPECT_NEAR(mean(LognormalTime{.median = Seconds(2), .sigma = 0.8}), 2 * std::exp(0.32), 0.05);
}

TEST(Sessions, ReadFromYamlAndWrittenBackAreEqual) {
  const auto read = [](const std::string& yaml) {
    const Document document = Document::parse(yaml, "s.yaml");
    Fields fields(document.root());
    WorkloadSpec spec = readWorkload(fields, "talk");
    fields.finish();
    return spec;
  };
  const std::string rest =
      "arrivals: {type: poisson, rate: 1 /s}\nprompt_tokens: {fixed: 9}\noutput_tokens: {fixed: 9}\n";
  for (const std::string think :
       {"5 s", "{uniform: [1 s, 9 s]}", "{exponential: 3 s}", "{lognormal: {p50: 5 s, p99: 1 min}}"}) {
    const WorkloadSpec spec =
        read(rest + "sessions: {turns: {uniform: [2, 8]}, think_time: " + think +
             ", system_prompt: 120, first_prompt_tokens: {fixed: 700}, max_prompt_tokens: 8000, count: 5}\n");
    EXPECT_EQ(read(toYaml(toDocument(spec))), spec) << toYaml(toDocument(spec));
    EXPECT_FALSE(isEndless(spec));
    EXPECT_TRUE(needsAnswers(spec));
  }
  for (const std::string bad :
       {"{think_time: 1 s}", "{turns: {fixed: 0}}", "{turns: {fixed: 2}, think_time: 5}",
        "{turns: {fixed: 2}, system_prompt: 10, max_prompt_tokens: 10}",
        "{turns: {fixed: 2}, think_time: {lognormal: {p50: 5 s, p99: 4 s}}}",
        "{turns: {fixed: 2}, think_time: {uniform: [5 s, 4 s]}}", "{turns: {fixed: 2}, count: 0}"}) {
    EXPECT_THROW(read(rest + "sessions: " + bad + "\n"), InputError) << bad;
  }
  EXPECT_THROW(read("arrivals: {type: trace, format: csv, file: t}\nsessions: {turns: {fixed: 2}}\n"), InputError);
}

}  // namespace
}  // namespace headroom::workloads
