#include "gui/theme.h"

#include <gtest/gtest.h>

#include <QColor>

namespace headroom::gui {
namespace {

QColor over(const QColor& top, const QColor& below) {
  const float a = top.alphaF();
  return QColor::fromRgbF(top.redF() * a + below.redF() * (1 - a), top.greenF() * a + below.greenF() * (1 - a),
                          top.blueF() * a + below.blueF() * (1 - a));
}

TEST(Theme, ContrastIsThatOfTheStandard) {
  EXPECT_NEAR(contrast(Qt::black, Qt::white), 21, 1e-9);
  EXPECT_NEAR(contrast(QColor(0x77, 0x77, 0x77), Qt::white), 4.48, 0.01);
  EXPECT_EQ(contrast(Qt::red, Qt::red), 1);
}

TEST(Theme, WordsStandOutFromEverySurfaceByFourAndAHalf) {
  for (const Theme* t : {&darkTheme(), &lightTheme()}) {
    for (const QColor& surface :
         {t->window, t->card, t->field, t->raised, over(t->selection_fill, t->card), over(t->bad_fill, t->card)}) {
      for (const QColor& word : {t->text, t->muted, t->accent, t->good, t->warning, t->bad}) {
        EXPECT_GE(contrast(word, surface), 4.5)
            << t->name << " " << word.name().toStdString() << " on " << surface.name().toStdString();
      }
    }
    for (const QColor& box : {t->prefill, t->decode, t->transfer, t->loading, t->failure, t->queue}) {
      EXPECT_GE(contrast(t->on_box, box), 4.5) << t->name << " box " << box.name().toStdString();
    }
    EXPECT_GE(contrast(t->on_accent, t->accent_fill), 4.5) << t->name;
    EXPECT_GE(contrast(t->series_a, t->card), 3) << t->name;
    EXPECT_GE(contrast(t->series_b, t->card), 3) << t->name;
  }
}

TEST(Theme, HeatGoesFromTheFirstColourToTheLast) {
  EXPECT_EQ(darkTheme().heatAt(0).name(), darkTheme().heat.front().name());
  EXPECT_EQ(darkTheme().heatAt(1).name(), darkTheme().heat.back().name());
  EXPECT_EQ(darkTheme().heatAt(7).name(), darkTheme().heat.back().name());
}

}  // namespace
}  // namespace headroom::gui
