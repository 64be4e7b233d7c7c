#include "gui/design/memory_bar.h"

#include <QPainter>
#include <QPainterPath>

#include "gui/theme.h"

namespace headroom::gui {
namespace {

constexpr double kGb = 1e9;

QString gigabytes(double bytes) {
  return QString::number(bytes / kGb, 'f', bytes < 10 * kGb ? 1 : 0);
}

struct Part {
  QString name;
  double bytes;
  QColor colour;
};

}  // namespace

MemoryBar::MemoryBar(PoolMemory pool, QWidget* parent) : QWidget(parent), pool_(std::move(pool)) {
  setMinimumHeight(sizeHint().height());
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("Memory per accelerator, pool %1").arg(pool_.pool));
  setAccessibleDescription(tr("Of %1 GB: weights %2, activations %3, KV cache %4, other %5")
                               .arg(gigabytes(pool_.memory), gigabytes(pool_.weights), gigabytes(pool_.activations),
                                    gigabytes(pool_.kv_cache), gigabytes(pool_.other)));
  setToolTip(accessibleDescription());
}

void MemoryBar::paintEvent(QPaintEvent*) {
  const Theme& t = themeOf(*this);
  QPainter p(this);
  p.setRenderHint(QPainter::Antialiasing);
  const double used = pool_.weights + pool_.activations + pool_.other + pool_.kv_cache;
  const Part parts[] = {{tr("weights"), pool_.weights, t.prefill},
                        {tr("activations"), pool_.activations, t.transfer},
                        {tr("other"), pool_.other, t.loading},
                        {tr("KV"), pool_.kv_cache, t.decode}};
  p.setFont(textFont(13, QFont::DemiBold));
  p.setPen(t.text);
  const QString figures = tr("%1 of %2 GB").arg(gigabytes(used), gigabytes(pool_.memory));
  const int figures_width = QFontMetrics(figureFont(12)).horizontalAdvance(figures);
  const QString name = tr("%1 · %2 × %3").arg(pool_.pool).arg(pool_.accelerators).arg(pool_.accelerator);
  p.drawText(QRect(0, 0, width() - figures_width - 10, 20), Qt::AlignVCenter,
             p.fontMetrics().elidedText(name, Qt::ElideRight, width() - figures_width - 10));
  p.setFont(figureFont(12));
  p.setPen(t.muted);
  p.drawText(QRect(0, 0, width(), 20), Qt::AlignRight | Qt::AlignVCenter, figures);

  const QRectF bar(0, 25, width(), 14);
  QPainterPath round;
  round.addRoundedRect(bar, 3, 3);
  p.fillPath(round, t.dark ? t.field : t.grid);
  p.setClipPath(round);
  const double scale = bar.width() / std::max({pool_.memory, used, 1.0});
  double x = 0;
  for (const Part& part : parts) {
    const double w = part.bytes * scale;
    if (w > 0) p.fillRect(QRectF(x, bar.top(), std::max(1.0, w - 1), bar.height()), part.colour);
    x += w;
  }
  p.setClipping(false);

  p.setFont(textFont(11));
  const double free = std::max(0.0, pool_.memory - used);
  double at = 0;
  const auto legend = [&](const QString& word, const QColor& colour) {
    const int w = p.fontMetrics().horizontalAdvance(word);
    if (at + 13 + w > width()) return;
    p.fillRect(QRectF(at, 50, 8, 8), colour);
    p.setPen(t.muted);
    p.drawText(QRectF(at + 13, 44, w + 4, 20), Qt::AlignVCenter, word);
    at += 13 + w + 12;
  };
  for (const Part& part : parts) {
    if (part.bytes > 0) legend(part.name + QLatin1Char(' ') + gigabytes(part.bytes), part.colour);
  }
  legend(tr("free %1").arg(gigabytes(free)), t.dark ? t.outline : t.outline);
}

}  // namespace headroom::gui
