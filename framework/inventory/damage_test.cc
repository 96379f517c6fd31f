// Whatever happens to an inventory's bytes: it is refused, or reads exactly as before. A cut journal may lose
// the last transactions, and only those.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <random>
#include <set>

#include "framework/base/digest.h"
#include "framework/base/files.h"
#include "framework/inventory/sqlite.h"
#include "framework/inventory/watched_vfs.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr int kRows = 20;

// Everything that can be read.
struct Content {
  std::string uuid, key;
  std::vector<Owned> owned;
  std::string run, process, plan;
  Time since{};
  std::optional<Time> ended;
  std::vector<StepRecord> steps;
  Places places;

  friend bool operator==(const Content&, const Content&) = default;
};

const std::string kKey(64, '7');

Owned row(int number) {
  const std::string name = "row" + std::to_string(number);
  return {
      .address = {"core", "Disk", "default", name},
      .instance = "memory",
      .identity = "id-" + name,
      .nonce = "nonce-" + name,
      .generation = "g1",
      .applied = {{"size", number}},
      .defaulted = {"/size"},
      .private_state = {{"kept", name}},
      .dependencies = {{"core", "Disk", "default", "other"}},
      .parent = Address{"core", "Disk", "default", "parent"},
      .protect = number % 3 == 0,
      .set = number % 2 ? "web" : "",
      .labels = {{"tier", name}},
      .intent = Intent{"nonce-" + name, "g2", {{"size", number + 1}}, Existence::present, Time(Duration(7))}};
}

class Damage : public testing::Test {
 public:
  ~Damage() override { fs::remove_all(directory_); }

 protected:
  Damage() : directory_(fs::path(testing::TempDir()) / random_uuid()), path_(directory_ / "inventory.db") {
    if (access("/dev/shm", W_OK) == 0)
      directory_ = "/dev/shm/" + random_uuid(), path_ = directory_ / "inventory.db";
    write_rows();
  }

  void write_rows() {
    auto inventory = open_inventory(path_, OpenMode::write);
    ASSERT_TRUE(inventory) << inventory.error().message;
    for (int i = 0; i < kRows; ++i) ASSERT_TRUE((*inventory)->commit({PutOwned{row(i)}}));
    RunRecord run{.id = "r1", .process = "pid 1", .since = Time(Duration(5)), .plan = R"({"steps":3})"};
    run.steps = {{.step = 0}, {.step = 1, .status = StepStatus::failed, .reason = "x", .attempts = 2}};
    ASSERT_TRUE((*inventory)->commit({BeginRun{run}, EndRun{run.id, Time(Duration(9))}}));
    ASSERT_TRUE((*inventory)->commit({PutPlaces{{{"memory", {{"/file", "/world"}}}}}}));
  }

  Result<Content> content(OpenMode mode) {
    const auto inventory = open_inventory(path_, mode);
    if (!inventory) return inventory.error();
    const auto owned = (*inventory)->owned();
    if (!owned) return owned.error();
    const auto run = (*inventory)->last_run();
    if (!run) return run.error();
    const auto places = (*inventory)->places();
    if (!places) return places.error();
    Content content{
        .uuid = (*inventory)->uuid(), .key = (*inventory)->secret_key(), .owned = *owned, .places = *places};
    if (!*run) return content;
    content.run = (*run)->id, content.process = (*run)->process, content.plan = (*run)->plan;
    content.since = (*run)->since, content.ended = (*run)->ended, content.steps = (*run)->steps;
    return content;
  }

  // What the file reads as afterwards: refused clearly, or the same.
  void expect_refused_or(const Content& expected, const std::string& bytes, OpenMode mode) {
    put(path_, bytes);
    const auto read = content(mode);
    if (read) {
      ++read_;
      EXPECT_EQ(*read, expected);
      return;
    }
    ++refused_;
    const std::string& message = read.error().message;
    EXPECT_NE(message.find(path_.string()), std::string::npos) << message;
    EXPECT_NE(message.find(": "), std::string::npos) << message;
    const bool says_what_to_do = message.find("restore it from a backup") != std::string::npos ||
                                 message.find("use a newer tenon") != std::string::npos ||
                                 message.find("must be allowed") != std::string::npos;
    EXPECT_TRUE(says_what_to_do) << message;
  }

