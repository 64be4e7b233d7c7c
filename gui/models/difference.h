// How two runs differ: what went in (resolved scenarios, path by path) and what came out (figures, with the change).
// Values and table models, no widgets.
#pragma once

#include <QAbstractTableModel>
#include <QString>
#include <string>
#include <vector>

#include "gui/run_data.h"

namespace headroom::gui {

struct InputDifference {
  QString path, a, b;  ///< "–" where one has no such value
};
/// Values of YAML texts that are not in both alike, in the order of A, then of B.
std::vector<InputDifference> inputDifferences(const std::string& yaml_a, const std::string& yaml_b);

struct OutcomeRow {
  QString name, unit;
  std::optional<double> a, b;
  /// Is more better (+1), worse (-1), or neither (0)?
  int better = 0;
  std::optional<double> change() const;  ///< of A against B, as a share
};
std::vector<OutcomeRow> outcomeRows(const sim::Result& a, const sim::Result& b);

class InputDifferenceModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  using QAbstractTableModel::QAbstractTableModel;
  void show(std::vector<InputDifference> rows);
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::vector<InputDifference> rows_;
};

class OutcomeModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  using QAbstractTableModel::QAbstractTableModel;
  void show(std::vector<OutcomeRow> rows);
  /// +1 better, -1 worse, 0 neither: for colours and words.
  static constexpr int kVerdict = Qt::UserRole;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::vector<OutcomeRow> rows_;
};

}  // namespace headroom::gui
