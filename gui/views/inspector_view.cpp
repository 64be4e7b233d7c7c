#include "gui/views/inspector_view.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QTableView>
#include <QTimer>
#include <algorithm>

#include "gui/geometry/ticks.h"
#include "gui/models/listed_table_model.h"
#include "gui/views/tiles_view.h"
#include "gui/widgets/plot_parts.h"

namespace headroom::gui {
namespace {

constexpr double kNames = 96, kFigures = 78, kHead = 44, kFoot = 18, kLeastPitch = 17, kMostPitch = 24;
constexpr int kFollowMs = 60;  // after the last move of a drag

QColor colourOf(const Theme& theme, PartKind kind) {
  switch (kind) {
    case PartKind::waiting:
      return theme.queue;
    case PartKind::prefill:
      return theme.prefill;
    case PartKind::decode:
      return theme.decode;
    case PartKind::transfer:
      return theme.transfer;
    case PartKind::lost:
      break;
  }
  return theme.failure;
}

QString nsText(std::int64_t ns) {
  return latencyText(static_cast<double>(ns) / 1e6);
}

}  // namespace

WaterfallView::WaterfallView(QWidget* parent) : QWidget(parent) {
  setAccessibleName(tr("Parts of the request's time"));
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
}

void WaterfallView::setStory(std::optional<RequestStory> story) {
  story_ = std::move(story);
  hover_ = -1;
  setAccessibleDescription(story_ ? story_->title + QStringLiteral(". ") + story_->sentences.join(QLatin1Char(' '))
                                  : QString());
  update();
}

double WaterfallView::pitch() const {
  const double bars = std::max(story_ ? static_cast<double>(story_->parts.size()) : 1, 1.0);
  const double fits = (height() - kHead - kFoot) / bars;  // a low view has no room for sentences
  return std::min(std::clamp((height() * 0.55 - kHead) / bars, kLeastPitch, kMostPitch), std::max(fits, 10.0));
}

QRectF WaterfallView::barsArea() const {
  const double bars = story_ ? static_cast<double>(story_->parts.size()) : 0;
  return {kNames, kHead, std::max(width() - kNames - kFigures, 10.0), bars * pitch()};
}

int WaterfallView::partAt(const QPointF& at) const {
  const QRectF area = barsArea();
  if (!story_ || at.y() < area.top() || at.y() >= area.bottom()) return -1;
  return static_cast<int>((at.y() - area.top()) / pitch());
}

void WaterfallView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Theme& theme = themeOf(*this);
  if (!story_) {
    paintEmpty(painter, theme, rect(), tr("No request chosen"),
               tr("Choose one in the table to see where its time went."));
    return;
  }
  paintText(painter, QRectF(0, 0, width(), 20), story_->title, textFont(13, QFont::DemiBold), theme.text);
  paintText(painter, QRectF(0, 20, width(), 18), story_->subtitle, textFont(12), theme.muted);
  const QRectF area = barsArea();
  const double row = pitch(), bar = std::max(row - 6, 7.0);
  const auto e2e = static_cast<double>(std::max<std::int64_t>(story_->e2e, 1));
  const auto xOf = [&](std::int64_t ns) { return area.left() + static_cast<double>(ns) / e2e * area.width(); };
  for (std::size_t p = 0; p < story_->parts.size(); ++p) {
    const StoryPart& part = story_->parts[p];
    const double y = area.top() + row * static_cast<double>(p);
    const double left = xOf(part.begin), right = std::max(xOf(part.begin + part.length), left + 2);
    painter.fillRect(QRectF(area.left(), y + (row - bar) / 2, area.width(), bar), theme.field);
    painter.fillRect(QRectF(left, y + (row - bar) / 2, right - left, bar), colourOf(theme, part.kind));
    paintText(painter, QRectF(0, y, kNames - 8, row), part.name, textFont(12), theme.text);
    paintText(painter, QRectF(area.right() + 6, y, kFigures - 6, row), nsText(part.length), figureFont(12), theme.text,
              Qt::AlignRight | Qt::AlignVCenter);
  }
  if (!story_->parts.empty()) {  // where the first token came
    const double x = std::round(xOf(story_->ttft));
    painter.setPen(QPen(theme.accent, 1, Qt::DashLine));
    painter.drawLine(QPointF(x, area.top() - 2), QPointF(x, area.bottom() + 4));
    const QString text = tr("first token %1").arg(nsText(story_->ttft));
    const double width = QFontMetricsF(textFont(11)).horizontalAdvance(text) + 4;
    const double at = std::clamp(x + 4, area.left(), std::max(area.left(), area.right() - width));
    paintText(painter, QRectF(at, area.bottom() + 1, width, 16), text, textFont(11), theme.accent);
    paintText(painter, QRectF(area.right() - 40, area.bottom() + 1, 40 + kFigures, 16), nsText(story_->e2e),
              figureFont(12, QFont::DemiBold), theme.text, Qt::AlignRight | Qt::AlignVCenter);
  }
  paintSentences(painter, QRectF(0, area.bottom() + 24, width(), height() - area.bottom() - 24));
  if (hover_ >= 0 && hover_ < static_cast<int>(story_->parts.size())) {
    const StoryPart& part = story_->parts[static_cast<std::size_t>(hover_)];
    std::vector<CardRow> rows{{part.meaning, QString()},
                              {tr("Takes"), nsText(part.length)},
                              {tr("Of the whole"), percentText(static_cast<double>(part.length) / e2e)}};
    if (part.meaning.isEmpty()) rows.erase(rows.begin());
    paintCard(painter, theme, rect(), pointer_, part.name, rows);
  }
}

