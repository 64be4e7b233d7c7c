// list, model, profile and trace, as a user runs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "models/base/document.h"
#include "models/cost/power.h"
#include "tests/cli/program.h"

namespace headroom::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// Data that is too large to ship stands beside the checkout where there is any.
std::filesystem::path sharedData() {
  return sourceRoot() / "../shared/data";
}

TEST(ListVerb, EveryKindIsAListOfNamesAndSummaries) {
  for (const char* kind : {"accelerators", "models", "engines", "policies", "profiles", "scenarios", "trace-formats"}) {
    const Ended ended = headroom({"list", kind, "--format", "json"});
    ASSERT_EQ(ended.code, 0) << ended.err;
    const json entries = json::parse(ended.out);
    EXPECT_FALSE(entries.empty()) << kind;
    for (const json& entry : entries) {
      EXPECT_NE(entry.at("name"), "") << kind;
      EXPECT_NE(entry.at("summary"), "") << kind << " " << entry.at("name");
    }
    EXPECT_THAT(headroom({"list", kind}).out, HasSubstr(entries.front().at("name").get<std::string>()));
  }
}

TEST(ListVerb, EveryListedScenarioRunsByItsName) {
  for (const json& entry : json::parse(headroom({"list", "scenarios", "--format", "json"}).out)) {
    if (entry.at("kind") != "scenario") continue;
    const Ended ended =
        headroom({"simulate", entry.at("name"), "--set", "workloads/0/requests=20", "--no-load-estimate"});
    EXPECT_EQ(ended.code, 0) << ended.err;
  }
}

TEST(HelpText, NoVerbAndHelpExplainTheProgram) {
  const Ended bare = headroom({});
  EXPECT_EQ(bare.code, 0);
  EXPECT_THAT(bare.out, HasSubstr("simulate"));
  EXPECT_EQ(headroom({"--help"}).out, bare.out);
  EXPECT_THAT(headroom({"profile", "show", "--help"}).out, HasSubstr("Usage: headroom profile show"));
  EXPECT_THAT(headroom({"--version"}).out, ::testing::MatchesRegex("headroom [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

constexpr const char* kConfig = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 1024,
  "intermediate_size": 4096, "num_hidden_layers": 8, "num_attention_heads": 16, "num_key_value_heads": 4,
  "vocab_size": 32000, "max_position_embeddings": 4096, "torch_dtype": "bfloat16", "tie_word_embeddings": false})";

TEST(ModelVerb, AnImportedConfigCanBeSimulated) {
  const TemporaryFolder folder;
  const std::string config = folder.write("Tiny_config.json", kConfig);
  const std::string out = (folder.path() / "tiny.yaml").string();
  const Ended imported = headroom({"model", "import", config, "--out", out});
  ASSERT_EQ(imported.code, 0) << imported.err;
  EXPECT_THAT(contentOf(out), HasSubstr("name: tiny"));
  EXPECT_EQ(headroom({"model", "import", config, "--out", out}).code, 2) << "it must not be overwritten";
  EXPECT_EQ(headroom({"model", "import", config}).out, contentOf(out));
  const Ended run = headroom({"simulate", "--model", config, "--accelerator", "l4", "--rate", "1 /s", "--requests", "5",
                              "--prompt-tokens", "50", "--output-tokens", "5"});
  EXPECT_EQ(run.code, 0) << run.err;
}

TEST(ModelVerb, AConfigThatIsNoneIsRefused) {
  const TemporaryFolder folder;
  const Ended ended = headroom({"model", "import", folder.write("config.json", "{\"hidden_size\": 10}")});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("config.json"));
}

std::string steadyTrace() {
  std::string text = "arrival_s,prompt_tokens,output_tokens\n";
  for (int i = 0; i < 600; ++i) {
    text += std::to_string(i / 2) + (i % 2 != 0 ? ".5" : ".0") + "," + std::to_string(100 + i % 50) + ",20\n";
  }
  return text;
}

