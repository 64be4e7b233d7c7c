#include "gui/run_data.h"

#include <QPointer>
#include <QThread>
#include <nlohmann/json.hpp>

#include "models/base/files.h"

namespace headroom::gui {

RunPtr loadRun(const std::filesystem::path& folder_or_result) {
  auto run = std::make_shared<RunData>();
  run->folder = folder_or_result;
  const bool folder = std::filesystem::is_directory(folder_or_result);
  run->result_json = readFile(folder ? folder_or_result / "result.json" : folder_or_result);
  run->result = sim::resultFromJson(nlohmann::ordered_json::parse(run->result_json));
  return run;
}

struct RunLoader::State {
  QString wanted;
};

RunLoader::RunLoader(QObject* parent) : QObject(parent), state_(std::make_unique<State>()) {}
RunLoader::~RunLoader() = default;

void RunLoader::load(const QString& folder_or_result) {
  state_->wanted = folder_or_result;
  try {
    emit loaded(loadRun(folder_or_result.toStdString()));
  } catch (const InputError& error) {
    emit failed(QString::fromUtf8(error.what()));
  }
}

}  // namespace headroom::gui
