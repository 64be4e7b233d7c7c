// Tests of the desktop program: one QApplication, without a screen unless a platform is asked for, settings of its own. What Qt and fontconfig keep
// until the end of the process is no leak of ours.
#include <gtest/gtest.h>

#include <QApplication>
#include <QStandardPaths>

#include "gui/theme.h"

extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libfontconfig\nleak:libQt6Gui\nleak:libQt6Widgets\nleak:libQt6Core\n";
}

int main(int count, char** arguments) {
  ::testing::InitGoogleTest(&count, arguments);
  if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QStandardPaths::setTestModeEnabled(true);
  QApplication application(count, arguments);
  QApplication::setOrganizationName(QStringLiteral("headroom"));
  QApplication::setApplicationName(QStringLiteral("headroom-gui-test"));
  headroom::gui::applyTheme(application, headroom::gui::darkTheme());
  return RUN_ALL_TESTS();
}
