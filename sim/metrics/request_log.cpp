#include "sim/metrics/request_log.h"

#include <fmt/format.h>
#include <zstd.h>

#include <array>
#include <iterator>

#include "models/base/error.h"
#include "models/base/files.h"
#include "sim/metrics/request_parts.h"

namespace headroom::sim {
namespace {

constexpr int kCompressionLevel = 1;
constexpr std::size_t kBatch = 1 << 17;  // bytes of text compressed at once

std::int64_t nanoseconds(Ticks t) {
  return (t + 512) / 1024;
}

void appendInteger(fmt::memory_buffer& out, std::int64_t value) {
  const fmt::format_int text(value);
  out.append(text.data(), text.data() + text.size());
}

/// `ticks` in units of 10^Digits nanoseconds, with all digits. Most parts of most requests are 0.
template <int Digits>
void appendTime(fmt::memory_buffer& out, Ticks ticks) {
  constexpr std::int64_t kUnit = Digits == 9 ? 1'000'000'000 : 1'000'000;
  const std::int64_t ns = nanoseconds(ticks);
  if (ns < 0) out.push_back('-');
  appendInteger(out, std::abs(ns) / kUnit);
  std::int64_t fraction = std::abs(ns) % kUnit;
  std::array<char, 1 + Digits> text;
  text.fill('0');
  text[0] = '.';
  for (auto digit = text.rbegin(); fraction > 0; ++digit, fraction /= 10) {
    *digit = static_cast<char>('0' + fraction % 10);
  }
  out.append(text.data(), text.data() + text.size());
}
void appendMilliseconds(fmt::memory_buffer& out, Ticks ticks) {
  out.push_back(',');
  appendTime<6>(out, ticks);
}

/// Quoted if a comma or a quote would break the row.
std::string csvField(const std::string& text) {
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void appendLatencies(fmt::memory_buffer& out, const RequestRecord& record) {
  appendMilliseconds(out, record.queueTime());
  appendMilliseconds(out, record.ttft());
  if (record.request.output_tokens > 1) {
    appendMilliseconds(out, record.tpot());
  } else {
    out.push_back(',');
  }
  appendMilliseconds(out, record.e2e());
}

/// Rounded so that the columns add up to the e2e column: each is the difference of two rounded sums.
void appendParts(fmt::memory_buffer& out, const RequestRecord& record) {
  Ticks sum = 0;
  for (const Ticks part : partsOf(record)) {
    const std::int64_t ns = nanoseconds(sum + part) - nanoseconds(sum);
    sum += part;
    appendMilliseconds(out, ns * 1024);
  }
}

}  // namespace

struct RequestLog::Compressor {
  explicit Compressor(const std::filesystem::path& path) : file(path), context(ZSTD_createCCtx()) {
    CHECK(context != nullptr, "zstd gives no context");
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kCompressionLevel);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  }
  ~Compressor() { ZSTD_freeCCtx(context); }

  void compress(ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{compressed.data(), compressed.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context, &out, &in, directive);
      CHECK(!ZSTD_isError(left), ZSTD_getErrorName(left));
      file.write(std::string_view(compressed.data(), out.pos));
      if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) break;
    }
    text.clear();
  }

  AtomicFile file;
  ZSTD_CCtx* context;
  fmt::memory_buffer text;
  std::vector<char> compressed = std::vector<char>(ZSTD_CStreamOutSize());
};

const std::string& RequestLog::columns() {
  static const std::string names = [] {
    std::string text =
        "request_id,deployment,class,tenant,arrival_s,replica,status,prompt_tokens,output_tokens,cached_tokens,"
        "queue_time_ms,ttft_ms,tpot_ms,e2e_ms,preemptions,prefill_replica";
    for (std::size_t p = 0; p < kParts; ++p) text += fmt::format(",part_{}_ms", nameOf(static_cast<Part>(p)));
    return text;
  }();
  return names;
}

RequestLog::RequestLog(const Scenario& scenario, const std::filesystem::path& file)
    : compressor_(std::make_unique<Compressor>(file)) {
  for (const WorkloadEntry& workload : scenario.workloads) {
    names_.push_back(csvField(workload.deployment) + "," + csvField(workload.request_class) + "," +
                     csvField(workload.tenant));
  }
  fmt::format_to(std::back_inserter(compressor_->text), "{}\n", columns());
}

RequestLog::~RequestLog() = default;

void RequestLog::onRequest(const RequestRecord& record) {
  fmt::memory_buffer& out = compressor_->text;
  const workloads::Request& request = record.request;
  const bool completed = record.status == RequestStatus::completed;
  const auto integer = [&](std::int64_t value) {
    appendInteger(out, value);
    out.push_back(',');
  };
  integer(static_cast<std::int64_t>(request.id));
  out.append(names_[request.workload]);
  out.push_back(',');
  appendTime<9>(out, request.arrival);
  out.push_back(',');
  integer(record.replica);
  out.append(std::string_view(nameOf(record.status)));
  out.push_back(',');
  integer(request.prompt_tokens);
  integer(completed ? request.output_tokens : 0);
  if (completed) {
    appendInteger(out, record.cached_tokens);
    appendLatencies(out, record);
  } else {
    out.append(std::string_view(",,,,"));
  }
  out.push_back(',');
  integer(record.preemptions);
  if (record.prefill_replica != RequestRecord::kNoReplica) {
    appendInteger(out, record.prefill_replica);
  }
  if (completed) {
    appendParts(out, record);
  } else {
    out.append(std::string(kParts, ','));
  }
  out.push_back('\n');
  if (out.size() >= kBatch) compressor_->compress(ZSTD_e_continue);
}

void RequestLog::finish() {
  compressor_->compress(ZSTD_e_end);
  compressor_->file.commit();
}

}  // namespace headroom::sim