  // In place, beside no journal.
  static void put(const fs::path& path, const std::string& bytes) {
    for (const char* suffix : {"-wal", "-shm", "-journal"}) unlink((path.string() + suffix).c_str());
    const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    ASSERT_EQ(write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  fs::path directory_, path_;
  int read_ = 0, refused_ = 0;
};

constexpr int kParts = 8;

// A share of the bytes each, so that the parts run beside each other.
class EveryByte : public Damage, public testing::WithParamInterface<int> {
 protected:
  // Of the pages that all else depends on, the header with the schema and the meta row, every bit; of any
  // other byte all bits together, and one.
  static std::vector<int> flips(size_t at, std::mt19937& random) {
    constexpr size_t kFirstPages = 2 * 4096;
    std::vector<int> flips = {0xff};
    if (at >= kFirstPages) flips.push_back(1 << random() % 8);
    for (int bit = 0; bit < 8 && at < kFirstPages; ++bit) flips.push_back(1 << bit);
    return flips;
  }
};

TEST_P(EveryByte, FlippedIsRefusedOrReadsAsBefore) {
  const Content before = *content(OpenMode::read);
  ASSERT_EQ(before.owned.size(), static_cast<size_t>(kRows));
  const std::string bytes = *read_file(path_);
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  for (size_t at = static_cast<size_t>(GetParam()); at < bytes.size(); at += kParts)
    for (const int with : flips(at, random)) {
      SCOPED_TRACE("byte " + std::to_string(at) + " xor " + std::to_string(with));
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ with);
      expect_refused_or(before, changed, with == 0xff || at % 3 ? OpenMode::read : OpenMode::write);
      if (HasFailure()) return;
    }
  EXPECT_GT(refused_, 0);
}

TEST_P(EveryByte, CutOffIsRefused) {
  const Content before = *content(OpenMode::read);
  const std::string bytes = *read_file(path_);
  for (size_t length = static_cast<size_t>(GetParam()); length < bytes.size(); length += kParts) {
    SCOPED_TRACE("length " + std::to_string(length));
    expect_refused_or(before, bytes.substr(0, length), length % 3 == 0 ? OpenMode::write : OpenMode::read);
    if (HasFailure()) return;
  }
  EXPECT_GT(refused_, 0);
  EXPECT_EQ(read_, 0);
}

INSTANTIATE_TEST_SUITE_P(Parts, EveryByte, testing::Range(0, kParts));

// What a killed process leaves: the file as it was at the last checkpoint, and a journal.
class Journal : public Damage {
 protected:
  void SetUp() override {
    const auto inventory = open_inventory(path_, OpenMode::write);
    ASSERT_TRUE(inventory);
    uuid_ = (*inventory)->uuid();
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE((*inventory)->commit({PutOwned{row(kRows + i)}, DropOwned{row(i).address}}));
      turns_.push_back((*inventory)->owned().value());
    }
    file_ = *read_file(path_);
    journal_ = *read_file(path_.string() + "-wal");
    ASSERT_GT(journal_.size(), 10u * 4096);
  }

