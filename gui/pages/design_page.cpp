#include "gui/pages/design_page.h"

#include <QDir>
#include <QLabel>
#include <QLocale>
#include <QScrollArea>
#include <QSplitter>
#include <QStyle>
#include <QVBoxLayout>

#include "gui/design/memory_bar.h"
#include "gui/design/scenario_form.h"
#include "gui/design/yaml_editor.h"
#include "gui/document.h"
#include "gui/widgets/panel.h"

namespace headroom::gui {
namespace {

/// From the working directory on, where that is shorter.
QString shownPath(const QString& file) {
  const QString relative = QDir::current().relativeFilePath(file);
  return relative.startsWith(QLatin1String("..")) ? file : relative;
}

QLabel* words(const QString& text, const char* role, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setProperty("role", role);
  label->setWordWrap(true);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  label->setFocusPolicy(Qt::NoFocus);
  return label;
}

void setRole(QLabel* label, const char* role) {
  label->setProperty("role", role);
  label->style()->unpolish(label);
  label->style()->polish(label);
}

}  // namespace

DesignPage::DesignPage(Document& document, QWidget* parent)
    : Page(parent),
      document_(document),
      form_panel_(new Panel(tr("Scenario"), this)),
      text_panel_(new Panel(tr("Text"), this)),
      fit_panel_(new Panel(tr("Does it fit?"), this)) {
  auto* splitter = new QSplitter(this);
  splitter->setChildrenCollapsible(false);
  splitter->setHandleWidth(12);
  form_ = new ScenarioForm(document, form_panel_);
  form_panel_->setBody(form_);

  auto* text = new QWidget(text_panel_);
  auto* text_rows = new QVBoxLayout(text);
  text_rows->setContentsMargins(0, 0, 0, 0);
  editor_ = new YamlEditor(document, text);
  problem_ = words({}, "bad", text);
  problem_->setObjectName(QStringLiteral("problem"));
  problem_->setAccessibleName(tr("What is wrong with the text"));
  text_rows->addWidget(editor_, 1);
  text_rows->addWidget(problem_);
  text_panel_->setBody(text);
  text_panel_->setFocusProxy(editor_);

  auto* scroll = new QScrollArea(fit_panel_);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidgetResizable(true);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setAccessibleName(tr("Memory of each pool"));
  auto* inside = new QWidget;
  inside->setObjectName(QStringLiteral("plain"));
  bars_ = new QVBoxLayout(inside);
  bars_->setContentsMargins(0, 0, 6, 0);
  bars_->setSpacing(10);
  verdict_ = words({}, "muted", inside);
  verdict_->setObjectName(QStringLiteral("verdict"));
  bars_->addWidget(verdict_);
  bars_->addStretch(1);
  scroll->setWidget(inside);
  fit_panel_->setBody(scroll);

  splitter->addWidget(form_panel_);
  splitter->addWidget(text_panel_);
  splitter->addWidget(fit_panel_);
  splitter->setStretchFactor(0, 0);
  splitter->setStretchFactor(1, 1);
  splitter->setStretchFactor(2, 0);
  splitter->setSizes({390, 720, 390});
  auto* rows = new QVBoxLayout(this);
  rows->setContentsMargins(12, 12, 12, 12);
  rows->addWidget(splitter);

  connect(&document_, &Document::parsed, this, &DesignPage::refreshProblem);
  connect(&document_, &Document::parsed, this, &DesignPage::refreshFit);
  connect(&document_, &Document::feasibilityChanged, this, &DesignPage::refreshFit);
  connect(&document_, &Document::fileChanged, this, [this] { text_panel_->setSubtitle(shownPath(document_.file())); });
  refreshProblem();
  refreshFit();
}

QList<QWidget*> DesignPage::panels() const {
  return {form_panel_, text_panel_, fit_panel_};
}

void DesignPage::refreshProblem() {
  const auto& problem = document_.problem();
  problem_->setVisible(problem.has_value());
  problem_->setText(problem ? QStringLiteral("▲ ") + problem->sentence() : QString());
}

void DesignPage::refreshFit() {
  while (bars_->count() > 2) {  // all between verdict and stretch
    QLayoutItem* item = bars_->takeAt(1);
    if (item->widget() != nullptr) item->widget()->deleteLater();
    delete item;
  }
  const auto& fit = document_.feasibility();
  if (!fit) {
    setRole(verdict_, "muted");
    verdict_->setText(document_.problem() ? tr("Known once the text reads.") : tr("Being checked …"));
    return;
  }
  setRole(verdict_, fit->problem.isEmpty() ? "good" : "bad");
  const QString price = fit->usd_per_h ? tr(", %1 USD/h").arg(*fit->usd_per_h, 0, 'f', 2) : QString();
  verdict_->setText(fit->problem.isEmpty() ? tr("✓ Fits: %1 accelerators%2").arg(fit->accelerators).arg(price)
                                           : tr("✕ Does not fit: %1").arg(fit->problem));
  int at = 1;
  QWidget* inside = verdict_->parentWidget();
  for (const PoolMemory& pool : fit->pools) {
    if (pool.memory > 0 && pool.kv_cache + pool.weights > 0) bars_->insertWidget(at++, new MemoryBar(pool, inside));
    if (!pool.problem.isEmpty()) {
      bars_->insertWidget(at++,
                          words(QStringLiteral("✕ ") + pool.pool + QStringLiteral(": ") + pool.problem, "bad", inside));
    } else {
      const QLocale locale(QLocale::English);
      bars_->insertWidget(
          at++, words(tr("KV cache of a replica: %1 tokens. In one step up to %2 sequences and %3 tokens.")
                          .arg(locale.toString(static_cast<qlonglong>(pool.kv_tokens)))
                          .arg(locale.toString(pool.max_num_seqs), locale.toString(pool.max_num_batched_tokens)),
                      "muted", inside));
    }
    for (const QString& warning : pool.warnings)
      bars_->insertWidget(at++, words(QStringLiteral("▲ ") + warning, "warning", inside));
  }
}

}  // namespace headroom::gui
