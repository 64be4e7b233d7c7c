#include "gui/request_story.h"

#include <algorithm>
#include <string_view>

#include "gui/geometry/ticks.h"
#include "gui/models/request_table_model.h"
#include "sim/metrics/request_parts.h"

namespace headroom::gui {
namespace {

struct PartWords {
  std::string_view name;
  PartKind kind;
  bool before_first_token;
  const char* title;
  const char* waited;  ///< "It waited %1 for ..."
};
constexpr PartWords kWords[] = {
    {"retry", PartKind::lost, true, "Retries", "Failed attempts and the pauses between them took %1."},
    {"front_end", PartKind::waiting, true, "Front end", "HTTP and the tokenizer took %1 before its engine saw it."},
    {"admission", PartKind::waiting, true, "Admission", "%1 passed until the engine took it in, at the end of a step."},
    {"queue", PartKind::waiting, true, "Queue", "It waited %1 in the queue until it was first scheduled."},
    {"prefix_fetch", PartKind::transfer, true, "Prefix", "Its prefix took %1 to come from a KV tier over the network."},
    {"prefix_network", PartKind::transfer, true, "Prefix", "Other transfers on the same links held that up by %1."},
    {"prefill", PartKind::prefill, true, "Prefill", "Computing its prompt took %1, in steps shared with others."},
    {"preempted_early", PartKind::lost, true, "Preempted",
     "It was preempted before its first token and waited %1 to go on."},
    {"decode_queue", PartKind::waiting, true, "Decode queue", "It waited %1 for room on its decode replica."},
    {"kv_transfer", PartKind::transfer, true, "KV transfer", "Moving its KV cache between replicas took %1."},
    {"network", PartKind::transfer, true, "Network", "Other transfers on the same links held that up by %1."},
    {"wan", PartKind::transfer, true, "WAN", "Crossing to the replica's site and back took %1."},
    {"decode", PartKind::decode, false, "Decode", "Its other tokens took %1 by themselves."},
    {"interference", PartKind::lost, false, "Interference",
     "Prompts of other requests in the same steps slowed them down by %1."},
    {"preempted_late", PartKind::lost, false, "Preempted",
     "It was preempted after its first token and waited %1 to go on."},
    {"wan_late", PartKind::transfer, false, "WAN", "The rest of the answer took %1 to cross to the client's site."},
    {"recompute", PartKind::lost, false, "Recompute", "Computing again what the preemption lost took %1."},
};

/// Of a part this version does not know.
PartWords wordsOf(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kWords), std::end(kWords), [&](const PartWords& w) { return w.name == name; });
  return found != std::end(kWords) ? *found : PartWords{name, PartKind::waiting, false, nullptr, nullptr};
}

QString meaningOf(std::string_view name) {
  for (std::size_t p = 0; p < sim::kParts; ++p) {
    const auto part = static_cast<sim::Part>(p);
    if (name == sim::nameOf(part)) return QString::fromUtf8(sim::meaningOf(part));
  }
  return {};
}

QString ns(std::int64_t time) {
  return latencyText(static_cast<double>(time) / 1e6);
}

/// "above its limit of 300 ms", "within its limit of 1 s", or nothing.
QString against(std::int64_t time, std::int64_t limit) {
  if (limit == INT64_MAX) return {};
  return (time > limit ? QStringLiteral(", above its limit of ") : QStringLiteral(", within its limit of ")) +
         ns(limit);
}

