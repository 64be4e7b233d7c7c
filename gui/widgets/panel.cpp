#include "gui/widgets/panel.h"

#include <QAbstractItemModel>
#include <QButtonGroup>
#include <QDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/theme.h"
#include "gui/widgets/plot_parts.h"

namespace headroom::gui {

Segments::Segments(const QStringList& names, QWidget* parent) : QWidget(parent), group_(new QButtonGroup(this)) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(2);
  for (int i = 0; i < names.size(); ++i) {
    auto* button = new QToolButton(this);
    button->setText(names[i]);
    button->setAccessibleName(names[i]);
    button->setCheckable(true);
    button->setProperty("segment", true);
    button->setChecked(i == 0);
    group_->addButton(button, i);
    row->addWidget(button);
  }
  connect(group_, &QButtonGroup::idClicked, this, &Segments::chosen);
}

int Segments::current() const {
  return group_->checkedId();
}

void Segments::setCurrent(int index) {
  QAbstractButton* button = group_->button(index);
  if (button == nullptr || button->isChecked()) return;
  button->setChecked(true);
  emit chosen(index);
}

ShortLabel::ShortLabel(QWidget* parent) : QWidget(parent) {
  setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
}

void ShortLabel::setText(const QString& text) {
  text_ = text;
  setToolTip(text);
  setAccessibleName(text);
  update();
}

QSize ShortLabel::sizeHint() const {
  const QFontMetrics metrics(textFont(13));
  return {metrics.horizontalAdvance(text_), metrics.height()};
}

void ShortLabel::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  paintText(painter, rect(), text_, textFont(13), themeOf(*this).muted);
}

Panel::Panel(const QString& title, QWidget* parent)
    : QFrame(parent),
      rows_(new QVBoxLayout(this)),
      header_(new QHBoxLayout),
      title_(new QLabel(title, this)),
      subtitle_(new ShortLabel(this)) {
  setObjectName(QStringLiteral("panel"));
  setAccessibleName(title);
  title_->setProperty("role", "title");
  rows_->setContentsMargins(14, 10, 14, 12);
  rows_->setSpacing(8);
  header_->setSpacing(10);
  header_->addWidget(title_);
  header_->addWidget(subtitle_, 1);
  rows_->addLayout(header_);
}

QString Panel::title() const {
  return title_->text();
}

void Panel::setSubtitle(const QString& text) {
  subtitle_->setText(text);
}

void Panel::addToHeader(QWidget* widget) {
  const int end = table_button_ != nullptr ? header_->count() - 1 : header_->count();
  header_->insertWidget(end, widget);
}

void Panel::setBody(QWidget* body) {
  delete body_;
  body_ = body;
  rows_->addWidget(body, 1);
  setFocusProxy(body);
}

void Panel::offerTable(MakeTable make) {
  make_table_ = std::move(make);
  if (table_button_ != nullptr) return;
  table_button_ = new QToolButton(this);
  table_button_->setText(QStringLiteral("Table"));
  table_button_->setToolTip(tr("Show %1 as a table").arg(title()));
  table_button_->setAccessibleName(table_button_->toolTip());
  connect(table_button_, &QToolButton::clicked, this, &Panel::showTable);
  header_->addWidget(table_button_);
}

void Panel::showTable() {
  std::unique_ptr<QAbstractItemModel> model = make_table_ ? make_table_() : nullptr;
  if (!model) return;
  auto* dialog = new QDialog(window());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("%1 as a table").arg(title()));
  auto* table = new QTableView(dialog);
  table->setAccessibleName(dialog->windowTitle());
  model->setParent(dialog);
  table->setModel(model.release());
  table->setAlternatingRowColors(true);
  table->verticalHeader()->hide();
  table->horizontalHeader()->setStretchLastSection(true);
  auto* rows = new QVBoxLayout(dialog);
  rows->addWidget(table);
  dialog->resize(720, 480);
  dialog->show();
}

}  // namespace headroom::gui
