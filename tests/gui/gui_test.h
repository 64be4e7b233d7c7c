// Waiting, and a scenario that runs in a blink.
#pragma once

#include <gtest/gtest.h>

#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

namespace headroom::gui {

/// Runs the event loop until `condition` holds; false after `ms`.
template <class Condition>
bool waitFor(Condition condition, int ms = 60'000) {
  QElapsedTimer clock;
  clock.start();
  while (!condition()) {
    if (clock.elapsed() > ms) return false;
    QTest::qWait(5);
  }
  return true;
}

inline QString smallScenario(int requests = 300) {
  return QStringLiteral(R"(# a comment that stays
schema: headroom.scenario/1
name: small
deployments:
  - name: chat
    model: llama-3.1-8b   # the model
    engine: {max_model_len: 8192, max_num_seqs: 64}
    pools: [{name: all, accelerator: h100-sxm, replicas: 2}]
workloads:
  - class: interactive
    arrivals: {type: poisson, rate: 40 /s}
    prompt_tokens: {uniform: [200, 1500]}
    output_tokens: {uniform: [20, 100]}
    requests: %1
slos: [{class: interactive, ttft: 200 ms, tpot: 30 ms, attainment: 0.95}]
)")
      .arg(requests);
}

inline QString writeText(const QTemporaryDir& folder, const QString& name, const QString& text) {
  QFile file(folder.filePath(name));
  EXPECT_TRUE(file.open(QIODevice::WriteOnly));
  file.write(text.toUtf8());
  file.close();
  return file.fileName();
}

/// A program that stands in for the worker.
inline QString writeScript(const QTemporaryDir& folder, const QString& body) {
  const QString path =
      writeText(folder, QStringLiteral("worker.sh"), QStringLiteral("#!/bin/sh\n") + body + QLatin1Char('\n'));
  QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
  return path;
}

}  // namespace headroom::gui