TEST(TraceVerb, InspectMeasuresRateAndLengths) {
  const TemporaryFolder folder;
  const std::string trace = "csv:" + folder.write("steady.csv", steadyTrace());
  const json measured = json::parse(headroom({"trace", "inspect", trace, "--format", "json"}).out);
  EXPECT_EQ(measured.at("rows"), 600);
  EXPECT_NEAR(measured.at("rate_per_s").get<double>(), 2.0, 0.01);
  EXPECT_NEAR(measured.at("cv").get<double>(), 0.0, 1e-6);
  EXPECT_EQ(measured.at("output_tokens").at("max"), 20.0);
  const json twice = json::parse(headroom({"trace", "inspect", trace, "--rate-scale", "2", "--format", "json"}).out);
  EXPECT_NEAR(twice.at("rate_per_s").get<double>(), 4.0, 0.02);
  EXPECT_THAT(headroom({"trace", "inspect", trace}).out, HasSubstr("requests/s"));
}

TEST(TraceVerb, AFittedTraceGeneratesItsLike) {
  const TemporaryFolder folder;
  const std::string trace = "csv:" + folder.write("steady.csv", steadyTrace());
  const std::string model = (folder.path() / "m.yaml").string(), made = (folder.path() / "made.csv.gz").string();
  const Ended fitted = headroom({"trace", "fit", trace, "--out", model});
  ASSERT_EQ(fitted.code, 0) << fitted.err;
  EXPECT_THAT(fitted.out, HasSubstr("synthetic"));
  const Ended generated = headroom({"trace", "generate", model, "--out", made, "--requests", "300"});
  ASSERT_EQ(generated.code, 0) << generated.err;
  EXPECT_EQ(json::parse(headroom({"trace", "inspect", "csv:" + made, "--format", "json"}).out).at("rows"), 300);
  EXPECT_EQ(headroom({"trace", "generate", model, "--out", made}).code, 2) << "it must not be overwritten";
}

