#include "gui/pages/compare_page.h"

#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QSplitter>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

#include "gui/document.h"
#include "gui/models/difference.h"
#include "gui/theme.h"
#include "gui/views/views.h"
#include "gui/widgets/panel.h"

namespace headroom::gui {
namespace {

/// Better and worse in their colours.
class VerdictDelegate final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
    QStyledItemDelegate::initStyleOption(option, index);
    const Theme& theme = themeOf(*option->widget);
    const int verdict = index.data(OutcomeModel::kVerdict).toInt();
    if (index.column() >= 3 && verdict != 0)
      option->palette.setColor(QPalette::Text, verdict > 0 ? theme.good : theme.bad);
    if (index.column() >= 1 && index.column() <= 3) option->font = figureFont(13);
  }
};

QTableView* tableOf(QAbstractItemModel* model, const QString& name, QWidget* parent) {
  auto* table = new QTableView(parent);
  table->setModel(model);
  table->setAccessibleName(name);
  table->setShowGrid(false);
  table->setAlternatingRowColors(true);
  table->setWordWrap(false);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setFrameShape(QFrame::NoFrame);
  table->verticalHeader()->hide();
  table->verticalHeader()->setDefaultSectionSize(28);
  table->horizontalHeader()->setHighlightSections(false);
  table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table->setTabKeyNavigation(false);
  return table;
}

}  // namespace

ComparePage::ComparePage(Document& document, Selection& selection, QWidget* parent)
    : Page(parent),
      document_(document),
      inputs_(new InputDifferenceModel(this)),
      outcomes_(new OutcomeModel(this)),
      input_panel_(new Panel(tr("What went in"), this)),
      outcome_panel_(new Panel(tr("What came out"), this)) {
  auto* rows = new QVBoxLayout(this);
  rows->setContentsMargins(12, 12, 12, 12);
  content_ = new QWidget(this);
  auto* content_rows = new QVBoxLayout(content_);
  content_rows->setContentsMargins(0, 0, 0, 0);
  content_rows->setSpacing(12);
  tiles_ = makeTiles(document, selection, content_);
  tiles_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  latency_ = makeLatency(document, selection, content_);

  auto* input_body = new QWidget(input_panel_);
  auto* input_rows = new QVBoxLayout(input_body);
  input_rows->setContentsMargins(0, 0, 0, 0);
  same_ = new QLabel(tr("Both runs have the same input."), input_body);
  same_->setProperty("role", "muted");
  input_table_ = tableOf(inputs_, tr("Differences of the inputs"), input_body);
  input_table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  input_table_->horizontalHeader()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  input_table_->horizontalHeader()->setSectionResizeMode(2, QHeaderView::ResizeToContents);
  input_table_->setTextElideMode(Qt::ElideLeft);
  input_rows->addWidget(same_);
  input_rows->addWidget(input_table_, 1);
  input_panel_->setBody(input_body);

  outcome_table_ = tableOf(outcomes_, tr("Differences of the outcomes"), outcome_panel_);
  outcome_table_->setItemDelegate(new VerdictDelegate(outcome_table_));
  outcome_table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  constexpr int kWidths[] = {78, 78, 96, 88};  // of A, B, the change, the verdict
  for (int column = 1; column < 5; ++column) outcome_table_->setColumnWidth(column, kWidths[column - 1]);
  outcome_panel_->setBody(outcome_table_);

  auto* left = new QSplitter(Qt::Vertical, content_);
  left->setHandleWidth(12);
  left->setChildrenCollapsible(false);
  left->addWidget(input_panel_);
  left->addWidget(latency_);
  left->setSizes({320, 480});
  auto* splitter = new QSplitter(content_);
  splitter->setHandleWidth(12);
  splitter->setChildrenCollapsible(false);
  splitter->addWidget(left);
  splitter->addWidget(outcome_panel_);
  splitter->setSizes({820, 760});
  content_rows->addWidget(tiles_);
  content_rows->addWidget(splitter, 1);

  empty_ = new QFrame(this);
  empty_->setObjectName(QStringLiteral("panel"));
  auto* empty_rows = new QVBoxLayout(empty_);
  auto* title = new QLabel(tr("Two runs make a comparison"), empty_);
  title->setProperty("role", "title");
  why_ = new QLabel(empty_);
  why_->setProperty("role", "muted");
  auto* pin = new QPushButton(tr("Pin as B  (B)"), empty_);
  pin->setAccessibleName(tr("Pin the present run as B"));
  connect(pin, &QPushButton::clicked, this, &ComparePage::pinAsked);
  empty_rows->addStretch(1);
  empty_rows->addWidget(title, 0, Qt::AlignHCenter);
  empty_rows->addWidget(why_, 0, Qt::AlignHCenter);
  empty_rows->addWidget(pin, 0, Qt::AlignHCenter);
  empty_rows->addStretch(1);
  rows->addWidget(empty_, 1);
  rows->addWidget(content_, 1);
  connect(&document_, &Document::runsChanged, this, &ComparePage::refresh);
  refresh();
}

QList<QWidget*> ComparePage::panels() const {
  return {tiles_, input_panel_, latency_, outcome_panel_};
}

void ComparePage::refresh() {
  const RunPtr a = document_.runA(), b = document_.runB();
  const bool both = a && b;
  content_->setVisible(both);
  empty_->setVisible(!both);
  why_->setText(b ? tr("B is pinned. Run the scenario to have an A.")
                  : tr("Pin the present run as B, change the scenario, run again: A stands beside B here."));
  if (!both) {
    inputs_->show({});
    outcomes_->show({});
    return;
  }
  std::vector<InputDifference> inputs = inputDifferences(a->scenario_yaml, b->scenario_yaml);
  same_->setVisible(inputs.empty());
  input_table_->setVisible(!inputs.empty());
  input_panel_->setSubtitle(tr("%n value(s) differ", nullptr, static_cast<int>(inputs.size()))
                                .replace(QStringLiteral("(s)"), inputs.size() == 1 ? QString() : QStringLiteral("s")));
  inputs_->show(std::move(inputs));
  outcomes_->show(outcomeRows(a->result, b->result));
  outcome_panel_->setSubtitle(a == b ? tr("A and B are the same run") : tr("A %1 · B %2").arg(a->title, b->title));
}

}  // namespace headroom::gui
