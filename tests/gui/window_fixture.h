// The whole window on a small scenario, with the real worker or a program that stands in for it.
#pragma once

#include <QComboBox>
#include <QLineEdit>

#include "gui/design/scenario_form.h"
#include "gui/main_window.h"
#include "gui/pages/design_page.h"
#include "tests/gui/gui_test.h"

namespace headroom::gui {

class Window : public ::testing::Test {
 protected:
  explicit Window(const QString& worker = {}) : window(worker) {
    window.resize(1500, 950);
    window.document().open(smallScenario(), folder.filePath(QStringLiteral("small.yaml")));
    window.show();
    EXPECT_TRUE(QTest::qWaitForWindowExposed(&window));
  }
  ~Window() override { window.document().markSaved(window.document().file()); }

  void press(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    QWidget* target = window.focusWidget() != nullptr ? window.focusWidget() : &window;
    QTest::keyClick(target, key, modifiers);
  }
  bool run() {
    const RunPtr before = window.document().runA();
    window.desk().run();
    return waitFor([&] { return window.document().runA() != before || !window.message().isEmpty(); });
  }
  /// As a user would: types into the field and leaves it.
  void setField(const QString& path, const QString& text) {
    FieldRow* row = window.designPage().form().row(path);
    ASSERT_NE(row, nullptr) << path.toStdString();
    QWidget* editor = row->editor();
    if (auto* box = qobject_cast<QComboBox*>(editor)) editor = box->lineEdit();
    editor->setFocus();
    static_cast<QLineEdit*>(editor)->selectAll();
    QTest::keyClicks(editor, text);
    QTest::keyClick(editor, Qt::Key_Return);
  }

  QTemporaryDir folder;
  MainWindow window;
};

}  // namespace headroom::gui
