#include "gui/widgets/banner.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QStyle>
#include <QToolButton>

namespace headroom::gui {

Banner::Banner(QWidget* parent) : QFrame(parent), mark_(new QLabel(this)), words_(new QLabel(this)) {
  setObjectName(QStringLiteral("banner"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(12, 6, 6, 6);
  words_->setWordWrap(true);
  words_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  words_->setAccessibleName(tr("Message"));
  auto* close = new QToolButton(this);
  close->setText(QStringLiteral("✕"));
  close->setAccessibleName(tr("Close the message"));
  connect(close, &QToolButton::clicked, this, &QWidget::hide);
  row->addWidget(mark_, 0, Qt::AlignTop);
  row->addWidget(words_, 1);
  row->addWidget(close, 0, Qt::AlignTop);
  hide();
}

void Banner::show(Document::Tone tone, const QString& sentence) {
  const char* const name = tone == Document::Tone::bad ? "bad" : tone == Document::Tone::warning ? "warning" : "good";
  setProperty("tone", name);
  mark_->setProperty("role", name);
  mark_->setText(tone == Document::Tone::good ? QStringLiteral("✓") : QStringLiteral("▲"));
  for (QWidget* widget : {static_cast<QWidget*>(this), static_cast<QWidget*>(mark_)}) {
    widget->style()->unpolish(widget);
    widget->style()->polish(widget);
  }
  words_->setText(sentence);
  setVisible(true);
}

QString Banner::sentence() const {
  return isHidden() ? QString() : words_->text();
}

}  // namespace headroom::gui
