// Scenario as form and as text side by side, and whether it fits: memory of each pool before any run.
#pragma once

#include "gui/page.h"

class QLabel;
class QVBoxLayout;

namespace headroom::gui {

class Document;
class Panel;
class ScenarioForm;
class YamlEditor;

class DesignPage final : public Page {
  Q_OBJECT
 public:
  DesignPage(Document& document, QWidget* parent);
  QString title() const override { return tr("Design"); }
  QList<QWidget*> panels() const override;
  ScenarioForm& form() { return *form_; }
  YamlEditor& editor() { return *editor_; }

 private:
  void refreshFit();
  void refreshProblem();

  Document& document_;
  ScenarioForm* form_;
  YamlEditor* editor_;
  Panel *form_panel_, *text_panel_, *fit_panel_;
  QLabel* problem_;
  QLabel* verdict_;
  QVBoxLayout* bars_;
};

}  // namespace headroom::gui
