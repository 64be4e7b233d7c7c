#include "gui/pages/plan_page.h"

#include <QComboBox>
#include <QFileInfo>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>
#include <filesystem>

#include "gui/document.h"
#include "gui/models/ledger_model.h"
#include "gui/views/pareto_view.h"
#include "gui/widgets/panel.h"
#include "models/base/error.h"
#include "models/base/files.h"

namespace headroom::gui {

PlanPage::PlanPage(Document& document, QWidget* parent)
    : Page(parent), document_(document), ledger_(new LedgerModel(this)) {
  pareto_panel_ = new Panel(tr("Pareto explorer"), this);
  pareto_ = new ParetoView(document, pareto_panel_);
  pareto_panel_->setBody(pareto_);
  auto* legend = new QLabel(tr("● meets its SLOs   ○ misses"), pareto_panel_);
  legend->setProperty("role", "muted");
  pareto_panel_->addToHeader(legend);
  auto* measures = new Segments({tr("Good requests"), tr("TTFT p99"), tr("Goodput")}, pareto_panel_);
  pareto_panel_->addToHeader(measures);
  connect(measures, &Segments::chosen, this, [this](int i) { pareto_->setMeasure(static_cast<ParetoMeasure>(i)); });
  pareto_panel_->offerTable([this] { return pareto_->table(); });
  connect(pareto_, &ParetoView::opened, this, [this](int i) {
    const PlanCandidate& c = document_.plan().candidates[static_cast<std::size_t>(i)];
    emit scenarioOpened(c.scenario, tr("%1 × %2").arg(c.replicas).arg(c.name));
  });

  auto* left = new QSplitter(Qt::Vertical, this);
  left->setChildrenCollapsible(false);
  left->setHandleWidth(12);
  left->addWidget(makeStudyPanel());
  left->addWidget(makeResultPanel());
  left->setSizes({120, 430});
  auto* upper = new QSplitter(this);
  upper->setChildrenCollapsible(false);
  upper->setHandleWidth(12);
  upper->addWidget(left);
  upper->addWidget(pareto_panel_);
  upper->setSizes({520, 1060});
  auto* all = new QSplitter(Qt::Vertical, this);
  all->setChildrenCollapsible(false);
  all->setHandleWidth(12);
  all->addWidget(upper);
  all->addWidget(makeLedgerPanel());
  all->setSizes({520, 340});
  auto* rows = new QVBoxLayout(this);
  rows->setContentsMargins(12, 12, 12, 12);
  rows->addWidget(all);
  connect(&document_, &Document::planChanged, this, &PlanPage::refresh);
  connect(&document_, &Document::candidateAdded, this,
          [this](int index) { pareto_panel_->setSubtitle(tr("%1 runs").arg(index + 1)); });
  refresh();
}

QList<QWidget*> PlanPage::panels() const {
  return {study_panel_, result_panel_, pareto_panel_, ledger_panel_};
}

QWidget* PlanPage::makeStudyPanel() {
  study_panel_ = new Panel(tr("Study"), this);
  auto* body = new QWidget(study_panel_);
  auto* rows = new QVBoxLayout(body);
  rows->setContentsMargins(0, 0, 0, 0);
  studies_ = new QComboBox(body);
  studies_->setAccessibleName(tr("Study to search"));
  studies_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  try {
    for (const auto& entry : std::filesystem::directory_iterator(datasetsRoot() / "scenarios")) {
      const QString file = QString::fromStdString(entry.path().string());
      if (file.endsWith(QLatin1String(".study.yaml"))) studies_->addItem(QFileInfo(file).baseName(), file);
    }
  } catch (const std::exception& error) {
    studies_->setToolTip(QString::fromUtf8(error.what()));
  }
  start_ = new QPushButton(tr("Search"), body);
  start_->setObjectName(QStringLiteral("search"));
  start_->setProperty("main", true);
  connect(start_, &QPushButton::clicked, this, [this] {
    if (document_.plan().stage == PlanState::Stage::running)
      emit cancelAsked();
    else
      start();
  });
  stage_ = new QLabel(body);
  stage_->setWordWrap(true);
  stage_->setProperty("role", "muted");
  stage_->setAccessibleName(tr("State of the search"));
  auto* line = new QHBoxLayout;
  line->addWidget(studies_, 1);
  line->addWidget(start_);
  rows->addLayout(line);
  rows->addWidget(stage_);
  rows->addStretch(1);
  study_panel_->setBody(body);
  study_panel_->setFocusProxy(studies_);
  return study_panel_;
}

QWidget* PlanPage::makeResultPanel() {
  result_panel_ = new Panel(tr("Recommendation"), this);
  auto* body = new QWidget(result_panel_);
  auto* rows = new QVBoxLayout(body);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(8);
  headline_ = new QLabel(body);
  headline_->setWordWrap(true);
  headline_->setProperty("role", "heading");
  headline_->setObjectName(QStringLiteral("headline"));
  evidence_ = new QVBoxLayout;
  evidence_->setSpacing(6);
  open_recommended_ = new QPushButton(tr("Open in Design"), body);
  open_recommended_->setAccessibleName(tr("Open the recommended scenario in Design"));
  connect(open_recommended_, &QPushButton::clicked, this, [this] {
    const auto& r = document_.plan().recommendation;
    if (r) emit scenarioOpened(r->scenario, r->headline);
  });
  rows->addWidget(headline_);
  rows->addLayout(evidence_);
  rows->addStretch(1);
  rows->addWidget(open_recommended_, 0, Qt::AlignLeft);
  result_panel_->setBody(body);
  result_panel_->setFocusProxy(open_recommended_);
  return result_panel_;
}

QWidget* PlanPage::makeLedgerPanel() {
  ledger_panel_ = new Panel(tr("Ledger"), this);
  auto* filter = new QLineEdit(ledger_panel_);
  filter->setPlaceholderText(tr("Filter: h100 infeasible …"));
  filter->setAccessibleName(tr("Filter the ledger"));
  filter->setFixedWidth(240);
  connect(filter, &QLineEdit::textChanged, this, [this](const QString& words) { ledger_->filter(words); });
  ledger_panel_->addToHeader(filter);
  table_ = new QTableView(ledger_panel_);
  table_->setModel(ledger_);
  table_->setAccessibleName(tr("Ledger of the plan"));
  table_->setSortingEnabled(true);
  table_->sortByColumn(-1, Qt::AscendingOrder);
  table_->setShowGrid(false);
  table_->setAlternatingRowColors(true);
  table_->setWordWrap(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setTabKeyNavigation(false);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(28);
  table_->horizontalHeader()->setStretchLastSection(true);
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  const int widths[] = {390, 110, 90, 112, 80, 80, 112};
  for (int i = 0; i < 7; ++i) table_->setColumnWidth(i, widths[i]);
  ledger_panel_->setBody(table_);
  return ledger_panel_;
}

void PlanPage::showStudy(const QString& text, const QString& file) {
  int index = studies_->findData(file);
  if (index < 0) {
    studies_->addItem(QFileInfo(file).fileName(), file);
    index = studies_->count() - 1;
  }
  studies_->setCurrentIndex(index);
  Q_UNUSED(text)
}

void PlanPage::start() {
  const QString file = studies_->currentData().toString();
  if (file.isEmpty()) return;
  try {
    emit planAsked(QString::fromStdString(readFile(file.toStdString())), file);
  } catch (const InputError& error) {
    document_.say(Document::Tone::bad, tr("The study cannot be read: %1").arg(QString::fromUtf8(error.what())));
  }
}

void PlanPage::refresh() {
  const PlanState& plan = document_.plan();
  const bool running = plan.stage == PlanState::Stage::running;
  start_->setText(running ? tr("Stop") : tr("Search"));
  start_->setAccessibleName(running ? tr("Stop the search") : tr("Search the study"));
  studies_->setEnabled(!running);
  switch (plan.stage) {
    case PlanState::Stage::none:
      stage_->setText(
          tr("A study names what may vary and what must hold. The search finds the cheapest fleet that meets "
             "the SLOs, and says of every other combination why not."));
      break;
    case PlanState::Stage::running:
      stage_->setText(
          tr("Searching: %1 runs, %2 of %3 combinations open").arg(plan.runs).arg(plan.shapes_open).arg(plan.shapes));
      break;
    case PlanState::Stage::done:
      stage_->setText(tr("✓ Done: %1 combinations, %2 runs").arg(plan.shapes).arg(plan.runs));
      break;
    case PlanState::Stage::failed:
      stage_->setText(QStringLiteral("▲ ") + plan.problem);
      break;
  }
  pareto_panel_->setSubtitle(plan.candidates.empty() ? QString() : tr("%1 runs").arg(plan.candidates.size()));
  while (QLayoutItem* item = evidence_->takeAt(0)) {
    delete item->widget();
    delete item;
  }
  open_recommended_->setVisible(plan.recommendation.has_value());
  if (!plan.recommendation) {
    headline_->setText(plan.stage == PlanState::Stage::done ? plan.problem
                       : running                            ? tr("Comes at the end of the search.")
                                                            : tr("None yet: start a search."));
  } else {
    headline_->setText(plan.recommendation->headline);
    for (const PlanRecommendation::Evidence& e : plan.recommendation->evidence) {
      auto* line = new QWidget(result_panel_);
      auto* row = new QHBoxLayout(line);
      row->setContentsMargins(0, 0, 0, 0);
      auto* mark = new QLabel(e.good ? QStringLiteral("✓") : QStringLiteral("▲"), line);
      mark->setProperty("role", e.good ? "good" : "warning");
      auto* figure = new QLabel(e.figure, line);
      figure->setProperty("role", "muted");
      auto* what = new QLabel(e.what, line);
      what->setWordWrap(true);
      row->addWidget(mark);
      row->addWidget(what, 1);
      row->addWidget(figure);
      evidence_->addWidget(line);
    }
  }
  ledger_->show(plan.ledger);
  ledger_panel_->setSubtitle(plan.ledger.empty() ? QString() : tr("%1 combinations").arg(plan.ledger.size()));
}

}  // namespace headroom::gui