  // How many of the ten transactions are there: all before, none after; -1: refused.
  int turns_with(const std::string& journal) {
    put(path_, file_);
    put_journal(journal);
    const auto read = content(OpenMode::write);
    EXPECT_TRUE(read) << read.error().message;
    if (!read) return -1;
    EXPECT_EQ(read->uuid, uuid_);
    for (size_t i = 0; i < turns_.size(); ++i)
      if (read->owned == turns_[i]) return static_cast<int>(i + 1);
    EXPECT_EQ(read->owned.size(), static_cast<size_t>(kRows));
    for (int i = 0; i < kRows; ++i)
      EXPECT_NE(std::find(read->owned.begin(), read->owned.end(), row(i)), read->owned.end());
    return 0;
  }
  void put_journal(const std::string& journal) {
    const FileDescriptor file(
        open((path_.string() + "-wal").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    ASSERT_EQ(write(file.get(), journal.data(), journal.size()), static_cast<ssize_t>(journal.size()));
  }

  std::string uuid_, file_, journal_;
  std::vector<std::vector<Owned>> turns_;
};

TEST_F(Journal, WholeHoldsEveryTurn) { EXPECT_EQ(turns_with(journal_), 10); }

TEST_F(Journal, CutAnywhereLosesTheLastTurnsAlone) {
  std::vector<size_t> lengths;
  for (size_t length = 0; length < journal_.size(); length += 53) lengths.push_back(length);
  lengths.insert(lengths.end(), {journal_.size() - 1, journal_.size()});
  std::vector<int> turns;
  for (const size_t length : lengths) {
    SCOPED_TRACE("length " + std::to_string(length));
    turns.push_back(turns_with(journal_.substr(0, length)));
    if (HasFailure()) return;
  }
  EXPECT_TRUE(std::is_sorted(turns.begin(), turns.end()));
  EXPECT_EQ(std::set<int>(turns.begin(), turns.end()).size(), turns_.size() + 1);
}

TEST_F(Journal, FlippedAnywhereLosesTheLastTurnsAlone) {
  std::mt19937 random(1);
  for (size_t at = 0; at < journal_.size(); at += 1 + random() % 23) {
    SCOPED_TRACE("byte " + std::to_string(at));
    std::string changed = journal_;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
    turns_with(changed);
    if (HasFailure()) return;
  }
}

// Others rebuild it from the journal: nothing in it counts after a crash.
TEST_F(Journal, TheSharedIndexMayBeAnything) {
  for (const char fill : {'\0', '\x5a', '\xff'}) {
    put(path_, file_);
    put_journal(journal_);
    ASSERT_TRUE(write_file_atomically(path_.string() + "-shm", std::string(32768, fill)));
    EXPECT_EQ(content(OpenMode::read)->owned, turns_.back());
  }
}

// Of restore_inventory: what breaks off anywhere leaves the inventory that was there, or none, and the next
// one does it all.
class Restoring : public testing::Test {
 public:
  ~Restoring() override {
    watch_files({});
    fs::remove_all(directory_);
  }

 protected:
  // Fails from that change of a file on; how many there were.
  int restore_failing_from(int from, bool& done) {
    int changes = 0;
    watch_files([&](FileChange, const std::string&) { return ++changes >= from ? SQLITE_IOERR : SQLITE_OK; });
    done = static_cast<bool>(restore_inventory(path_, "uuid-2", kKey, rows_));
    watch_files({});
    return changes;
  }
  void expect_before_or_whole(bool done, const std::string& before) {
    const auto inventory = open_inventory(path_, OpenMode::read);
    ASSERT_TRUE(inventory) << inventory.error().message;
    const auto owned = (*inventory)->owned().value();
    if (done || !owned.empty()) {
      EXPECT_EQ((*inventory)->uuid(), "uuid-2");
      EXPECT_EQ(owned, rows_);
    } else if (!before.empty()) {
      EXPECT_EQ((*inventory)->uuid(), before);
    }
  }
  // At every change of a file; how often it did not come to its end.
  int fail_everywhere(const std::function<std::string()>& prepare) {
    int failed = 0;
    for (int from = 1;; ++from) {
      SCOPED_TRACE("from change " + std::to_string(from));
      fs::remove_all(directory_);
      const std::string before = prepare();
      bool done = false;
      const int changes = restore_failing_from(from, done);
      expect_before_or_whole(done, before);
      EXPECT_TRUE(restore_inventory(path_, "uuid-2", kKey, rows_));
      expect_before_or_whole(true, before);
      if (testing::Test::HasFailure() || changes < from) return failed;
      failed += !done;
    }
  }

  const fs::path directory_ = fs::path(testing::TempDir()) / random_uuid();
  const fs::path path_ = directory_ / "inventory.db";
  const std::vector<Owned> rows_ = {row(0), row(1)};
};

TEST_F(Restoring, ALostOneIsThereWholeOrNotAtAll) {
  EXPECT_GT(fail_everywhere([] { return std::string(); }), 5);
}

TEST_F(Restoring, OneWithoutRowsStaysAsItIsUntilAllIsThere) {
  EXPECT_GT(fail_everywhere([this] {
              auto inventory = open_inventory(path_, OpenMode::write);
              EXPECT_TRUE(inventory && (*inventory)->commit({PutOwned{row(7)}}));
              EXPECT_TRUE((*inventory)->commit({DropOwned{row(7).address}}));
              return (*inventory)->uuid();
            }),
            3);
}

TEST(Durability, EveryCommitIsSynced) {
  const fs::path directory = fs::path(testing::TempDir()) / random_uuid();
  int syncs = 0;
  watch_files([&syncs](FileChange change, const std::string&) {
    syncs += change == FileChange::sync;
    return 0;
  });
  {
    auto inventory = open_inventory(directory / "inventory.db", OpenMode::write);
    ASSERT_TRUE(inventory);
    for (int i = 0; i < 5; ++i) {
      syncs = 0;
      ASSERT_TRUE((*inventory)->commit({PutOwned{row(i)}}));
      EXPECT_GE(syncs, 1);
    }
  }
  watch_files({});
  fs::remove_all(directory);
}

}  // namespace
}  // namespace tenon
