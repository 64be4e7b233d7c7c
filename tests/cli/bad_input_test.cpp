// Whatever is wrong with what the user gives: a message that says what and where, the right exit code, no result.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace headroom::cli {
namespace {

using ::testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr const char* kScenario = R"(schema: headroom.scenario/1
deployments:
  - name: chat
    model: llama-3.1-8b
    pools:
      - {accelerator: h100-sxm, replicas: 1}
workloads:
  - arrivals: {type: poisson, rate: 4 /s}
    requests: 20
    prompt_tokens: {fixed: 100}
    output_tokens: {fixed: 10}
)";

/// The scenario with one piece of text replaced.
std::string changed(const std::string& from, const std::string& to) {
  std::string text = kScenario;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Ended simulateText(const std::string& scenario) {
  const TemporaryFolder folder;
  return headroom({"simulate", folder.write("chat.yaml", scenario)});
}

Words shortForm(const Words& more) {
  Words words{"simulate", "--model", "llama-3.1-8b", "--accelerator", "h100-sxm"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void expectRefused(const Ended& ended, const std::string& message, int code = 2) {
  EXPECT_EQ(ended.code, code) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(message));
  EXPECT_THAT(ended.err, ::testing::StartsWith("headroom: "));
  EXPECT_EQ(ended.out, "");
}

TEST(BadInput, TheScenarioItselfIsFine) {
  EXPECT_EQ(simulateText(kScenario).code, 0);
}

TEST(BadInput, AnUnknownKeyNamesFileLinePathAndTheNearestKey) {
  const Ended ended = simulateText(changed("replicas: 1", "replica: 1"));
  expectRefused(ended, "/deployments/0/pools/0/replica: unknown key \"replica\" (did you mean \"replicas\"?)");
  EXPECT_THAT(ended.err, HasSubstr("chat.yaml:6: "));
}

TEST(BadInput, AnUnknownAcceleratorIsAnsweredWithTheNearest) {
  expectRefused(simulateText(changed("h100-sxm", "h1000-sxm")), "did you mean \"h100-sxm\"?");
}

TEST(BadInput, AnUnknownModelIsAnsweredWithTheNearest) {
  expectRefused(simulateText(changed("llama-3.1-8b", "llama-3.1-9b")), "did you mean \"llama-3.1-8b\"?");
}

TEST(BadInput, ABareNumberWhereAUnitIsDueIsRefused) {
  expectRefused(simulateText(changed("rate: 4 /s", "rate: 4")), "/workloads/0/arrivals/rate: \"4\" has no unit");
}

TEST(BadInput, ANegativeRateIsRefused) {
  expectRefused(simulateText(changed("rate: 4 /s", "rate: -4 /s")), "must be above 0");
}

TEST(BadInput, ANanRateIsRefused) {
  expectRefused(simulateText(changed("rate: 4 /s", "rate: nan /s")), "does not start with a finite number");
}

TEST(BadInput, NoReplicasAreRefused) {
  expectRefused(simulateText(changed("replicas: 1", "replicas: 0")), "0 is too small: must be at least 1");
}

TEST(BadInput, AFeatureThatIsNotBuiltIsRefused) {
  expectRefused(simulateText(changed("    pools:", "    autoscaler: {policy: keda}\n    pools:")), "not supported yet");
}

TEST(BadInput, AModelThatDoesNotFitExitsWith3AndSaysHowMuchIsMissing) {
  const Ended ended = headroom({"simulate", "--model", "llama-3.1-405b", "--accelerator", "h100-sxm", "--rate", "1 /s",
                                "--requests", "5", "--prompt-tokens", "10", "--output-tokens", "10"});
  expectRefused(ended, "does not fit: llama-3.1-405b on h100-sxm (tp 1)", 3);
  EXPECT_THAT(ended.err, ::testing::ContainsRegex("[0-9.]+ G.?B"));
}

TEST(BadInput, ATensorParallelismThatDoesNotDivideTheHeadsExitsWith3) {
  expectRefused(headroom(shortForm({"--tp", "3", "--rate", "1 /s", "--requests", "5", "--prompt-tokens", "10",
                                    "--output-tokens", "10"})),
                "tp 3 does not divide 32 attention heads", 3);
}

TEST(BadInput, AMissingScenarioIsRefused) {
  expectRefused(headroom({"simulate", "nowhere/chat.yaml"}), "nowhere/chat.yaml: no such file");
}

TEST(BadInput, AMissingTraceIsRefused) {
  expectRefused(headroom(shortForm({"--trace", "azure:nowhere.csv"})), "nowhere.csv: cannot be read: No such file");
}

TEST(BadInput, ABrokenRowOfATraceNamesFileAndLine) {
  const TemporaryFolder folder;
  const std::string trace = folder.write("t.csv", "arrival_s,prompt_tokens,output_tokens\n0,10,10\n1,ten,10\n");
  expectRefused(headroom(shortForm({"--trace", "csv:" + trace})), "t.csv:3: ");
}

TEST(BadInput, AnEmptyTraceIsRefused) {
  const TemporaryFolder folder;
  const std::string trace = folder.write("t.csv", "arrival_s,prompt_tokens,output_tokens\n");
  expectRefused(headroom(shortForm({"--trace", "csv:" + trace})), "t.csv");
}

TEST(BadInput, TimestampsThatGoBackNameFileAndLine) {
  const TemporaryFolder folder;
  const std::string trace = folder.write("t.csv", "arrival_s,prompt_tokens,output_tokens\n5,10,10\n4,10,10\n");
  expectRefused(headroom(shortForm({"--trace", "csv:" + trace})), "t.csv:3: ");
}

TEST(BadInput, AnUnknownTraceFormatIsAnsweredWithTheNearest) {
  expectRefused(headroom(shortForm({"--trace", "azur:x.csv"})),
                "--trace: unknown trace format \"azur\" (did you mean \"azure\"?)");
}

TEST(BadInput, ErrorsOfTheShortFormNameTheOption) {
  const Words rate{"--rate", "4", "--requests", "5", "--prompt-tokens", "10", "--output-tokens", "10"};
  expectRefused(headroom(shortForm(rate)), "--rate: \"4\" has no unit");
  expectRefused(
      headroom(shortForm({"--rate", "-4 /s", "--requests", "5", "--prompt-tokens", "10", "--output-tokens", "10"})),
      "--rate: rate (per second) must be above 0");
  expectRefused(headroom({"simulate", "--model", "lama-3.1-8b", "--accelerator", "h100-sxm", "--rate", "4 /s",
                          "--requests", "5", "--prompt-tokens", "10", "--output-tokens", "10"}),
                "--model: unknown model");
}

TEST(BadInput, TheShortFormIsNotMixedWithAFile) {
  const TemporaryFolder folder;
  expectRefused(headroom({"simulate", folder.write("chat.yaml", kScenario), "--tp", "2"}),
                "--tp: belongs to the short form, without a scenario file (with a file, use --set "
                "deployments/0/pools/0/tp=VALUE)");
}

TEST(BadInput, AWrongOverrideIsRefusedAtItsPlace) {
  const TemporaryFolder folder;
  const std::string file = folder.write("chat.yaml", kScenario);
  expectRefused(headroom({"simulate", file, "--set", "seed"}), "--set seed: is not path=value");
  expectRefused(headroom({"simulate", file, "--set", "deployments/0/engine/max_num_seqs=0"}),
                "--set: /deployments/0/engine/max_num_seqs: 0 is too small");
}

TEST(BadInput, AnUnknownVerbOptionOrKindIsAnsweredWithTheNearest) {
  expectRefused(headroom({"simlate"}), "unknown verb \"simlate\" (did you mean \"simulate\"?)");
  expectRefused(headroom({"simulate", "--sead", "1"}), "unknown option \"--sead\" (did you mean \"--seed\"?)");
  expectRefused(headroom({"list", "acelerators"}), "did you mean \"accelerators\"?");
  expectRefused(headroom({"schema", "scenaro"}), "did you mean \"scenario\"?");
  expectRefused(headroom({"trace", "inspet", "azure:x"}), "did you mean \"inspect\"?");
}

TEST(BadInput, AnOptionWithoutASensibleValueIsRefused) {
  expectRefused(headroom({"simulate", "--seed", "x"}), "simulate: --seed: \"x\" is not a whole number of at least 0");
  expectRefused(headroom({"simulate", "--seed", "-1"}), "simulate: --seed: \"-1\" is not a whole number of at least 0");
  expectRefused(headroom({"simulate", "--format", "xml"}), "simulate: --format");
  expectRefused(headroom({"simulate", "chat.yaml", "--out", ""}), "simulate: --out: the name is empty");
}

}  // namespace
}  // namespace headroom::cli
