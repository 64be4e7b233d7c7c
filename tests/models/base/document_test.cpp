#include "models/base/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headroom {
namespace {

using testing::HasSubstr;

std::string messageOf(const auto& action) {
  try {
    action();
  } catch (const InputError& e) {
    return e.what();
  }
  return "no error";
}

TEST(Document, ErrorsNameFileLineAndPath) {
  const Document doc = Document::parse("a:\n  b: [1, x]\n", "f.yaml");
  const std::string message = messageOf([&] { doc.root().find("a")->find("b")->items()[1].integer(); });
  EXPECT_EQ(message, "f.yaml:2: /a/b/1: \"x\" is not a whole number");
}

TEST(Document, ReadsJsonAsYaml) {
  const Document doc = Document::parse(R"({"rate": "2.5 /s", "n": [1, 2]})", "f.json");
  EXPECT_DOUBLE_EQ(doc.root().find("rate")->quantity<PerSecond>().value(), 2.5);
  EXPECT_EQ(doc.root().find("n")->items().size(), 2U);
}

TEST(Document, RefusesAKeyGivenTwice) {
  EXPECT_THAT(messageOf([] { Document::parse("a: 1\na: 2\n", "f.yaml"); }), HasSubstr("key \"a\" is given twice"));
}

TEST(Document, RefusesBrokenSyntaxWithItsLine) {
  EXPECT_THAT(messageOf([] { Document::parse("a: 1\nb: [1,\n", "f.yaml"); }), HasSubstr("f.yaml:3: not valid YAML"));
}

TEST(Document, UnknownKeysComeWithASuggestion) {
  const Document doc = Document::parse("warmupp: 3 s\n", "f.yaml");
  Fields fields(doc.root());
  fields.optional("warmup");
  EXPECT_EQ(messageOf([&] { fields.finish(); }),
            "f.yaml:1: /warmupp: unknown key \"warmupp\" (did you mean \"warmup\"?)");
}

TEST(Document, ABareNumberWhereAUnitIsDueIsAnError) {
  const Document doc = Document::parse("ttft: 500\n", "f.yaml");
  EXPECT_THAT(messageOf([&] { doc.root().find("ttft")->quantity<Seconds>(); }), HasSubstr("\"500\" has no unit"));
}

TEST(Document, AUnitOfAnotherDimensionIsAnError) {
  const Document doc = Document::parse("ttft: 500 GB\n", "f.yaml");
  EXPECT_THAT(messageOf([&] { doc.root().find("ttft")->quantity<Seconds>(); }),
              HasSubstr("\"GB\" is not a unit that fits here (units: ns, us, ms, s, min, h, d)"));
}

TEST(Document, NotANumberAndInfinityAreRefused) {
  const Document doc = Document::parse("a: nan /s\nb: inf\nc: .nan\n", "f.yaml");
  EXPECT_THAT(messageOf([&] { doc.root().find("a")->quantity<PerSecond>(); }), HasSubstr("finite number"));
  EXPECT_THAT(messageOf([&] { doc.root().find("b")->number(); }), HasSubstr("finite number"));
  EXPECT_THAT(messageOf([&] { doc.root().find("c")->number(); }), HasSubstr("finite number"));
}

TEST(Document, EveryUnitOfTheContractParses) {
  const auto value = [](const char* text, auto tag) { return quantityFromText<decltype(tag)>(text, "t").value(); };
  EXPECT_DOUBLE_EQ(value("400 Gb/s", BytesPerSecond()), 50e9);
  EXPECT_DOUBLE_EQ(value("3.35TB/s", BytesPerSecond()), 3.35e12);
  EXPECT_DOUBLE_EQ(value("80 GiB", Bytes()), 80.0 * 1073741824.0);
  EXPECT_DOUBLE_EQ(value("20 min", Seconds()), 1200);
  EXPECT_DOUBLE_EQ(value("3.6 USD/h", DollarsPerSecond()), 0.001);
  EXPECT_DOUBLE_EQ(value("60 /min", PerSecond()), 1);
  EXPECT_DOUBLE_EQ(value("1.2 kW", Watts()), 1200);
}

TEST(Document, SetReplacesAndCreatesByPath) {
  Document doc = Document::parse("a: [{b: 1}]\n", "f.yaml");
  doc.set("a/0/b", "7");
  doc.set("x.y", "hello");
  EXPECT_EQ(doc.root().find("a")->items()[0].find("b")->integer(), 7);
  EXPECT_EQ(doc.root().find("x")->find("y")->string(), "hello");
  EXPECT_THAT(messageOf([&] { doc.set("a/3/b", "1"); }), HasSubstr("\"3\" is not an index of a list of 1"));
  EXPECT_THAT(messageOf([&] { doc.set("a/0/b/c", "1"); }), HasSubstr("nothing is below"));
}

TEST(Document, FileNamesAreRelativeToTheDocumentAndSetOnesToTheWorkingDirectory) {
  Document doc = Document::parse("file: t.csv\n", "dir/f.yaml");
  EXPECT_EQ(doc.root().find("file")->filePath(), std::filesystem::path("dir/t.csv"));
  doc.set("file", "u.csv");
  EXPECT_EQ(doc.root().find("file")->filePath(), std::filesystem::path("u.csv"));
}

TEST(Document, YamlTextReadsBackToTheSameTree) {
  const std::string text = "name: \"1\"\nlist: [1, 2]\nmap:\n  - {a: x}\n";
  const Document once = Document::parse(text, "f.yaml");
  const Document twice = Document::parse(once.yaml(), "g.yaml");
  EXPECT_EQ(once.yaml(), twice.yaml());
  EXPECT_EQ(twice.root().find("map")->items()[0].find("a")->string(), "x");
}

TEST(Document, CopiesAreIndependent) {
  const Document first = Document::parse("a: 1\n", "f.yaml");
  Document second = first;
  second.set("a", "2");
  EXPECT_EQ(first.root().find("a")->integer(), 1);
  EXPECT_EQ(second.root().find("a")->integer(), 2);
}

TEST(Document, FractionsTakePercent) {
  const Document doc = Document::parse("a: 90 %\nb: 0.9\nc: 90\n", "f.yaml");
  EXPECT_DOUBLE_EQ(doc.root().find("a")->fraction(), doc.root().find("b")->fraction());
  EXPECT_THAT(messageOf([&] { doc.root().find("c")->fraction(); }), HasSubstr("not a share between 0 and 1"));
}

}  // namespace
}  // namespace headroom
