#include "cli/topology_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "cli/numbers.h"

namespace headroom::cli {
namespace {

using sim::Topology;

constexpr double kBox = 56, kBoxHeight = 30, kGap = 12;
constexpr double kRowPitch = 104;  ///< from one row of a panel to the next
constexpr double kLabel = 150;     ///< left column of a panel, for the names of its rows
constexpr double kMargin = 24, kTitle = 64, kFootnote = 28, kLegend = 56;
constexpr double kWanPitch = 34;        ///< from one WAN link above the panels to the next
constexpr std::size_t kMostBoxes = 16;  ///< in a row; a gap in the middle stands for the others

constexpr const char* kColours[] = {"#4e79a7", "#f28e2b", "#59a14f", "#b07aa1",
                                    "#e15759", "#76b7b2", "#9c755f", "#edc948"};

/// XML has five characters of its own.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string textAt(double x, double y, const std::string& text, const char* style) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, style, escaped(text));
}
constexpr const char* kHeading = "font-size=\"17\" font-weight=\"600\" fill=\"#1f2933\"";
constexpr const char* kPlain = "font-size=\"12\" fill=\"#52606d\"";
constexpr const char* kRowName = "font-size=\"13\" font-weight=\"600\" fill=\"#323f4b\"";
constexpr const char* kWanText = "font-size=\"12\" text-anchor=\"middle\" fill=\"#a61b1b\"";
constexpr const char* kInBox = "font-size=\"11\" text-anchor=\"middle\" fill=\"#1f2933\"";

/// Boxes side by side: all of them, or the first and last of them around a gap.
struct Row {
  std::string name;
  std::vector<std::uint32_t> vertices;
  double y = 0;

  bool shortened() const { return vertices.size() > kMostBoxes; }
  std::size_t boxes() const { return std::min(vertices.size(), kMostBoxes); }
  /// Of the i-th vertex; none: it is not drawn.
  std::optional<std::size_t> boxOf(std::size_t i) const {
    if (!shortened()) return i;
    const std::size_t head = kMostBoxes - 4, tail = 3;
    if (i < head) return i;
    if (i >= vertices.size() - tail) return kMostBoxes - (vertices.size() - i);
    return std::nullopt;
  }
};

double widthOf(std::size_t boxes) {
  return static_cast<double>(boxes) * (kBox + kGap);
}

/// How much of each node the pools use: [node] -> (pool, accelerators), a pool a colour.
std::map<std::uint32_t, std::map<std::size_t, int>> usedBy(const sim::Placement& placement) {
  std::map<std::uint32_t, std::map<std::size_t, int>> used;
  std::size_t pool = 0;
  for (const auto& deployment : placement.deployments) {
    for (const sim::PoolNodes& replicas : deployment) {
      for (const sim::ReplicaNodes& nodes : replicas) {
        for (const sim::NodeShare& share : nodes) used[share.node.value()][pool] += share.accelerators;
      }
      ++pool;
    }
  }
  return used;
}

class Panel {
 public:
  Panel(const Topology& topology, std::uint32_t site) : topology_(topology), site_(site) {
    const auto first_switch = static_cast<std::uint32_t>(topology.nodes().size());
    for (std::uint32_t s = 0; s < topology.switches().size(); ++s) {
      const sim::Switch& one = topology.switches()[s];
      if (one.site != site || std::string_view(one.kind) == "scale-up") continue;
      if (rows_.empty() || rows_.back().name != one.kind) rows_.push_back({.name = one.kind, .vertices = {}});
      rows_.back().vertices.push_back(first_switch + s);
    }
    std::reverse(rows_.begin(), rows_.end());  // fabrics build from the leaves up
    rows_.push_back({.name = "node", .vertices = {}});
    const std::uint32_t first = topology.firstNode(site).value();
    for (int n = 0; n < sim::nodeCount(topology.sites()[site]); ++n) {
      rows_.back().vertices.push_back(first + static_cast<std::uint32_t>(n));
    }
    std::size_t most = 6;  // the title needs so much
    for (const Row& row : rows_) most = std::max(most, row.boxes());
    row_width_ = widthOf(most);
  }

  /// The middle of the gateway's upper edge, once drawn.
  double gatewayX() const { return centre(rows_.front(), 0); }
  double gatewayY() const { return rows_.front().y; }
  double width() const { return kLabel + row_width_ + 2 * kMargin; }
  double height() const { return kTitle + static_cast<double>(rows_.size() - 1) * kRowPitch + kBoxHeight + kFootnote; }