void tellTheParts(const RunData& run, std::size_t i, RequestStory& story) {
  std::vector<const StoryPart*> largest;
  for (const StoryPart& part : story.parts) largest.push_back(&part);
  std::sort(largest.begin(), largest.end(), [](const auto* a, const auto* b) { return a->length > b->length; });
  constexpr double kWorthTelling = 0.02;
  const auto e2e = static_cast<double>(std::max<std::int64_t>(story.e2e, 1));
  for (const StoryPart* part : largest) {
    const double share = static_cast<double>(part->length) / e2e;
    const double ttft_share = part->before_first_token ? static_cast<double>(part->length) /
                                                             static_cast<double>(std::max<std::int64_t>(story.ttft, 1))
                                                       : 0;
    if (share < kWorthTelling && ttft_share < 0.2) continue;
    const auto words = std::find_if(std::begin(kWords), std::end(kWords), [&](const PartWords& w) {
      return w.title != nullptr && part->name == QLatin1String(w.title) &&
             w.before_first_token == part->before_first_token;
    });
    QString sentence = words != std::end(kWords) ? QString::fromUtf8(words->waited).arg(ns(part->length))
                                                 : QStringLiteral("%1 went to %2.").arg(ns(part->length), part->name);
    sentence.chop(1);
    sentence += QStringLiteral(" (%1).").arg(percentText(share));
    story.sentences << sentence;
  }
  const std::uint32_t replica = run.requests.replica[i];
  if (replica < run.phases.size()) {
    const PhaseCounts counts = run.phases[replica].at(run.requests.arrival[i]);
    const int others = counts.prefill + counts.decode;
    story.sentences << QStringLiteral("When it arrived, %1 had %2 running and %3 waiting, itself included.")
                           .arg(QString::fromStdString(run.replicaName(replica)), countText(others),
                                countText(counts.queue));
  }
}

}  // namespace

RequestStory storyOf(const RunData& run, std::size_t i) {
  const sim::RequestColumns& r = run.requests;
  RequestStory story;
  const sim::RequestOrigin& origin = r.origins[r.origin[i]];
  story.title = QStringLiteral("Request %1").arg(countText(static_cast<std::int64_t>(r.id[i])));
  story.subtitle =
      QStringLiteral("%1%2 · %3 prompt and %4 output tokens · on %5")
          .arg(QString::fromStdString(origin.request_class),
               origin.tenant.empty() ? QString() : QStringLiteral(" of ") + QString::fromStdString(origin.tenant),
               countText(r.prompt_tokens[i]), countText(r.output_tokens[i]),
               QString::fromStdString(run.replicaName(r.replica[i])));
  const QString arrived = timeText(static_cast<double>(r.arrival[i]) / 1e9, 0.01);
  if (!r.completed(i)) {
    story.sentences << QStringLiteral("It arrived at %1 and was %2: it has no parts.")
                           .arg(arrived, QString::fromStdString(r.statuses[r.status[i]]));
    return story;
  }
  story.ttft = r.ttft[i];
  story.e2e = r.e2e[i];
  std::int64_t at = 0;
  for (const sim::PartColumn& column : r.parts) {
    const PartWords words = wordsOf(column.name);
    const std::int64_t length = column.time[i];
    if (length != 0) {
      story.parts.push_back(
          {words.title != nullptr ? QString::fromUtf8(words.title) : QString::fromStdString(column.name),
           meaningOf(column.name), words.kind, words.before_first_token, at, length});
    }
    at += length;
  }
  const RequestLimits limits = limitsOf(run, i);
  story.sentences << QStringLiteral(
                         "It arrived at %1. The first token came after %2%3; the answer was complete after %4%5.")
                         .arg(arrived, ns(story.ttft), against(story.ttft, limits.ttft), ns(story.e2e),
                              against(story.e2e, limits.e2e));
  if (r.hasTpot(i)) {
    story.sentences << QStringLiteral("Each further token took %1 on average%2.")
                           .arg(ns(r.tpot(i)), against(r.tpot(i), limits.tpot));
  }
  if (r.cached_tokens[i] > 0) {
    story.sentences
        << QStringLiteral("%1 of its prompt tokens were in the prefix cache.").arg(countText(r.cached_tokens[i]));
  }
  tellTheParts(run, i, story);
  return story;
}

}  // namespace headroom::gui
