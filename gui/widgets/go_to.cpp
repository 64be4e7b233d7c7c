#include "gui/widgets/go_to.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QVBoxLayout>
#include <algorithm>

namespace headroom::gui {
namespace {
constexpr int kMostShown = 200;
}

bool matches(const Goal& goal, const QString& typed) {
  const QStringList words = typed.split(QLatin1Char(' '), Qt::SkipEmptyParts);
  return std::all_of(words.begin(), words.end(), [&](const QString& word) {
    return goal.name.contains(word, Qt::CaseInsensitive) || goal.kind.contains(word, Qt::CaseInsensitive);
  });
}

GoTo::GoTo(std::vector<Goal> goals, QWidget* parent)
    : QDialog(parent), goals_(std::move(goals)), edit_(new QLineEdit(this)), list_(new QListWidget(this)) {
  setWindowTitle(tr("Go to"));
  setAccessibleName(windowTitle());
  edit_->setPlaceholderText(tr("Go to setting, view, replica …"));
  edit_->setAccessibleName(tr("Go to"));
  list_->setAccessibleName(tr("Places that match"));
  list_->setFocusPolicy(Qt::NoFocus);
  auto* rows = new QVBoxLayout(this);
  rows->addWidget(edit_);
  rows->addWidget(list_);
  resize(520, 420);
  edit_->installEventFilter(this);
  connect(edit_, &QLineEdit::textChanged, this, &GoTo::fill);
  connect(list_, &QListWidget::itemClicked, this, &GoTo::choose);
  fill({});
}

void GoTo::fill(const QString& typed) {
  list_->clear();
  for (std::size_t i = 0; i < goals_.size() && list_->count() < kMostShown; ++i) {
    if (!matches(goals_[i], typed)) continue;
    auto* item = new QListWidgetItem(QStringLiteral("%1    %2").arg(goals_[i].name, goals_[i].kind), list_);
    item->setData(Qt::UserRole, QVariant::fromValue(static_cast<qulonglong>(i)));
  }
  list_->setCurrentRow(0);
}

void GoTo::choose() {
  const QListWidgetItem* item = list_->currentItem();
  accept();
  if (item != nullptr) goals_[item->data(Qt::UserRole).toULongLong()].go();
}

bool GoTo::eventFilter(QObject* watched, QEvent* event) {
  if (watched == edit_ && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Down || key == Qt::Key_Up || key == Qt::Key_PageDown || key == Qt::Key_PageUp) {
      QCoreApplication::sendEvent(list_, event);
      return true;
    }
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
      choose();
      return true;
    }
  }
  return QDialog::eventFilter(watched, event);
}

}  // namespace headroom::gui
