// The last sentence the user must see, above the page: what went wrong, in words, until it is closed.
#pragma once

#include <QFrame>

#include "gui/document.h"

class QLabel;

namespace headroom::gui {

class Banner final : public QFrame {
  Q_OBJECT
 public:
  explicit Banner(QWidget* parent);
  void show(Document::Tone tone, const QString& sentence);
  QString sentence() const;

 private:
  QLabel *mark_, *words_;
};

}  // namespace headroom::gui
