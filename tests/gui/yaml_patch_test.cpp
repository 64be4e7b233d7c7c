#include "gui/yaml_patch.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "models/base/document.h"
#include "models/base/files.h"

namespace headroom::gui {
namespace {

const std::string kText = R"(# first line
name: chat   # what we call it
deployments:
  - name: a
    engine: {name: vllm, version: "0.24.0"}  # the engine
    pools:
      - {name: all, accelerator: h100-sxm, tp: 1}
slos: [{class: x, ttft: 500 ms}]
warmup:
)";

std::string at(const std::string& text, const std::string& path) {
  headroom::Document document = headroom::Document::parse(text, "");
  Value value = document.root();
  std::size_t begin = 1;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string key = path.substr(begin, end - begin);
    value = value.isList() ? value.items().at(std::stoul(key)) : *value.find(key);
    begin = end + 1;
  }
  return value.string();
}

TEST(YamlPatch, AChangedValueLeavesEveryOtherByte) {
  const std::string changed = applied(kText, setValue(kText, "/deployments/0/pools/0/tp", "4"));
  EXPECT_EQ(changed, [] {
    std::string t = kText;
    return t.replace(t.find("tp: 1"), 5, "tp: 4");
  }());
  EXPECT_EQ(at(applied(kText, setValue(kText, "/name", "code")), "/name"), "code");
  EXPECT_NE(applied(kText, setValue(kText, "/name", "code")).find("# what we call it"), std::string::npos);
  EXPECT_EQ(at(applied(kText, setValue(kText, "/warmup", "60 s")), "/warmup"), "60 s");
}

TEST(YamlPatch, AMissingKeyIsAddedWithTheMapsAboveIt) {
  for (const auto& [path, value] : std::map<std::string, std::string>{{"/deployments/0/router/policy", "random"},
                                                                      {"/deployments/0/engine/max_num_seqs", "64"},
                                                                      {"/seed", "7"},
                                                                      {"/slos/0/tpot", "50 ms"},
                                                                      {"/warmup/deep", "1"}}) {
    EXPECT_EQ(at(applied(kText, setValue(kText, path, value)), path), value) << path;
  }
}

TEST(YamlPatch, WhatIsNotThereCannotBeSet) {
  EXPECT_THROW(setValue(kText, "/deployments/3/name", "x"), InputError);
  EXPECT_THROW(setValue(kText, "/name/deep", "x"), InputError);
  EXPECT_THROW(setValue("a: &x 1\nb: *x\n", "/a", "2"), InputError);
  EXPECT_THROW(setValue("a: [1\n", "/a", "2"), InputError);
}

TEST(YamlPatch, ARemovedKeyLeavesItsNeighbours) {
  for (const std::string path :
       {"/deployments/0/engine/version", "/deployments/0/engine/name", "/deployments/0/pools/0/accelerator", "/name",
        "/slos/0/ttft", "/warmup", "/deployments/0/name"}) {
    const auto edit = removeValue(kText, path);
    ASSERT_TRUE(edit) << path;
    const std::string changed = applied(kText, *edit);
    const auto before = placesOf(kText), after = placesOf(changed);
    EXPECT_EQ(after.size() + 1, before.size()) << path << "\n" << changed;
    EXPECT_FALSE(after.contains(path)) << changed;
  }
  EXPECT_FALSE(removeValue(kText, "/nothing"));
}

TEST(YamlPatch, EveryShippedScenarioIsUnderstood) {
  for (const auto& entry : std::filesystem::directory_iterator(datasetsRoot() / "scenarios")) {
    // A study has keys with slashes in them, which no path can name.
    if (entry.path().extension() != ".yaml" || entry.path().stem().extension() == ".study") continue;
    const std::string text = readFile(entry.path());
    for (const auto& [path, place] : placesOf(text)) {
      if (!place.scalar || place.empty) continue;
      EXPECT_EQ(at(applied(text, setValue(text, path, "77")), path), "77") << entry.path() << " " << path;
    }
  }
}

TEST(YamlPatch, TextsThatWouldReadAsSomethingElseAreQuoted) {
  for (const std::string text : {"a", "500 ms", "a: b", "x # y", "[1]", "", "- a", "it's \"so\""}) {
    EXPECT_EQ(at("v: " + scalarYaml(text, false) + "\n", "/v"), text);
    EXPECT_EQ(at("{v: " + scalarYaml(text, true) + "}\n", "/v"), text);
  }
}

}  // namespace
}  // namespace headroom::gui
