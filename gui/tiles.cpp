#include "gui/tiles.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gui/geometry/ticks.h"

namespace headroom::gui {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Figures of one run under a filter.
struct Figures {
  std::optional<RequestSummary> part;  ///< of the requests; none: only a result is there
  std::optional<double> attainment, target;
  bool met = false;
  std::array<double, kMetrics> latency_ms{kNone, kNone, kNone};
  double goodput = kNone, offered = kNone;
  bool judged = false;
};

std::optional<double> fromResult(const std::optional<sim::LatencySummary>& l, double percentile) {
  if (!l) return std::nullopt;
  if (percentile <= 50) return l->p50;
  if (percentile <= 90) return l->p90;
  if (percentile <= 95) return l->p95;
  if (percentile <= 99) return l->p99;
  return l->p999;
}

double highestTarget(const sim::Scenario& scenario) {
  double target = 0;
  for (const sim::Slo& slo : scenario.slos) target = std::max(target, slo.attainment);
  return target;
}

Figures figuresOf(const RunData& run, const RequestFilter& filter, double percentile) {
  Figures f;
  const sim::Result& r = run.result;
  if (run.hasRequests()) {
    f.part = run.statistics.summarize(filter);
    for (std::size_t m = 0; m < kMetrics; ++m) {
      f.latency_ms[m] = f.part->latencies[m].quantileMs(percentile / 100).value_or(kNone);
    }
  } else {
    const auto& l = r.latencies;
    f.latency_ms = {fromResult(l.ttft, percentile).value_or(kNone), fromResult(l.tpot, percentile).value_or(kNone),
                    fromResult(l.e2e, percentile).value_or(kNone)};
  }
  if (const double target = highestTarget(run.scenario); target > 0) f.target = target;
  if (filter.empty() || !f.part) {
    f.judged = r.slo.has_value();
    if (r.slo) {
      f.attainment = r.slo->attainment;
      f.met = r.slo->met;
      f.goodput = r.slo->goodput_per_s;
    } else {
      f.goodput = r.throughput.request_per_s;
    }
    if (r.window_s > 0) f.offered = static_cast<double>(r.requests.offered) / r.window_s;
    return f;
  }
  f.judged = f.part->judged > 0;
  f.attainment = f.part->attainment();
  f.met = f.attainment && f.target && *f.attainment >= *f.target;
  if (f.part->seconds > 0) {
    f.goodput = static_cast<double>(f.judged ? f.part->good : f.part->completed) / f.part->seconds;
    f.offered = static_cast<double>(f.part->offered) / f.part->seconds;
  }
  return f;
}

/// "12 % less than B".
void compare(Tile& tile, double a, double b, bool less_is_better) {
  if (!std::isfinite(a) || !std::isfinite(b) || b == 0 || a == b) return;
  const double change = a / b - 1;
  if (std::abs(change) < 5e-4) return;
  const QString size = std::abs(change) >= 9.995 ? figureText(a / b) + QStringLiteral("×")
                                                 : figureText(std::abs(change) * 100) + QStringLiteral(" %");
  tile.delta = std::abs(change) >= 9.995
                   ? size + QStringLiteral(" B")
                   : size + (change < 0 ? QStringLiteral(" below B") : QStringLiteral(" above B"));
  if (std::abs(change) > kNoise) tile.verdict = (change < 0) == less_is_better ? 1 : -1;
}

/// "412 ms" apart.
void setLatency(Tile& tile, double ms) {
  const QString text = latencyText(ms);
  tile.value = text.section(QLatin1Char(' '), 0, 0);
  tile.unit = text.section(QLatin1Char(' '), 1);
}

std::vector<double> sparkOf(const RunData& run, double (*value)(const SparkBin&)) {
  std::vector<double> spark;
  for (const SparkBin& bin : run.statistics.sparks()) spark.push_back(value(bin));
  return spark;
}

Tile attainmentTile(const RunData& a, const Figures& fa, const Figures* fb) {
  Tile tile{.name = QStringLiteral("Attainment"), .unit = {}};
  if (!fa.judged) {
    const sim::RequestCounts& counts = a.result.requests;
    const double share =
        fa.part
            ? static_cast<double>(fa.part->completed) / static_cast<double>(std::max<std::int64_t>(fa.part->offered, 1))
            : static_cast<double>(counts.completed) / static_cast<double>(std::max<std::int64_t>(counts.offered, 1));
    tile.name = QStringLiteral("Completed");
    tile.value = percentText(share).section(QLatin1Char(' '), 0, 0);
    tile.unit = QStringLiteral("%");
    tile.words = QStringLiteral("no SLO is set");
    return tile;
  }
  tile.value = percentText(fa.attainment.value_or(kNone)).section(QLatin1Char(' '), 0, 0);
  tile.unit = QStringLiteral("%");
  tile.state = fa.met ? TileState::good : TileState::bad;
  const QString target = fa.target ? percentText(*fa.target) : QStringLiteral("the SLO");
  tile.words = fa.met ? QStringLiteral("meets ") + target : QStringLiteral("misses ") + target;
  if (fb != nullptr && fb->attainment && fa.attainment) compare(tile, *fa.attainment, *fb->attainment, false);
  tile.spark = sparkOf(a, [](const SparkBin& bin) { return bin.attainment; });
  return tile;
}

Tile latencyTile(const RunData& a, Metric metric, const Figures& fa, const Figures* fb, double percentile) {
  const auto m = static_cast<std::size_t>(metric);
  Tile tile{.name = QStringLiteral("%1 p%2").arg(nameOf(metric)).arg(percentile, 0, 'g', 4), .unit = {}};
  setLatency(tile, fa.latency_ms[m]);
  const std::vector<LatencyLimit> limits = limitsOf(a.scenario, metric);
  if (limits.empty()) {
    tile.words = QStringLiteral("no limit is set");
  } else if (limits.size() > 1) {
    tile.words = QStringLiteral("%1 limits, by class").arg(limits.size());
  } else if (fa.part && fa.part->of(metric).count() > 0) {
    const double within = fa.part->of(metric).shareWithin(limits[0].ms);
    tile.state = within >= limits[0].attainment ? TileState::good : TileState::bad;
    tile.words = QStringLiteral("%1 ≤ %2").arg(percentText(within), latencyText(limits[0].ms));
  } else {
    tile.words = QStringLiteral("SLO ≤ ") + latencyText(limits[0].ms);
  }
  if (fb != nullptr) compare(tile, fa.latency_ms[m], fb->latency_ms[m], true);
  tile.spark = metric == Metric::ttft ? sparkOf(a, [](const SparkBin& bin) { return bin.p99_ms[0]; })
                                      : sparkOf(a, [](const SparkBin& bin) { return bin.p99_ms[1]; });
  return tile;
}

Tile goodputTile(const RunData& a, const Figures& fa, const Figures* fb) {
  Tile tile{.name = fa.judged ? QStringLiteral("Goodput") : QStringLiteral("Throughput"),
            .unit = QStringLiteral("req/s")};
  tile.value = figureText(fa.goodput);
  tile.words = QStringLiteral("%1 offered").arg(figureText(fa.offered));
  if (fb != nullptr) compare(tile, fa.goodput, fb->goodput, false);
  tile.spark = sparkOf(a, [](const SparkBin& bin) { return bin.goodput_per_s; });
  return tile;
}

Tile costTile(const RunData& a, const RunData* b, bool filtered) {
  Tile tile{.name = QStringLiteral("Cost"), .unit = QStringLiteral("$/M tok"), .whole_run = filtered};
  const auto cost = a.result.usdPer1mOutputTokens();
  tile.value = cost ? figureText(*cost) : QStringLiteral("–");
  tile.words = a.result.usd_per_h ? QStringLiteral("%1 $/h").arg(figureText(*a.result.usd_per_h))
                                  : QStringLiteral("no price is known");
  if (b != nullptr && cost) compare(tile, *cost, b->result.usdPer1mOutputTokens().value_or(kNone), true);
  return tile;
}

Tile loadTile(const RunData& a, const RunData* b, bool filtered) {
  Tile tile{.name = QStringLiteral("Load"), .unit = QStringLiteral("of capacity"), .whole_run = filtered};
  const sim::Result& r = a.result;
  tile.spark = sparkOf(a, [](const SparkBin& bin) { return bin.arrivals_per_s; });
  if (!r.offered_load) {
    tile.value = QStringLiteral("–");
    tile.unit.clear();
    tile.words = QStringLiteral("not estimated");
    return tile;
  }
  tile.value = percentText(*r.offered_load).section(QLatin1Char(' '), 0, 0);
  tile.unit = QStringLiteral("% of capacity");
  tile.words = QString::fromStdString(r.regime);
  tile.state = r.regime == "stable" ? TileState::good : r.regime == "knee" ? TileState::warning : TileState::bad;
  if (r.regime == "knee") tile.words = QStringLiteral("at the knee");
  if (b != nullptr && b->result.offered_load) compare(tile, *r.offered_load, *b->result.offered_load, true);
  return tile;
}

Tile linkTile(const RunData& a, const RequestFilter& filter) {
  const TimeRange over = filter.time.value_or(TimeRange{0, a.length()});
  const LinkLoads::Listed* link = a.links.fullest(over.begin, over.end);
  Tile tile{.name = QStringLiteral("Hottest link"), .value = QStringLiteral("–"), .unit = {}};
  if (link == nullptr) return tile;
  const double mean = a.links.over(link->link, over.begin, over.end), most = a.links.most(link->link);
  tile.value = percentText(mean).section(QLatin1Char(' '), 0, 0);
  tile.unit = QStringLiteral("% mean");
  constexpr double kHot = 0.8;
  tile.state = most >= kHot ? TileState::warning : TileState::good;
  tile.words = QStringLiteral("%1 at most, %2").arg(percentText(most), QString::fromStdString(link->name));
  const std::vector<float>& shares = a.links.shares[link->link];
  tile.spark.assign(shares.begin(), shares.end());
  return tile;
}

}  // namespace

