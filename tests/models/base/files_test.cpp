#include "models/base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <zlib.h>

#include "models/base/error.h"

namespace headroom {
namespace {
namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = fs::temp_directory_path() / ("headroom_files_" + std::string(info->name()) + std::to_string(getpid()));
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }
  fs::path dir_;
};

TEST_F(Files, LinesOfPlainAndGzippedFilesAreTheSame) {
  const std::string text = "a,b\r\n1,2\r\n3,4";
  writeFileAtomically(dir_ / "t.csv", text);
  gzFile gz = gzopen((dir_ / "t.csv.gz").c_str(), "wb");
  gzwrite(gz, text.data(), static_cast<unsigned>(text.size()));
  gzclose(gz);
  for (const char* name : {"t.csv", "t.csv.gz"}) {
    LineReader reader(dir_ / name);
    std::vector<std::string> lines;
    for (std::string_view line; reader.next(line);) lines.emplace_back(line);
    EXPECT_THAT(lines, testing::ElementsAre("a,b", "1,2", "3,4")) << name;
    EXPECT_EQ(reader.lineNumber(), 3);
  }
}

TEST_F(Files, LinesLongerThanTheBufferAreWhole) {
  const std::string longest(200'000, 'x');
  writeFileAtomically(dir_ / "t", "a\n" + longest + "\nb\n");
  LineReader reader(dir_ / "t");
  std::string_view line;
  ASSERT_TRUE(reader.next(line));
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, longest);
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "b");
  EXPECT_FALSE(reader.next(line));
}

TEST_F(Files, ATruncatedGzipFileIsAnInputError) {
  gzFile gz = gzopen((dir_ / "t.gz").c_str(), "wb");
  for (int i = 0; i < 5000; ++i) gzprintf(gz, "%d,%d\n", i * 7919, i * i);
  gzclose(gz);
  fs::resize_file(dir_ / "t.gz", fs::file_size(dir_ / "t.gz") / 2);
  LineReader reader(dir_ / "t.gz");
  EXPECT_THROW(for (std::string_view line; reader.next(line);){}, InputError);
}

TEST_F(Files, AFullDiskLeavesNothingUnderTheName) {
  struct rlimit old;
  getrlimit(RLIMIT_FSIZE, &old);
  const auto previous = signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { 1000, old.rlim_max };
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_THROW(writeFileAtomically(dir_ / "t", std::string(10'000, 'x')), InputError);
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, previous);
  EXPECT_TRUE(fs::is_empty(dir_));
}

TEST_F(Files, AFailedRewriteKeepsTheOldContent) {
  writeFileAtomically(dir_ / "t", "old");
  {
    AtomicFile out(dir_ / "t");
    out.write("new");  // never committed
  }
  EXPECT_EQ(readFile(dir_ / "t"), "old");
  EXPECT_FALSE(fs::exists(dir_ / "t.partial"));
}

TEST_F(Files, ATargetBelowAFileIsAnInputError) {
  writeFileAtomically(dir_ / "f", "x");
  EXPECT_THROW(writeFileAtomically(dir_ / "f" / "t", "y"), InputError);
}

TEST_F(Files, TheHashOfContentIsThatOfItsBytesOrOfAFoldersNamesAndFiles) {
  const std::string text(200'000, 'x');
  writeFileAtomically(dir_ / "a", text);
  EXPECT_EQ(hashContent(dir_ / "a"), hashBytes(text));
  const std::uint64_t one = hashContent(dir_);
  EXPECT_EQ(one, hashBytes(text, hashBytes("a")));
  writeFileAtomically(dir_ / "b", "y");
  const std::uint64_t two = hashContent(dir_);
  EXPECT_NE(two, one);
  fs::rename(dir_ / "b", dir_ / "c");
  EXPECT_NE(hashContent(dir_), two);
  EXPECT_THROW(hashContent(dir_ / "absent"), InputError);
}

}  // namespace
}  // namespace headroom