double WaterfallView::paintSentences(QPainter& painter, const QRectF& area) const {
  const Theme& theme = themeOf(*this);
  painter.setFont(textFont(12));
  painter.setPen(theme.text);
  double y = area.top();
  for (const QString& sentence : story_->sentences) {
    const QRectF room(area.left(), y, area.width(), std::max(area.bottom() - y, 0.0));
    const QRectF needed = painter.boundingRect(room, Qt::TextWordWrap | Qt::AlignLeft | Qt::AlignTop, sentence);
    if (needed.bottom() > area.bottom() + 1) break;  // all of them are in the description and the table
    painter.drawText(room, Qt::TextWordWrap | Qt::AlignLeft | Qt::AlignTop, sentence);
    y = needed.bottom() + 4;
  }
  return y;
}

void WaterfallView::mouseMoveEvent(QMouseEvent* event) {
  pointer_ = event->position();
  hover_ = partAt(pointer_);
  update();
}

void WaterfallView::leaveEvent(QEvent*) {
  hover_ = -1;
  update();
}

std::unique_ptr<QAbstractItemModel> WaterfallView::table() const {
  std::vector<QVariantList> rows;
  if (story_) {
    const auto e2e = static_cast<double>(std::max<std::int64_t>(story_->e2e, 1));
    for (const StoryPart& part : story_->parts) {
      rows.push_back({part.name, part.meaning, static_cast<double>(part.begin) / 1e6,
                      static_cast<double>(part.length) / 1e6, static_cast<double>(part.length) / e2e * 100});
    }
    for (const QString& sentence : story_->sentences) rows.push_back({tr("In words"), sentence});
  }
  return std::make_unique<ListedTableModel>(
      QStringList{tr("Part"), tr("What"), tr("From, ms"), tr("Takes, ms"), tr("Share, %")}, std::move(rows));
}

InspectorView::InspectorView(Document& document, Selection& selection, QWidget* parent)
    : QWidget(parent),
      document_(document),
      selection_(selection),
      model_(new RequestTableModel(this)),
      table_(new QTableView(this)),
      waterfall_(new WaterfallView(this)),
      late_only_(new QCheckBox(tr("Late ones only"), this)),
      soon_(new QTimer(this)) {
  setAccessibleName(tr("Requests"));
  table_->setModel(model_);
  table_->setAccessibleName(tr("Requests, slowest first"));
  table_->setSortingEnabled(true);
  table_->sortByColumn(RequestTableModel::kTtft, Qt::DescendingOrder);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setShowGrid(false);
  table_->setAlternatingRowColors(true);
  table_->setTabKeyNavigation(false);
  table_->setWordWrap(false);
  table_->setMinimumHeight(56);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(24);
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  table_->setFont(figureFont(12));
  table_->horizontalHeader()->setHighlightSections(false);
  auto* left = new QVBoxLayout;
  left->setSpacing(6);
  left->addWidget(late_only_);
  left->addWidget(table_, 1);
  halves_ = new QBoxLayout(QBoxLayout::LeftToRight, this);
  halves_->setContentsMargins(0, 0, 0, 0);
  halves_->addLayout(left, 5);
  halves_->addWidget(waterfall_, 4);
  arrange();
  setFocusProxy(table_);
  connect(late_only_, &QCheckBox::toggled, this, &InspectorView::refresh);
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& now) { choose(now.isValid() ? now.row() : -1); });
  soon_->setSingleShot(true);
  connect(soon_, &QTimer::timeout, this, &InspectorView::refresh);
  // In a turn of its own of the event loop, so that keys are heard between: sorting a million requests takes as long as
  // everything else that a new run changes.
  connect(&document, &Document::runsChanged, this, [this] { QTimer::singleShot(1, this, &InspectorView::onRuns); });
  connect(&selection, &Selection::changed, this, &InspectorView::onSelection);
  onRuns();
}