QString Tile::sentence() const {
  QString text = name + QStringLiteral(": ") + value + (unit.isEmpty() ? QString() : QStringLiteral(" ") + unit);
  if (!words.isEmpty()) text += QStringLiteral(", ") + words;
  if (!delta.isEmpty()) text += QStringLiteral(", ") + delta;
  if (whole_run) text += QStringLiteral(" (whole run)");
  return text;
}

std::vector<Tile> tilesOf(const RunData& a, const RunData* b, const RequestFilter& filter, double percentile) {
  const Figures fa = figuresOf(a, filter, percentile);
  const std::optional<Figures> fb = b != nullptr ? std::optional(figuresOf(*b, filter, percentile)) : std::nullopt;
  const Figures* other = fb ? &*fb : nullptr;
  const bool filtered = !filter.empty();
  std::vector<Tile> tiles{attainmentTile(a, fa, other),
                          latencyTile(a, Metric::ttft, fa, other, percentile),
                          latencyTile(a, Metric::tpot, fa, other, percentile),
                          goodputTile(a, fa, other),
                          costTile(a, b, filtered),
                          loadTile(a, b, filtered)};
  if (!a.links.empty()) tiles.push_back(linkTile(a, filter));
  return tiles;
}

QString selectionText(const RunData& run, const RequestFilter& filter) {
  if (filter.empty()) return {};
  QString text = QStringLiteral("Selected");
  if (filter.time) {
    const double step = std::min((filter.time->end - filter.time->begin) / 10, 1.0);
    text +=
        QStringLiteral(" %1 – %2")
            .arg(timeText(filter.time->begin, std::max(step, 1e-3)), timeText(filter.time->end, std::max(step, 1e-3)));
  }
  if (filter.replica) {
    text += filter.time ? QStringLiteral(" on ") : QStringLiteral(" ");
    text += QString::fromStdString(run.replicaName(static_cast<std::uint32_t>(*filter.replica)));
  }
  if (!run.hasRequests()) return text;
  const RequestSummary part = run.statistics.summarize(filter);
  text += QStringLiteral(": %1 requests").arg(countText(part.offered));
  if (part.judged > 0) text += QStringLiteral(", %1 late").arg(countText(part.judged - part.good));
  return text;
}

}  // namespace headroom::gui
