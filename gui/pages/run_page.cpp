#include "gui/pages/run_page.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/document.h"
#include "gui/selection.h"
#include "gui/tiles.h"
#include "gui/views/tiles_view.h"
#include "gui/views/views.h"
#include "gui/widgets/panel.h"

namespace headroom::gui {
namespace {

QString milliseconds(const std::optional<double>& ms) {
  return ms ? QString::number(*ms, 'f', *ms < 10 ? 1 : 0) + QStringLiteral(" ms") : QStringLiteral("–");
}

QSplitter* splitterOf(Qt::Orientation orientation, const QList<QWidget*>& widgets, const QList<int>& stretch,
                      QWidget* parent) {
  auto* splitter = new QSplitter(orientation, parent);
  splitter->setChildrenCollapsible(false);
  splitter->setHandleWidth(12);
  for (int i = 0; i < widgets.size(); ++i) {
    splitter->addWidget(widgets[i]);
    splitter->setStretchFactor(i, stretch[i]);
  }
  QList<int> sizes;
  for (const int s : stretch) sizes.push_back(s * 100);
  splitter->setSizes(sizes);
  return splitter;
}

}  // namespace

RunPage::RunPage(Document& document, Selection& selection, QWidget* parent)
    : Page(parent), document_(document), selection_(selection) {
  auto* rows = new QVBoxLayout(this);
  rows->setContentsMargins(12, 12, 12, 12);
  rows->setSpacing(12);
  progress_ = makeProgress();
  filter_ = makeFilterBar();
  empty_ = makeEmpty();
  content_ = new QWidget(this);
  auto* content_rows = new QVBoxLayout(content_);
  content_rows->setContentsMargins(0, 0, 0, 0);
  content_rows->setSpacing(12);
  QWidget* tiles = makeTiles(document, selection, content_);
  tiles->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  static_cast<Panel*>(tiles)->addToHeader(filter_);
  QWidget* topology = makeTopology(document, selection, content_);
  QWidget* latency = makeLatency(document, selection, content_);
  QWidget* timeline = makeTimeline(document, selection, content_);
  QWidget* inspector = makeInspector(document, selection, content_);
  QSplitter* upper = splitterOf(Qt::Horizontal, {topology, latency}, {6, 5}, content_);
  QSplitter* lower = splitterOf(Qt::Horizontal, {timeline, inspector}, {7, 3}, content_);
  content_rows->addWidget(tiles);
  content_rows->addWidget(splitterOf(Qt::Vertical, {upper, lower}, {10, 11}, content_), 1);
  views_ = {tiles, topology, latency, timeline, inspector};
  rows->addWidget(progress_);
  rows->addWidget(empty_, 1);
  rows->addWidget(content_, 1);

  connect(&document_, &Document::progressChanged, this, &RunPage::refreshProgress);
  connect(&document_, &Document::runsChanged, this, &RunPage::refreshViews);
  connect(&document_, &Document::parsed, this, &RunPage::refreshViews);
  connect(&selection_, &Selection::changed, this, &RunPage::refreshFilter);
  refreshProgress();
  refreshFilter();
  refreshViews();
}

QList<QWidget*> RunPage::panels() const {
  return views_;
}

QWidget* RunPage::makeProgress() {
  auto* card = new QFrame(this);
  card->setObjectName(QStringLiteral("panel"));
  auto* row = new QHBoxLayout(card);
  row->setContentsMargins(14, 8, 14, 8);
  row->setSpacing(14);
  bar_ = new QProgressBar(card);
  bar_->setTextVisible(false);
  bar_->setFixedSize(220, 8);
  bar_->setAccessibleName(tr("Progress of the run"));
  live_ = new QLabel(card);
  live_->setAccessibleName(tr("Figures of the run so far"));
  auto* stop = new QPushButton(tr("Stop"), card);
  stop->setObjectName(QStringLiteral("stop"));
  stop->setAccessibleName(tr("Stop the run"));
  connect(stop, &QPushButton::clicked, this, &RunPage::cancelAsked);
  row->addWidget(bar_);
  row->addWidget(live_, 1);
  row->addWidget(stop);
  return card;
}

/// Stands in the title line of the figures, so that nothing moves under the pointer that drags.
QWidget* RunPage::makeFilterBar() {
  auto* bar = new QWidget(this);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(0, 0, 0, 0);
  chosen_ = new QLabel(bar);
  chosen_->setAccessibleName(tr("What is selected"));
  auto* back = new QToolButton(bar);
  back->setText(tr("Back  Esc"));
  back->setAccessibleName(tr("Take back the last selection"));
  connect(back, &QToolButton::clicked, this, [this] { selection_.back(); });
  auto* all = new QToolButton(bar);
  all->setText(tr("Show all"));
  all->setAccessibleName(tr("Clear the selection"));
  connect(all, &QToolButton::clicked, this, [this] { selection_.clear(); });
  row->addWidget(chosen_);
  row->addWidget(back);
  row->addWidget(all);
  return bar;
}

QWidget* RunPage::makeEmpty() {
  auto* card = new QFrame(this);
  card->setObjectName(QStringLiteral("panel"));
  auto* rows = new QVBoxLayout(card);
  auto* title = new QLabel(tr("Nothing has been run yet"), card);
  title->setProperty("role", "title");
  auto* words =
      new QLabel(tr("Run simulates the scenario; its figures, its timeline and its latencies appear here."), card);
  words->setProperty("role", "muted");
  auto* button = new QPushButton(tr("Run  Ctrl+R"), card);
  button->setProperty("main", true);
  button->setAccessibleName(tr("Run the scenario"));
  connect(button, &QPushButton::clicked, this, &RunPage::runAsked);
  rows->addStretch(1);
  rows->addWidget(title, 0, Qt::AlignHCenter);
  rows->addWidget(words, 0, Qt::AlignHCenter);
  rows->addWidget(button, 0, Qt::AlignHCenter);
  rows->addStretch(1);
  return card;
}

void RunPage::refreshProgress() {
  const auto& p = document_.progress();
  progress_->setVisible(p.has_value());
  if (!p) return;
  bar_->setRange(0, p->requests_expected > 0 ? 1000 : 0);
  if (p->requests_expected > 0) {
    bar_->setValue(
        static_cast<int>(1000 * static_cast<double>(p->requests_finished) / static_cast<double>(p->requests_expected)));
  }
  const QLocale locale(QLocale::English);
  live_->setText(
      tr("<b>%1</b> s simulated &nbsp; <b>%2</b> requests done &nbsp; <b>%3</b> running &nbsp; <b>%4</b> waiting "
         "&nbsp; TTFT p50 <b>%5</b>, p99 <b>%6</b> so far")
          .arg(locale.toString(p->simulated_s, 'f', 0), locale.toString(p->requests_finished),
               locale.toString(p->running), locale.toString(p->waiting), milliseconds(p->ttft_p50_ms),
               milliseconds(p->ttft_p99_ms)));
}

void RunPage::refreshFilter() {
  const Chosen& now = selection_.now();
  filter_->setVisible(!now.empty());
  if (now.empty()) return;
  QStringList parts;
  if (now.time)
    parts.push_back(tr("time <b>%1 – %2 s</b>").arg(now.time->begin, 0, 'f', 1).arg(now.time->end, 0, 'f', 1));
  const RunPtr run = document_.runA();
  if (now.replica) {
    const auto index = static_cast<std::size_t>(*now.replica);
    const bool named = run && index < run->replicas.size();
    parts.push_back(
        tr("replica <b>%1</b>")
            .arg(named ? QString::fromStdString(run->replicas[index].name) : QString::number(*now.replica)));
  }
  if (!now.link.isEmpty()) parts.push_back(tr("link <b>%1</b>").arg(now.link.toHtmlEscaped()));
  if (now.request) parts.push_back(tr("request <b>%1</b>").arg(*now.request));
  const QString counts = run ? selectionText(*run, filterOf(selection_)).section(QStringLiteral(": "), 1) : QString();
  if (!counts.isEmpty()) parts.push_back(counts);
  chosen_->setText(tr("Selected: %1").arg(parts.join(QStringLiteral(" · "))));
}

void RunPage::refreshViews() {
  const bool any = document_.runA() != nullptr;
  content_->setVisible(any);
  empty_->setVisible(!any);
}

}  // namespace headroom::gui
