// A picture of one page, without a screen: for the documentation and for tests.
#pragma once

#include <QString>

class QApplication;

namespace headroom::gui {

struct ScreenshotOptions {
  QString file;   ///< PNG to write
  QString page;   ///< title of a page
  QString theme;  ///< dark or light
  QString size = QStringLiteral("1720x1080");
  QString open;  ///< scenario, study, run folder or result; empty: the example
  QString pin;   ///< scenario whose run is B
};

/// Runs what is opened, if it is a scenario or a study, and waits for it. Returns why there is no picture, or "".
QString takeScreenshot(QApplication& application, const ScreenshotOptions& options);

}  // namespace headroom::gui
