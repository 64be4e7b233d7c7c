#include "workloads/workload_spec.h"

#include <gtest/gtest.h>

#include "models/base/error.h"

namespace headroom::workloads {
namespace {

WorkloadSpec read(const std::string& yaml) {
  const Document document = Document::parse(yaml, "dir/scenario.yaml");
  Fields fields(document.root());
  WorkloadSpec spec = readWorkload(fields, "chat");
  fields.finish();
  return spec;
}

std::string errorOf(const std::string& yaml) {
  try {
    read(yaml);
    return "accepted";
  } catch (const InputError& error) {
    return error.what();
  }
}

constexpr const char* kLengths = "prompt_tokens: {fixed: 10}\noutput_tokens: {fixed: 5}\n";
std::string withArrivals(const std::string& arrivals) {
  return "arrivals: " + arrivals + "\n" + kLengths;
}

TEST(WorkloadYaml, ReadsEveryKindOfArrivals) {
  EXPECT_EQ(read(withArrivals("{type: poisson, rate: 6.5 /s}")).arrivals, ArrivalSpec(PoissonArrivals{PerSecond(6.5)}));
  EXPECT_EQ(read(withArrivals("{type: gamma, rate: 120 /min, cv: 2}")).arrivals,
            ArrivalSpec(GammaArrivals{.rate = PerSecond(2), .cv = 2}));
  EXPECT_EQ(read(withArrivals("{type: constant, rate: 1 /s}")).arrivals, ArrivalSpec(ConstantArrivals{PerSecond(1)}));
  EXPECT_EQ(read(withArrivals("{type: closed-loop, concurrency: 64, think_time: 500 ms}")).arrivals,
            ArrivalSpec(ClosedLoop{.concurrency = 64, .think_time = Seconds(0.5)}));
  EXPECT_EQ(read(withArrivals("{type: trace-model, file: m.yaml}")).arrivals,
            ArrivalSpec(TraceModelArrivals{.file = "dir/m.yaml", .rate_scale = 1}));
  EXPECT_EQ(read(withArrivals("{type: trace, format: azure, file: conv.csv.gz, rate_scale: 2.0}")).arrivals,
            ArrivalSpec(TraceArrivals{.format = "azure", .file = "dir/conv.csv.gz", .rate_scale = 2}));
  EXPECT_EQ(read(withArrivals("{type: trace, format: mooncake, file: t, hash_block_tokens: 64, trace_class: \"1\", "
                              "failed_requests: leave-out}"))
                .arrivals,
            ArrivalSpec(TraceArrivals{.format = "mooncake",
                                      .file = "dir/t",
                                      .trace_class = "1",
                                      .hash_block_tokens = 64,
                                      .failed_requests = TraceArrivals::Failed::leave_out}));
}

TEST(WorkloadYaml, ReadsEveryKindOfLength) {
  const auto prompt = [](const std::string& text) {
    return read("arrivals: {type: poisson, rate: 1 /s}\noutput_tokens: {fixed: 1}\nprompt_tokens: " + text)
        .prompt_tokens;
  };
  EXPECT_EQ(prompt("{fixed: 3}"), LengthSpec(FixedLength{3}));
  EXPECT_EQ(prompt("{uniform: [819, 1024]}"), LengthSpec(UniformLength{.min = 819, .max = 1024}));
  EXPECT_EQ(prompt("{lognormal: {p50: 200, sigma: 0.5, max: 4096}}"),
            LengthSpec(LognormalLength{.median = 200, .sigma = 0.5, .max = 4096}));
  EXPECT_EQ(prompt("{lognormal: {mean: 200, sigma: 0.5}}"), LengthSpec(lognormalFromMean(200, 0.5)));
  EXPECT_EQ(prompt("{lognormal: {p50: 200, p99: 900}}"), LengthSpec(lognormalFromP99(200, 900)));
  EXPECT_EQ(prompt("{quantiles: [[0, 5], [0.5, 20], [1, 100]]}"),
            LengthSpec(EmpiricalLength{{{0, 5}, {0.5, 20}, {1, 100}}}));
}

TEST(WorkloadYaml, LengthsDefaultToThoseOfTheTrace) {
  const WorkloadSpec spec = read("arrivals: {type: trace, format: csv, file: t.csv}\noutput_tokens: {fixed: 4}\n");
  EXPECT_EQ(spec.prompt_tokens, LengthSpec(LengthFromTrace{}));
  EXPECT_EQ(spec.output_tokens, LengthSpec(FixedLength{4}));
}

TEST(WorkloadYaml, WhatIsWrittenReadsBackEqual) {
  for (const std::string arrivals :
       {"{type: poisson, rate: 0.1 /s}", "{type: gamma, rate: 6.7 /h, cv: 0.3}", "{type: constant, rate: 3 /s}",
        "{type: closed-loop, concurrency: 3}", "{type: weibull, rate: 3 /s, cv: 1.7}",
        "{type: mmpp, states: [{rate: 2 /s, dwell: 1 min}, {rate: 0 /s, dwell: 5 s}]}",
        "{type: diurnal, rate: 7 /s, peak_to_trough: 4, peak_at: 14 h, cv: 1.5, spikes: [{at: 1 h, duration: 90 s, "
        "factor: 3.5, every: 1 d}]}",
        "{type: ramp, points: [[0 s, 1 /s], [10 min, 20 /min], [10 min, 0 /s]], spikes: [{at: 0 s, duration: 1 s, "
        "factor: 0}]}"}) {
    for (const std::string rest :
         {"prompt_tokens: {lognormal: {mean: 333, sigma: 0.7}}\noutput_tokens: {uniform: [1, 2]}\nrequests: 12\n",
          "prompt_tokens: {quantiles: [[0, 1.5], [1, 7]]}\noutput_tokens: {fixed: 4}\nmax_tokens: {fixed: 9}\n",
          "prompt_tokens: {fixed: 1}\noutput_tokens: {fixed: 4}\nmax_tokens: omitted\nduration: 20 min\n"}) {
      const WorkloadSpec spec = read("arrivals: " + arrivals + "\n" + rest);
      EXPECT_EQ(read(toYaml(toDocument(spec))), spec) << toYaml(toDocument(spec));
    }
  }
  WorkloadSpec trace = read(
      "arrivals: {type: trace, format: csv, file: t.csv, rate_scale: 1.25, trace_class: \"7\", hash_block_tokens: 8, "
      "failed_requests: leave-out}");
  WorkloadSpec again = read(toYaml(toDocument(trace)));
  std::get<TraceArrivals>(trace.arrivals).file = std::get<TraceArrivals>(again.arrivals).file;  // relative to a file
  EXPECT_EQ(again.arrivals, trace.arrivals);
  EXPECT_EQ(again.output_tokens, trace.output_tokens);
}

TEST(WorkloadYaml, ErrorsNameThePlaceAndHelp) {
  EXPECT_EQ(errorOf(withArrivals("{type: poison, rate: 1 /s}")).find("dir/scenario.yaml:1: /arrivals/type: "), 0u)
      << errorOf(withArrivals("{type: poison, rate: 1 /s}"));
  EXPECT_NE(errorOf(withArrivals("{type: poison, rate: 1 /s}")).find("did you mean \"poisson\"?"), std::string::npos);
  EXPECT_NE(errorOf(withArrivals("{type: mmpp}")).find("states"), std::string::npos);
  EXPECT_NE(errorOf(withArrivals("{type: ramp, points: [[1 s]]}")).find("a point is [time, rate]"), std::string::npos);
  EXPECT_NE(errorOf(withArrivals("{type: poisson, rate: 6.5}")).find("/arrivals/rate"), std::string::npos);
  EXPECT_NE(errorOf(withArrivals("{type: poisson, rate: 0 /s}")).find("/arrivals: rate (per second) must be above 0"),
            std::string::npos)
      << errorOf(withArrivals("{type: poisson, rate: 0 /s}"));
  EXPECT_NE(errorOf(withArrivals("{type: gamma, rate: 1 /s}")).find("cv"), std::string::npos);
  EXPECT_NE(errorOf(withArrivals("{type: poisson, rate: 1 /s, cv: 2}")).find("cv"), std::string::npos);
  EXPECT_NE(
      errorOf(withArrivals("{type: trace, format: azur, file: x}")).find("/arrivals/format: unknown trace format"),
      std::string::npos);
  EXPECT_NE(errorOf(withArrivals("{type: closed-loop, concurrency: 0}")).find("/arrivals/concurrency"),
            std::string::npos);
}

TEST(WorkloadYaml, WrongLengthsAndLimitsAreRefused) {
  const std::string arrivals = "arrivals: {type: poisson, rate: 1 /s}\noutput_tokens: {fixed: 1}\n";
  EXPECT_NE(errorOf(arrivals).find("prompt_tokens"), std::string::npos);
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {"prompt_tokens: {from: trace}", "have no trace to take lengths from"},
           {"prompt_tokens: {fixed: 0}", "/prompt_tokens/fixed"},
           {"prompt_tokens: {fixed: 1, uniform: [1, 2]}", "a length is given in one way"},
           {"prompt_tokens: {fixd: 1}", "did you mean \"fixed\"?"},
           {"prompt_tokens: {uniform: [5, 4]}", "/prompt_tokens: the shortest length, 5, is above the longest, 4"},
           {"prompt_tokens: {uniform: [5]}", "a uniform length is [shortest, longest]"},
           {"prompt_tokens: {lognormal: {p50: 4}}", "a lognormal length takes two numbers"},
           {"prompt_tokens: {lognormal: {p50: 4, p99: 3}}", "must not be below p50"},
           {"prompt_tokens: {quantiles: [[0, 4], [0.5, 5]]}", "from share 0 to share 1"},
           {"prompt_tokens: {fixed: 1}\nmax_tokens: unlimited", "max_tokens"},
           {"prompt_tokens: {fixed: 1}\nmax_tokens: {fixed: 0}", "/max_tokens/fixed"},
           {"prompt_tokens: {fixed: 1}\nrequests: 0", "/requests"},
           {"prompt_tokens: {fixed: 1}\nrequests: 2.5", "/requests"},
           {"prompt_tokens: {fixed: 1}\nduration: 0 s", "duration must be above 0"},
           {"prompt_tokens: {fixed: 1}\nspeed: 1", "speed"}}) {
    EXPECT_NE(errorOf(arrivals + text).find(expected), std::string::npos) << text << ": " << errorOf(arrivals + text);
  }
}

TEST(WorkloadYaml, WithoutAnEndAWorkloadIsEndless) {
  WorkloadSpec spec = read(withArrivals("{type: poisson, rate: 1 /s}"));
  EXPECT_TRUE(isEndless(spec));
  spec.requests = 5;
  EXPECT_FALSE(isEndless(spec));
}

}  // namespace
}  // namespace headroom::workloads
