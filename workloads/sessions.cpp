#include "workloads/sessions.h"

#include "models/base/error.h"
#include "models/base/files.h"
#include "workloads/trace_rows.h"

namespace headroom::workloads {
namespace {

class SessionStarts : public RequestStream {
 public:
  SessionStarts(const WorkloadSpec& spec, std::uint64_t seed, const Sessions& sessions)
      : rows_(openWorkloadRows(spec, seed)),
        sessions_(sessions),
        end_(spec.duration ? toTicks(*spec.duration) : kNever) {}

  bool next(Request& request) override {
    ended_ = ended_ || sessions_.exhausted() || !rows_->next(row_) || row_.arrival >= end_;
    if (ended_) return false;
    request = Request{.arrival = row_.arrival};
    return true;
  }
  std::vector<std::string> warnings() const override { return rows_->warnings(); }

 private:
  std::unique_ptr<TraceReader> rows_;
  const Sessions& sessions_;
  TraceRow row_;
  Ticks end_;
  bool ended_ = false;  // the rows may not be asked again
};

}  // namespace

Session::Session(const Sessions& sessions, std::uint64_t index)
    : sessions_(&sessions),
      rng_(sessions.seed_, sessions.stream_, index),
      id_(contentId(sessions.session_scope_, index)),
      text_(contentId(sessions.text_scope_, index)) {
  if (id_ == 0) id_ = 1;
  const SessionSpec& spec = *sessions.spec_.sessions;
  turns_left_ = drawLength(spec.turns, rng_);
  drawTurn(spec.first_prompt_tokens ? *spec.first_prompt_tokens : sessions.spec_.prompt_tokens);
}

void Session::drawTurn(const LengthSpec& new_tokens) {
  pending_ = {};
  if (turns_left_ == 0) return;
  const SessionSpec& spec = *sessions_->spec_.sessions;
  const std::int64_t prompt = spec.system_prompt + said_ + drawLength(new_tokens, rng_);
  const std::int32_t output = drawLength(sessions_->spec_.output_tokens, rng_);
  if (prompt <= spec.max_prompt_tokens) pending_ = {static_cast<std::int32_t>(prompt), output};
}

void Session::next(Request& request) {
  CHECK(hasNext(), "a session that is over has no next turn");
  const std::int32_t system_prompt = sessions_->spec_.sessions->system_prompt;
  request.prompt_tokens = pending_.prompt_tokens;
  request.output_tokens = pending_.output_tokens;
  applyMaxTokens(sessions_->spec_.max_tokens, request);
  auto details = std::make_shared<RequestDetails>(sessions_->details_.marked());
  details->session = id_;
  details->answer_is_shared = true;
  if (system_prompt > 0) details->content.push_back({sessions_->system_text_, system_prompt});
  details->content.push_back({text_, request.prompt_tokens - system_prompt});
  request.details = std::move(details);
  said_ = std::int64_t{request.prompt_tokens} - system_prompt + request.output_tokens;
  --turns_left_;
  drawTurn(sessions_->spec_.prompt_tokens);
}

Ticks Session::thinkTime() {
  return toTicks(std::min(drawTime(sessions_->spec_.sessions->think_time, rng_), kLongestRun));
}

Sessions::Sessions(const WorkloadSpec& spec, std::uint64_t seed, const RequestMarks& marks)
    : spec_(spec),
      seed_(seed),
      details_(marks, spec.name),
      stream_("sessions/" + spec.name),
      system_text_(contentId(hashBytes("system/" + spec.name), 0)),
      session_scope_(hashBytes("session/" + spec.name)),
      text_scope_(hashBytes("conversation/" + spec.name)),
      count_(0),
      turns_left_(spec.requests.value_or(INT64_MAX)) {
  CHECK(spec.sessions.has_value(), "a workload without sessions has none to begin");
  count_ = static_cast<std::uint64_t>(spec.sessions->count.value_or(INT64_MAX));
  checkWorkload(spec);
}

std::optional<Session> Sessions::begin() {
  if (exhausted()) return std::nullopt;
  return Session(*this, begun_++);
}

bool Sessions::next(Session& session, Request& request) {
  if (turns_left_ == 0 || !session.hasNext()) return false;
  --turns_left_;
  session.next(request);
  return true;
}

std::unique_ptr<RequestStream> openSessionStarts(const WorkloadSpec& spec, std::uint64_t seed,
                                                 const Sessions& sessions) {
  CHECK(spec.sessions && !isClosedLoop(spec), "only sessions of an open loop begin by themselves");
  checkWorkload(spec);
  return std::make_unique<SessionStarts>(spec, seed, sessions);
}

}  // namespace headroom::workloads
