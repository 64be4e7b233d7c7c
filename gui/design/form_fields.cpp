#include "gui/design/form_fields.h"

#include <QRegularExpression>
#include <filesystem>

#include "gui/yaml_patch.h"
#include "models/base/files.h"
#include "models/hardware/accelerator.h"
#include "models/hardware/node_type.h"
#include "models/llm/model.h"
#include "models/llm/precision.h"
#include "sim/engine/engines.h"
#include "sim/orchestration/router.h"
#include "workloads/trace_reader.h"

namespace headroom::gui {
namespace {

QStringList toList(const std::vector<std::string>& names) {
  QStringList list;
  for (const std::string& name : names) list.push_back(QString::fromStdString(name));
  return list;
}

FormChoices readShipped() {
  FormChoices c;
  for (const models::Model& model : models::listModels()) c.models.push_back(QString::fromStdString(model.name));
  for (const auto& a : models::listAccelerators()) c.accelerators.push_back(QString::fromStdString(a.name));
  for (const auto& n : models::listNodeTypes()) c.node_types.push_back(QString::fromStdString(n.name));
  for (const auto& f : workloads::traceFormats()) c.trace_formats.push_back(QString::fromStdString(f.name));
  c.engines = toList(sim::engineNames());
  c.routers = toList(sim::routerNames());
  c.precisions = toList(models::precisionNames());
  for (const auto& entry : std::filesystem::directory_iterator(datasetsRoot() / "fabrics")) {
    c.fabrics.push_back(QString::fromStdString(entry.path().stem().string()));
  }
  c.fabrics.sort();
  return c;
}

QString textOf(const Value& map, const char* key) {
  if (!map.isMap()) return {};
  const std::optional<Value> value = map.find(key);
  return value && value->isScalar() ? QString::fromStdString(value->node().text) : QString();
}

/// Collects the fields of one section.
class Section {
 public:
  Section(const QString& title, const QString& path) { section_.title = title, section_.path = path; }
  Section& text(const char* label, const char* key, const char* hint = "") {
    return add({.label = QString::fromUtf8(label), .path = at(key), .hint = QString::fromUtf8(hint)});
  }
  Section& choice(const char* label, const char* key, const QStringList& choices, const char* hint = "",
                  bool free = false) {
    return add({.label = QString::fromUtf8(label),
                .path = at(key),
                .choices = choices,
                .hint = QString::fromUtf8(hint),
                .free = free});
  }
  Section& quantity(const char* label, const char* key, const char* unit, const char* hint = "") {
    return add({.label = QString::fromUtf8(label),
                .path = at(key),
                .unit = QString::fromUtf8(unit),
                .hint = QString::fromUtf8(hint)});
  }
  Section& yaml(const char* label, const char* key, const char* hint = "") {
    return add({.label = QString::fromUtf8(label), .path = at(key), .hint = QString::fromUtf8(hint), .yaml = true});
  }
  FormSection done() { return std::move(section_); }

