// What fills one accelerator of a pool: weights, activations, the rest of the engine, KV cache, and what stays free.
#pragma once

#include <QWidget>

#include "gui/document.h"

namespace headroom::gui {

class MemoryBar final : public QWidget {
  Q_OBJECT
 public:
  MemoryBar(PoolMemory pool, QWidget* parent);
  QSize sizeHint() const override { return {260, 74}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  PoolMemory pool_;
};

}  // namespace headroom::gui