void InspectorView::arrange() {
  using M = RequestTableModel;
  constexpr int kWidths[M::kColumns] = {98, 96, 84, 130, 84, 84, 108, 84, 74, 74};
  constexpr int kByWorth[] = {M::kId,   M::kE2e,     M::kTtft,    M::kVerdict, M::kQueue,
                              M::kTpot, M::kReplica, M::kArrival, M::kPrompt,  M::kOutput};
  const bool wide = width() >= 760;
  halves_->setDirection(wide ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
  halves_->setSpacing(wide ? 16 : 8);
  halves_->setStretch(0, wide ? 5 : 2);
  halves_->setStretch(1, wide ? 4 : 3);
  // As many columns as fit, those of most worth first; what is left over goes to the words.
  int room = (wide ? (width() - 16) * 5 / 9 : width()) - 20;
  for (const int c : kByWorth) {
    const bool fits = room >= kWidths[c] || c == M::kId || c == M::kE2e;
    table_->setColumnHidden(c, !fits);
    table_->setColumnWidth(c, kWidths[c]);
    if (fits) room -= kWidths[c];
  }
  table_->setColumnWidth(M::kVerdict, kWidths[M::kVerdict] + std::max(0, room));
}

void InspectorView::resizeEvent(QResizeEvent*) {
  arrange();
}

void InspectorView::onRuns() {
  if (run_ == document_.runA() && run_) return;
  run_ = document_.runA();
  model_->setRun(run_);
  shown_ = {};
  refresh();
}

void InspectorView::onSelection() {
  const Chosen& now = selection_.now();
  if (selection_.adjusting()) return soon_->start(kFollowMs);
  if (now.time != shown_.time || now.replica != shown_.replica) {
    refresh();
  } else if (now.request != shown_.request) {
    shown_ = now;
    showChosen();
  }
}

void InspectorView::refresh() {
  soon_->stop();
  shown_ = selection_.now();
  following_ = true;  // a reset moves the current row
  model_->setFilter(filterOf(selection_), late_only_->isChecked());
  following_ = false;
  showChosen();
  emit described();
}

void InspectorView::showChosen() {
  if (!run_ || !run_->hasRequests()) return waterfall_->setStory(std::nullopt);
  std::optional<std::size_t> request;
  if (shown_.request) request = run_->indexOf(*shown_.request);
  if (!request && model_->rowCount() > 0) request = model_->requestAt(0);  // the slowest speaks for itself
  if (!request) return waterfall_->setStory(std::nullopt);
  waterfall_->setStory(storyOf(*run_, *request));
  const int row = model_->rowOf(*request);
  following_ = true;
  if (row >= 0) {
    table_->selectRow(row);
  } else {
    table_->clearSelection();
  }
  following_ = false;
}

void InspectorView::choose(int row) {
  if (following_ || row < 0 || !run_) return;
  selection_.selectRequest(run_->requests.id[model_->requestAt(row)]);
}

QString InspectorView::summary() const {
  if (!run_ || !run_->hasRequests()) return {};
  const QString shown = countText(model_->rowCount());
  const auto matching = static_cast<std::int64_t>(model_->matching());
  if (model_->matching() > RequestTableModel::kMostRows)
    return tr("first %1 of %2 as sorted").arg(shown, countText(matching));
  return tr("%1 of %2 requests").arg(countText(matching), countText(static_cast<std::int64_t>(run_->requests.size())));
}

void InspectorView::keyPressEvent(QKeyEvent* event) {
  if (event->key() != Qt::Key_Escape || !selection_.back()) QWidget::keyPressEvent(event);
}

}  // namespace headroom::gui
