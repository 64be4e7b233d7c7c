// Ctrl+K: type part of a name, go there. Pages, fields, views, replicas, files, commands.
#pragma once

#include <QDialog>
#include <QString>
#include <functional>
#include <vector>

class QLineEdit;
class QListWidget;

namespace headroom::gui {

struct Goal {
  QString name;
  QString kind;  ///< "setting", "page", ...
  std::function<void()> go;
};

/// Do all words of `typed` occur in the name or kind?
bool matches(const Goal& goal, const QString& typed);

class GoTo final : public QDialog {
  Q_OBJECT
 public:
  GoTo(std::vector<Goal> goals, QWidget* parent);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fill(const QString& typed);
  void choose();
  std::vector<Goal> goals_;
  QLineEdit* edit_;
  QListWidget* list_;
};

}  // namespace headroom::gui