  std::string draw(double x, double y, const std::map<std::uint32_t, std::map<std::size_t, int>>& used) {
    left_ = x + kMargin + kLabel;
    for (std::size_t r = 0; r < rows_.size(); ++r) rows_[r].y = y + kTitle + static_cast<double>(r) * kRowPitch;
    std::string svg = fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"10\" fill=\"#ffffff\" "
        "stroke=\"#cbd2d9\"/>\n",
        x, y, width(), height());
    const sim::SiteSpec& spec = topology_.sites()[site_];
    const std::string fabric = spec.fabric ? sim::kindOf(spec.fabric->shape).name : "no fabric";
    svg += textAt(x + kMargin, y + 34, spec.name + " · " + fabric, kHeading);
    svg += cables();
    for (const Row& row : rows_) svg += drawRow(row, x + kMargin, used);
    return svg;
  }

 private:
  /// Boxes are spread over the width of the panel, so that a switch stands about above its nodes.
  double centre(const Row& row, std::size_t box) const {
    return left_ + row_width_ * (static_cast<double>(box) + 0.5) / static_cast<double>(row.boxes());
  }

  /// Between neighbouring rows; within a row an arc above it.
  std::string cables() const {
    std::map<std::uint32_t, std::pair<std::size_t, std::size_t>> place;  // vertex -> row, box
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (std::size_t i = 0; i < rows_[r].vertices.size(); ++i) {
        if (const auto box = rows_[r].boxOf(i)) place[rows_[r].vertices[i]] = {r, *box};
      }
    }
    std::string svg = "<g fill=\"none\" stroke=\"#9aa5b1\" stroke-width=\"1\" stroke-opacity=\"0.75\">\n";
    for (std::size_t id = 0; id < topology_.links().size(); id += 2) {
      const sim::FabricLink& link = topology_.links()[id];
      const auto a = place.find(link.from), b = place.find(link.to);
      if (a == place.end() || b == place.end()) continue;
      const auto [lower, lower_box] = a->second;
      const auto [upper, upper_box] = b->second;
      const double x1 = centre(rows_[lower], lower_box), x2 = centre(rows_[upper], upper_box);
      const double y1 = rows_[lower].y, y2 = rows_[upper].y;
      if (lower == upper) {
        const double rise = std::min(42.0, 10 + std::abs(x2 - x1) / 12);
        svg += fmt::format("<path d=\"M{:.1f} {:.1f} Q{:.1f} {:.1f} {:.1f} {:.1f}\"/>\n", x1, y1, (x1 + x2) / 2,
                           y1 - 2 * rise, x2, y2);
      } else {
        svg += fmt::format("<path d=\"M{:.1f} {:.1f} L{:.1f} {:.1f}\"/>\n", x1, y1, x2, y2 + kBoxHeight);
      }
    }
    return svg + "</g>\n";
  }

  std::string drawRow(const Row& row, double label_x,
                      const std::map<std::uint32_t, std::map<std::size_t, int>>& used) const {
    const auto count = static_cast<std::int64_t>(row.vertices.size());
    std::string svg = textAt(label_x, row.y + 14, countOf(count, row.name), kRowName);
    svg += textAt(label_x, row.y + 30, rowNote(row), kPlain);
    for (std::size_t i = 0; i < row.vertices.size(); ++i) {
      if (const auto box = row.boxOf(i)) svg += drawBox(row, *box, row.vertices[i], i, used);
    }
    if (row.shortened()) {
      svg += textAt(centre(row, kMostBoxes - 4), row.y + 19, "· · ·", kInBox);
    }
    return svg;
  }
  /// What the cables up from a row carry.
  std::string rowNote(const Row& row) const {
    for (std::size_t id = 0; id < topology_.links().size(); id += 2) {
      const sim::FabricLink& link = topology_.links()[id];
      const std::string& tier = topology_.tiers()[link.tier].name;
      if (link.from != row.vertices.front() || tier == "scale-up" || tier == "gateway" || tier == "wan") continue;
      return numberText(link.bandwidth.value() / 1e9) + " GB/s a cable up";
    }
    return {};
  }

  std::string drawBox(const Row& row, std::size_t box, std::uint32_t vertex, std::size_t index,
                      const std::map<std::uint32_t, std::map<std::size_t, int>>& used) const {
    const double x = centre(row, box) - kBox / 2;
    const bool node = vertex < topology_.nodes().size();
    std::string svg = fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" rx=\"5\" fill=\"{}\" stroke=\"#7b8794\"/>\n", x,
        row.y, kBox, kBoxHeight, node ? "#f5f7fa" : "#e4ecf7");
    if (const auto shares = used.find(vertex); node && shares != used.end()) {
      const int all = topology_.groupOf(sim::NodeId(vertex)).type.accelerators;
      double at = x;
      for (const auto& [pool, accelerators] : shares->second) {
        const double share = kBox * accelerators / all;
        svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"6\" fill=\"{}\"/>\n", at,
                           row.y + kBoxHeight - 7, share, kColours[pool % std::size(kColours)]);
        at += share;
      }
    }
    return svg + textAt(x + kBox / 2, row.y + (node ? 17 : 19), fmt::format("{}{}", node ? "n" : "", index), kInBox);
  }

  const Topology& topology_;
  std::uint32_t site_;
  std::vector<Row> rows_;  ///< from the top
  double row_width_ = 0, left_ = 0;
};