TEST(TraceVerb, WhatIsNoTraceNameIsRefused) {
  const Ended ended = headroom({"trace", "inspect", "conv.csv"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("\"conv.csv\" is not FORMAT:FILE"));
}

TEST(ProfileVerb, ShowPrintsTheTablesAndTheStepsOfAModel) {
  const Ended plain = headroom({"profile", "show", "h100-sxm/vllm-0.24.0"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.out, HasSubstr("gemm bf16"));
  const Ended ended = headroom({"profile", "show", "h100-sxm/vllm-0.24.0", "--model", "llama-3.1-70b", "--tp", "4",
                                "--weights", "fp8", "--format", "json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const json steps = json::parse(ended.out).at("steps");
  ASSERT_EQ(steps.size(), 2U);
  for (const json& step : steps) {
    for (const json& part : step.at("parts")) {
      EXPECT_GE(part.at("time_ms").get<double>(), part.at("speed_of_light_ms").get<double>() * 0.999) << part;
    }
  }
}

TEST(ProfileVerb, AnUnknownNameOrALayoutThatDoesNotDivideIsRefused) {
  EXPECT_THAT(headroom({"profile", "show", "h100-sxm/vllm-0.24.1"}).err,
              HasSubstr("did you mean \"h100-sxm/vllm-0.24.0\"?"));
  const Ended ended = headroom({"profile", "show", "h100-sxm/vllm-0.24.0", "--model", "llama-3.1-8b", "--tp", "3"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("--tp: tp 3 does not divide"));
}

/// A few GEMMs at half the speed of light of an L4.
std::string writeKernels(const TemporaryFolder& folder) {
  const std::filesystem::path kernels = folder.path() / "kernels";
  std::filesystem::create_directory(kernels);
  std::ofstream gemm(kernels / "gemm.csv");
  gemm << "gemm_dtype,m,n,k,latency\n";
  for (const int m : {1, 16, 64, 256}) {
    for (const int n : {1024, 4096}) {
      for (const int k : {1024, 4096}) {
        const double light = std::max(2.0 * m * n * k / 121e12, 2.0 * (m * k + k * n + m * n) / 300e9);
        gemm << "bfloat16," << m << "," << n << "," << k << "," << 2e3 * light + 0.005 << "\n";
      }
    }
  }
  return kernels.string();
}

TEST(ProfileVerb, AFittedProfileReproducesItsSamples) {
  const TemporaryFolder folder;
  const std::string kernels = writeKernels(folder), out = (folder.path() / "p.json").string();
  const Ended fitted = headroom({"profile", "fit", kernels, "--accelerator", "l4", "--engine-version", "0.24.0",
                                 "--origin", "a test", "--date", "2026-01-01", "--licence", "none", "--out", out});
  ASSERT_EQ(fitted.code, 0) << fitted.err;
  const Ended checked = headroom({"profile", "check", out, kernels, "--format", "json"});
  ASSERT_EQ(checked.code, 0) << checked.err;
  for (const json& row : json::parse(checked.out)) {
    if (row.at("points") == "fitted") {
      EXPECT_LT(row.at("mean_error").get<double>(), 0.01) << row;
    }
  }
  EXPECT_THAT(headroom({"profile", "show", out}).out, HasSubstr("a test"));
}

/// Two rows of Vidur's all-reduce table, made up.
constexpr const char* kVidurAllReduce =
    ",time_stats.all_reduce.median,rank,num_workers,size,collective,devices_per_node,max_devices_per_node\n"
    "0,0.02,0,2,2048,all_reduce,2,8\n1,0.03,0,2,65536,all_reduce,2,8\n2,0.9,0,8,2048,all_reduce,4,8\n";

TEST(ProfileVerb, AnotherToolsTablesAreImportedFittedAndChecked) {
  const TemporaryFolder folder;
  const std::string source = folder.write("all_reduce.csv", kVidurAllReduce);
  const std::string tables = (folder.path() / "tables").string(), out = (folder.path() / "p.json").string();
  const Ended imported = headroom({"profile", "import", source, "--out", tables, "--format", "json"});
  ASSERT_EQ(imported.code, 0) << imported.err;
  EXPECT_EQ(json::parse(imported.out).at("nccl_all_reduce"), 2);
  EXPECT_THAT(imported.err, HasSubstr("1 rows not used: all_reduce between nodes"));
  EXPECT_EQ(headroom({"profile", "import", source, "--out", tables}).code, 2) << "it must not be overwritten";
  EXPECT_EQ(headroom({"profile", "import", source, "--out", tables, "--overwrite"}).code, 0);
  const Ended fitted =
      headroom({"profile", "fit", tables, "--accelerator", "a100-sxm", "--engine-version", "0", "--out", out});
  ASSERT_EQ(fitted.code, 0) << fitted.err;
  const json errors = json::parse(headroom({"profile", "check", out, tables, "--format", "json"}).out);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_LT(errors[0].at("mean_error").get<double>(), 0.01);
}

/// Made up: more tokens a second at larger batches, 300 W and 60 W per doubling.
std::string powerRuns(const std::string& model = "llama-3.1-8b") {
  std::string text = "watts,model,weights,accelerators,running,output_tokens_per_s,prompt_tokens,output_tokens\n";
  for (int i = 0; i < 6; ++i) {
    const int running = 1 << i;
    text += std::to_string(300 + 60 * i) + "," + model + ",bf16,1," + std::to_string(running) + "," +
            std::to_string(100 * running) + ",500,200\n";
  }
  return text;
}

TEST(ProfileVerb, MeasuredWattsBecomeAPowerModelThatIsReadBack) {
  const TemporaryFolder folder;
  const std::string runs = folder.write("runs.csv", powerRuns()), out = (folder.path() / "h200-sxm.yaml").string();
  const Ended ended = headroom({"profile", "fit-power", runs, "--accelerator", "h200-sxm", "--idle", "75 W", "--source",
                                "my \"own\" rack: a, b", "--out", out});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("fitted"));
  const Document document = Document::load(out);
  const models::PowerModel model = models::readPower(document.root(), models::findAccelerator("h200-sxm"));
  EXPECT_EQ(model.idle, Watts(75));
  EXPECT_EQ(model.source, "my \"own\" rack: a, b");
  EXPECT_GT(model.active + model.compute + model.memory, Watts(200));
}

TEST(ProfileVerb, PowerRunsThatCannotBeAreRefusedWithTheirLine) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& text, const std::string& idle = "75 W") {
    const Ended ended =
        headroom({"profile", "fit-power", folder.write("runs.csv", text), "--accelerator", "h100-sxm", "--idle", idle});
    EXPECT_EQ(ended.code, 2);
    return ended.err;
  };
  EXPECT_THAT(error(powerRuns("llama-9")), HasSubstr("runs.csv:2: "));
  EXPECT_THAT(error("watts,model\n"), HasSubstr("too few measurements"));
  EXPECT_THAT(error("watts,model\n300,llama-3.1-8b\n"), HasSubstr("runs.csv:2: no column \"weights\""));
  EXPECT_THAT(error(powerRuns(), "75"), HasSubstr("--idle"));
}

TEST(ProfileVerb, AFileThatNoToolWroteIsNotImported) {
  const TemporaryFolder folder;
  const std::string source = folder.write("shopping.csv", "what,many\neggs,6\n"), out = (folder.path() / "t").string();
  const Ended ended = headroom({"profile", "import", source, "--out", out});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("shopping.csv:1: not a table of kernel times known here (read are Vidur's"));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(ProfileVerb, HeldOutPointsOfTheSharedDataAreReported) {
  const std::filesystem::path kernels = sharedData() / "kernels/aiconfigurator/h100_sxm";
  if (!std::filesystem::exists(kernels)) GTEST_SKIP() << "no shared/data/kernels/aiconfigurator beside the checkout";
  const Ended ended = headroom({"profile", "check", "h100-sxm/vllm-0.24.0", kernels.string(), "--held-out", "0.1"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("unseen (n,k)"));
}

TEST(TraceVerb, TheSharedAzureTraceIsSimulated) {
  const std::filesystem::path trace = sharedData() / "traces/azure2023/AzureLLMInferenceTrace_conv.csv.gz";
  if (!std::filesystem::exists(trace)) GTEST_SKIP() << "no shared/data/traces/azure2023 beside the checkout";
  const Ended ended = headroom({"simulate", "--model", "llama-3.1-8b", "--accelerator", "h100-sxm", "--trace",
                                "azure:" + trace.string(), "--format", "json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(json::parse(ended.out).at("requests").at("completed"), 19366);
}

TEST(ProfileVerb, CalibrateFindsTheOverheadThatTheMeasuredStepsHave) {
  const TemporaryFolder folder;
  const std::string scenario = folder.write("chat.yaml", R"(
schema: headroom.scenario/1
deployments: [{name: chat, model: llama-3.1-8b, engine: {version: "0.19.0", max_model_len: 8192},
               pools: [{accelerator: h100-sxm}]}]
workloads: [{arrivals: {type: closed-loop, concurrency: 1}, requests: 1, prompt_tokens: {fixed: 8}, output_tokens: {fixed: 8}}]
)");
  const auto tpotOf = [&](int clients) {
    const Ended run = headroom(
        {"simulate", scenario, "--format", "json", "--set", "deployments/0/engine/step_overhead=1.5 ms", "--set",
         "workloads/0/arrivals/concurrency=" + std::to_string(clients), "--set", "workloads/0/requests=80", "--set",
         "workloads/0/prompt_tokens={fixed: 512}", "--set", "workloads/0/output_tokens={fixed: 128}"});
    return json::parse(run.out).at("tpot_ms").at("mean").get<double>();
  };
  std::vector<std::string> arguments{"profile", "calibrate", scenario};
  for (const int clients : {1, 4}) {
    arguments.push_back(folder.write("c" + std::to_string(clients) + ".json", json{{"completed", 80},
                                                                                   {"total_input_tokens", 80 * 512},
                                                                                   {"total_output_tokens", 80 * 128},
                                                                                   {"mean_ttft_ms", 100.0},
                                                                                   {"mean_tpot_ms", tpotOf(clients)},
                                                                                   {"max_concurrency", clients},
                                                                                   {"request_rate", "inf"}}
                                                                                  .dump()));
  }
  arguments.insert(arguments.end(), {"--out", (folder.path() / "constants.yaml").string()});
  const Ended ended = headroom(arguments);
  ASSERT_EQ(ended.code, 0) << ended.err;
  const std::string yaml = contentOf(folder.path() / "constants.yaml");
  const std::size_t at = yaml.find("step_overhead: ");
  ASSERT_NE(at, std::string::npos) << yaml;
  EXPECT_NEAR(std::stod(yaml.substr(yaml.rfind("step_overhead: ") + 15)), 1.5, 0.1) << yaml;
  EXPECT_THAT(ended.out, HasSubstr("in the fit"));
}

}  // namespace
}  // namespace headroom::cli