 private:
  QString at(const char* key) const { return section_.path + QLatin1Char('/') + QString::fromUtf8(key); }
  Section& add(FormField field) {
    section_.fields.push_back(std::move(field));
    return *this;
  }
  FormSection section_;
};

QString named(const QString& what, const QString& name) {
  return name.isEmpty() ? what : what + QStringLiteral(" · ") + name;
}

FormSection deploymentSection(const Value& value, const QString& path, const FormChoices& c) {
  static const QStringList kBooleans{QStringLiteral("true"), QStringLiteral("false")};
  return Section(named(QStringLiteral("Model"), textOf(value, "name")), path)
      .choice("Checkpoint", "model", c.models, "catalogue name or config.json", true)
      .choice("Weights", "precision/weights", c.precisions, "as published")
      .choice("KV cache", "precision/kv_cache", c.precisions, "bf16")
      .choice("Engine", "engine/name", c.engines, "vllm")
      .text("Version", "engine/version", "latest rules")
      .text("Max sequences", "engine/max_num_seqs", "engine default")
      .text("Batched tokens", "engine/max_num_batched_tokens", "engine default")
      .text("Memory share", "engine/gpu_memory_utilization", "engine default")
      .choice("Prefix caching", "engine/prefix_caching", kBooleans, "engine default")
      .choice("Router", "router/policy", c.routers, "round-robin")
      .done();
}

FormSection poolSection(const Value& value, const QString& path, const FormChoices& c) {
  return Section(named(QStringLiteral("Pool"), textOf(value, "name")), path)
      .choice("Accelerator", "accelerator", c.accelerators)
      .text("Tensor parallel", "tp", "1")
      .text("Pipeline stages", "pp", "1")
      .text("Data parallel", "dp", "1")
      .text("Replicas", "replicas", "1")
      .quantity("Power cap", "power_cap", "W", "board limit")
      .done();
}

FormSection workloadSection(const Value& value, const QString& path, const FormChoices& c) {
  static const QStringList kTypes{QStringLiteral("poisson"), QStringLiteral("gamma"),
                                  QStringLiteral("weibull"), QStringLiteral("diurnal"),
                                  QStringLiteral("trace"),   QStringLiteral("trace-model"),
                                  QStringLiteral("mmpp"),    QStringLiteral("closed-loop")};
  Section section(named(QStringLiteral("Workload"), textOf(value, "class")), path);
  section.text("Class", "class", "default").choice("Arrivals", "arrivals/type", kTypes);
  const std::optional<Value> arrivals = value.isMap() ? value.find("arrivals") : std::nullopt;
  const QString type = arrivals ? textOf(*arrivals, "type") : QString();
  if (type == QLatin1String("trace") || type == QLatin1String("trace-model")) {
    if (type == QLatin1String("trace")) section.choice("Format", "arrivals/format", c.trace_formats);
    section.text("File", "arrivals/file").text("Rate scale", "arrivals/rate_scale", "1");
  } else if (type == QLatin1String("closed-loop")) {
    section.text("Clients", "arrivals/concurrency");
  } else if (type == QLatin1String("mmpp")) {
    section.yaml("States", "arrivals/states");
  } else {
    section.quantity("Rate", "arrivals/rate", "/s");
    if (type == QLatin1String("gamma") || type == QLatin1String("weibull"))
      section.text("Burstiness cv", "arrivals/cv");
  }
  if (type != QLatin1String("trace")) {
    section.yaml("Prompt tokens", "prompt_tokens", "from the trace")
        .yaml("Output tokens", "output_tokens", "from the trace");
  }
  section.text("Requests", "requests", "all").quantity("Duration", "duration", "s", "until it ends");
  return section.done();
}

FormSection siteSection(const Value& value, const QString& path, const FormChoices& c) {
  Section section(named(QStringLiteral("Site"), textOf(value, "name")), path);
  section.choice("Node type", "nodes/0/type", c.node_types).text("Nodes", "nodes/0/count");
  const std::optional<Value> fabric = value.isMap() ? value.find("fabric") : std::nullopt;
  if (fabric && fabric->isMap()) {
    section.yaml("Fabric", "fabric");
  } else {
    section.choice("Fabric", "fabric", c.fabrics, "none", true);
  }
  return section.done();
}

FormSection sloSection(const Value& value, const QString& path) {
  return Section(named(QStringLiteral("Objective"), textOf(value, "class")), path)
      .text("Class", "class", "default")
      .quantity("TTFT", "ttft", "ms", "none")
      .quantity("TPOT", "tpot", "ms", "none")
      .quantity("End to end", "e2e", "s", "none")
      .text("Attainment", "attainment", "0.99")
      .done();
}

template <class Make>
void addItems(const Value& parent, const char* key, const QString& parent_path, Make make) {
  const std::optional<Value> list = parent.isMap() ? parent.find(key) : std::nullopt;
  if (!list || !list->isList()) return;
  int index = 0;
  for (const Value& item : list->items()) {
    make(item, QStringLiteral("%1/%2/%3").arg(parent_path, QLatin1String(key)).arg(index++));
  }
}

}  // namespace

const FormChoices& FormChoices::shipped() {
  static const FormChoices choices = readShipped();
  return choices;
}

std::vector<FormSection> formSections(const headroom::Document& text, const FormChoices& c) {
  std::vector<FormSection> sections;
  const Value root = text.root();
  if (!root.isMap()) return sections;
  addItems(root, "deployments", QString(), [&](const Value& deployment, const QString& path) {
    sections.push_back(deploymentSection(deployment, path, c));
    addItems(deployment, "pools", path,
             [&](const Value& pool, const QString& pool_path) { sections.push_back(poolSection(pool, pool_path, c)); });
  });
  addItems(root, "workloads", QString(),
           [&](const Value& workload, const QString& path) { sections.push_back(workloadSection(workload, path, c)); });
  addItems(root, "slos", QString(),
           [&](const Value& slo, const QString& path) { sections.push_back(sloSection(slo, path)); });
  addItems(root, "sites", QString(),
           [&](const Value& site, const QString& path) { sections.push_back(siteSection(site, path, c)); });
  sections.push_back(Section(QStringLiteral("Scenario"), QString())
                         .text("Name", "name")
                         .text("Seed", "seed", "1")
                         .quantity("Duration", "duration", "s", "until it ends")
                         .quantity("Warm-up", "warmup", "s", "0 s")
                         .done());
  return sections;
}

std::string fieldYaml(const FormField& field, const QString& typed, bool in_flow) {
  static const QRegularExpression bare(QStringLiteral(R"(^[+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$)"));
  QString value = typed.trimmed();
  if (!field.unit.isEmpty() && bare.match(value).hasMatch()) value += QLatin1Char(' ') + field.unit;
  if (field.yaml) return value.toStdString();
  // A version is text even if it looks like a number.
  if (field.path.endsWith(QLatin1String("/version"))) return "\"" + value.toStdString() + "\"";
  return scalarYaml(value.toStdString(), in_flow);
}

}  // namespace headroom::gui