/// Each link on a level of its own above the panels.
std::string drawWan(const Topology& topology, const std::vector<Panel>& panels) {
  std::string svg;
  for (std::size_t w = 0; w < topology.wan().size(); ++w) {
    const sim::WanLink& link = topology.wan()[w];
    const double level = kMargin + kWanPitch * static_cast<double>(w);
    const double aside = 7 * static_cast<double>(w) - 3.5 * static_cast<double>(topology.wan().size() - 1);
    std::vector<double> ends;
    double y = 0;
    for (std::size_t s = 0; s < panels.size(); ++s) {
      const std::string& name = topology.sites()[s].name;
      if (name != link.between[0] && name != link.between[1]) continue;
      ends.push_back(panels[s].gatewayX() + std::clamp(aside, -kBox / 2, kBox / 2));
      y = panels[s].gatewayY();
    }
    svg += fmt::format(
        "<path d=\"M{0:.1f} {2:.1f} V{3:.1f} H{1:.1f} V{2:.1f}\" fill=\"none\" stroke=\"#d64545\" "
        "stroke-width=\"2\"/>\n",
        ends[0], ends[1], y, level);
    const std::string text = fmt::format("{} GB/s · {} round trip", numberText(link.bandwidth.value() / 1e9),
                                         durationText(link.rtt.value()));
    svg += textAt((ends[0] + ends[1]) / 2, level + 16, text, kWanText);
  }
  return svg;
}

/// The pools' colours.
std::string drawLegend(const sim::Scenario& scenario, double y) {
  std::string svg;
  double x = kMargin;
  std::size_t pool = 0;
  for (const sim::DeploymentSpec& deployment : scenario.deployments) {
    for (const sim::PoolSpec& spec : deployment.pools) {
      const std::string name = fmt::format("{} / {}: {} of {}", deployment.name, spec.name,
                                           countOf(spec.replicas, "replica"), spec.accelerator);
      svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"14\" height=\"14\" rx=\"3\" fill=\"{}\"/>\n", x,
                         y - 12, kColours[pool++ % std::size(kColours)]);
      svg += textAt(x + 20, y, name, kPlain);
      x += 44 + 6.8 * static_cast<double>(name.size());
    }
  }
  return svg;
}

}  // namespace

std::string topologySvg(const sim::Scenario& scenario, const Topology& topology, const sim::Placement& placement) {
  std::vector<Panel> panels;
  double width = kMargin, height = 0;
  for (std::uint32_t s = 0; s < topology.sites().size(); ++s) {
    panels.emplace_back(topology, s);
    width += panels.back().width() + kMargin;
    height = std::max(height, panels.back().height());
  }
  const double top = kMargin + kWanPitch * static_cast<double>(topology.wan().size());
  height += top;
  const auto used = usedBy(placement);
  std::string body;
  double x = kMargin;
  for (Panel& panel : panels) {
    body += panel.draw(x, top, used);
    x += panel.width() + kMargin;
  }
  body += drawWan(topology, panels) + drawLegend(scenario, height + 30);
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
             "{1:.0f}\" font-family=\"Helvetica, Arial, sans-serif\">\n"
             "<rect width=\"100%\" height=\"100%\" fill=\"#f0f2f5\"/>\n",
             width, height + kLegend) +
         body + "</svg>\n";
}

}  // namespace headroom::cli
