#include "framework/inventory/sqlite.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "framework/base/digest.h"
#include "framework/base/files.h"
#include "framework/base/temporary_directory.h"
#include "framework/inventory/memory.h"

namespace tenon {
namespace {

const std::string kKey(64, '7');

Address address(const std::string& name) { return {"core", "Disk", "default", name}; }

Owned row(const std::string& name) {
  Owned owned;
  owned.address = address(name);
  owned.instance = "memory";
  owned.identity = "id-" + name;
  owned.nonce = "nonce";
  owned.generation = "g1";
  owned.applied = {{"size", 1}};
  owned.private_state = {{"k", "v"}};
  owned.dependencies = {address("other")};
  owned.parent = address("parent");
  owned.protect = true;
  owned.set = "web";
  owned.labels = {{"tier", "front"}};
  owned.intent = Intent{"nonce", "g2", {{"size", 2}}, Existence::present, Time(Duration(7))};
  return owned;
}

RunRecord run_of_three() {
  RunRecord run{.id = "r1", .process = "pid 1", .since = Time(Duration(5)), .plan = R"({"steps":3})"};
  for (int i = 0; i < 3; ++i) run.steps.push_back({.step = i});
  return run;
}

class SqliteInventory : public testing::Test {
 protected:
  std::string path() const { return directory_ / "state" / "inventory.db"; }

  std::unique_ptr<Inventory> open(OpenMode mode = OpenMode::write) {
    auto inventory = open_inventory(path(), mode);
    EXPECT_TRUE(inventory) << inventory.error().message;
    return inventory ? std::move(*inventory) : nullptr;
  }
  // Behind the inventory's back.
  void sql(const std::string& statement) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, statement.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  std::string query(const std::string& statement) {
    sqlite3* db = nullptr;
    std::string value;
    EXPECT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    const auto keep = [](void* out, int, char** values, char**) {
      *static_cast<std::string*>(out) = values[0];
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(db, statement.c_str(), keep, &value, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
    return value;
  }
  // As a program of that format has left it: the sum counts what it knew of the meta row.
  void make_older(int format, const std::string& counted) {
    const std::string uuid = query("SELECT uuid FROM meta");
    const auto digest = [&](const std::string& text) {
      return sha256(std::string("meta") + '\0' + uuid + '\0' + text).substr(7);
    };
    const std::string older = digest(counted);
    const std::string newer = digest("4 " + query("SELECT key || ' ' || places FROM meta"));
    std::string sum = query("SELECT sum FROM meta");
    for (size_t i = 0; i < sum.size(); ++i) {
      const auto value = [i](const std::string& hex) { return std::stoi(hex.substr(i, 1), nullptr, 16); };
      sum[i] = "0123456789abcdef"[value(sum) ^ value(older) ^ value(newer)];
    }
    sql("UPDATE meta SET format = " + std::to_string(format) + ", sum = '" + sum + "'");
  }
  void expect_refused(const std::string& word) {
    for (OpenMode mode : {OpenMode::read, OpenMode::write}) {
      const auto opened = open_inventory(path(), mode);
      ASSERT_FALSE(opened);
      EXPECT_EQ(opened.error().code, Code::failed_precondition);
      EXPECT_NE(opened.error().message.find(path()), std::string::npos) << opened.error().message;
      EXPECT_NE(opened.error().message.find(word), std::string::npos) << opened.error().message;
    }
  }

  TemporaryDirectory temporary_;
  const std::filesystem::path directory_ = temporary_.path() / "new";
};

TEST_F(SqliteInventory, KeepsRowsAndItsUuidOverReopening) {
  std::string uuid;
  {
    auto inventory = open();
    uuid = inventory->uuid();
    ASSERT_TRUE(inventory->commit({PutOwned{row("b")}, PutOwned{row("a")}}));
  }
  auto inventory = open();
  EXPECT_EQ(inventory->uuid(), uuid);
  EXPECT_EQ(inventory->owned().value(), (std::vector<Owned>{row("a"), row("b")}));
}

TEST_F(SqliteInventory, ReplacesAndDropsRows) {
  {
    auto inventory = open();
    ASSERT_TRUE(inventory->commit({PutOwned{row("a")}, PutOwned{row("b")}}));
    Owned changed = row("a");
    changed.intent.reset();
    ASSERT_TRUE(inventory->commit({PutOwned{changed}, DropOwned{address("b")}, DropOwned{address("none")}}));
  }
  const auto owned = open()->owned();
  ASSERT_EQ(owned->size(), 1u);
  EXPECT_EQ(owned->front().intent, std::nullopt);
}

TEST_F(SqliteInventory, KeepsTheLastRunOnly) {
  auto inventory = open();
  ASSERT_TRUE(inventory->commit({BeginRun{run_of_three()}}));
  const StepRecord step{.step = 1,
                        .status = StepStatus::waiting,
                        .reason = "DataVolume x is ImportInProgress",
                        .progress = 0.5,
                        .last_progress = Time(Duration(9)),
                        .attempts = 2};
  ASSERT_TRUE(inventory->commit({PutStep{"r1", step}, EndRun{"r1", Time(Duration(11))}}));
  auto run = open(OpenMode::read)->last_run().value().value();
  EXPECT_EQ(run.id, "r1");
  EXPECT_EQ(run.since, Time(Duration(5)));
  EXPECT_EQ(run.ended, Time(Duration(11)));
  EXPECT_EQ(run.plan, R"({"steps":3})");
  ASSERT_EQ(run.steps.size(), 3u);
  EXPECT_EQ(run.steps[1], step);

  ASSERT_TRUE(inventory->commit({BeginRun{{.id = "r2", .process = "", .plan = {}}}}));
  run = open(OpenMode::read)->last_run().value().value();
  EXPECT_EQ(run.id, "r2");
  EXPECT_TRUE(run.steps.empty());
}

TEST_F(SqliteInventory, IsReadableByItsOwnerAlone) {
  auto inventory = open();
  ASSERT_TRUE(inventory->commit({PutOwned{row("a")}}));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat status {};
    ASSERT_EQ(stat((path() + suffix).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << suffix;
  }
}

TEST_F(SqliteInventory, ReadingAMissingOneMakesNoFile) {
  auto inventory = open(OpenMode::read);
  EXPECT_TRUE(inventory->owned()->empty());
  EXPECT_EQ(inventory->last_run().value(), std::nullopt);
  EXPECT_EQ(inventory->uuid().size(), 36u);
  EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(SqliteInventory, ReadersSeeCommitsWhileTheWriterIsOpenAndCannotWrite) {
  auto writer = open();
  auto reader = open(OpenMode::read);
  EXPECT_TRUE(reader->owned()->empty());
  ASSERT_TRUE(writer->commit({PutOwned{row("a")}}));
  EXPECT_EQ(reader->owned()->size(), 1u);
  EXPECT_FALSE(reader->commit({PutOwned{row("b")}}));
  ASSERT_TRUE(writer->commit({PutOwned{row("b")}}));
  EXPECT_EQ(reader->owned()->size(), 2u);
}

TEST_F(SqliteInventory, AReaderThatWasOpenedBeforeACommitSeesIt) {
  const auto writer = open();
  ASSERT_TRUE(writer->commit({PutOwned{row("a")}}));
  const auto reader = open(OpenMode::read);
  ASSERT_TRUE(writer->commit({PutOwned{row("b")}}));
  EXPECT_EQ(reader->owned().value(), (std::vector<Owned>{row("a"), row("b")}));
}

TEST_F(SqliteInventory, SeesWhatItHasCommittedBeforeItWasAskedForAnything) {
  ASSERT_TRUE(open()->commit({PutOwned{row("a")}}));
  const auto inventory = open();
  ASSERT_TRUE(inventory->commit({PutOwned{row("b")}}));
  EXPECT_EQ(inventory->owned().value(), (std::vector<Owned>{row("a"), row("b")}));
}

TEST_F(SqliteInventory, RefusesAChangedRow) {
  ASSERT_TRUE(open()->commit({PutOwned{row("a")}}));
  sql("UPDATE resources SET text = replace(text, 'id-a', 'id-b')");
  expect_refused("core/Disk/default/a");
}

TEST_F(SqliteInventory, RefusesAMissingRow) {
  ASSERT_TRUE(open()->commit({PutOwned{row("a")}, PutOwned{row("b")}}));
  sql("DELETE FROM resources WHERE key LIKE '%/a'");
  expect_refused("sum");
}

TEST_F(SqliteInventory, RefusesAnotherUuid) {
  ASSERT_TRUE(open()->commit({PutOwned{row("a")}}));
  sql("UPDATE meta SET uuid = 'x'");
  expect_refused("damaged");
}

TEST_F(SqliteInventory, RefusesANewerFormat) {
  open();
  sql("UPDATE meta SET format = 5");
  expect_refused("newer tenon");
}

TEST_F(SqliteInventory, KeepsWhereInstancesLook) {
  const Places places = {{"lv", {{"/uri", "qemu:///a"}, {"/pool", nullptr}}},
                         {"local", {{"/directory", "/v"}}}};
  {
    const auto inventory = open();
    EXPECT_EQ(*inventory->places(), Places());
    ASSERT_TRUE(inventory->commit({PutPlaces{{{"other", {}}}}, PutOwned{row("a")}, PutPlaces{places}}));
    EXPECT_EQ(*inventory->places(), places);
  }
  EXPECT_EQ(*open(OpenMode::read)->places(), places);
  ASSERT_TRUE(open()->commit({PutPlaces{}}));
  EXPECT_EQ(*open()->places(), Places());
}

// As programs that know of no places have made it; what they write is read as before.
TEST_F(SqliteInventory, KeepsPlacesInAFileThatHadNoRoomForThem) {
  ASSERT_TRUE(open()->commit({PutOwned{row("a")}}));
  make_older(3, "3 " + query("SELECT key FROM meta"));
  sql("ALTER TABLE meta DROP COLUMN places");
  EXPECT_EQ(*open(OpenMode::read)->places(), Places());
  const Places places = {{"lv", {{"/uri", "qemu:///a"}}}};
  ASSERT_TRUE(open()->commit({PutPlaces{places}}));
  ASSERT_TRUE(open()->commit({PutOwned{row("b")}}));
  EXPECT_EQ(*open()->places(), places);
  EXPECT_EQ(open()->owned()->size(), 2u);
}

TEST_F(SqliteInventory, RefusesPlacesThatSomebodyChanged) {
  ASSERT_TRUE(open()->commit({PutPlaces{{{"lv", {{"/uri", "qemu:///a"}}}}}}));
  sql("UPDATE meta SET places = replace(places, 'qemu:///a', 'qemu:///b')");
  const auto opened = open_inventory(path(), OpenMode::read);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("the places of its instances differ"), std::string::npos);
}

TEST_F(SqliteInventory, RefusesPlacesThatSomebodyClearedOrPutBack) {
  ASSERT_TRUE(open()->commit({PutPlaces{{{"lv", {{"/uri", "qemu:///a"}}}}}}));
  const std::string before = query("SELECT places FROM meta");
  sql("UPDATE meta SET places = ''");
  expect_refused("the sum over its rows differs");
  sql("UPDATE meta SET places = '" + before + "'");
  ASSERT_TRUE(open()->commit({PutPlaces{{{"lv", {{"/uri", "qemu:///b"}}}}}}));
  sql("UPDATE meta SET places = '" + before + "'");
  expect_refused("the sum over its rows differs");
}

// In format 3 the sum did not count them.
TEST_F(SqliteInventory, KeepsPlacesOfAnOlderFormatAndCountsThemOnceItIsOpenedForWriting) {
  const Places places = {{"lv", {{"/uri", "qemu:///a"}}}};
  ASSERT_TRUE(open()->commit({PutPlaces{places}, PutOwned{row("a")}}));
  make_older(3, "3 " + query("SELECT key FROM meta"));
  EXPECT_EQ(*open(OpenMode::read)->places(), places);
  EXPECT_EQ(query("SELECT format FROM meta"), "3");
  EXPECT_EQ(*open()->places(), places);
  EXPECT_EQ(query("SELECT format FROM meta"), "4");
  EXPECT_EQ(open()->owned().value(), std::vector<Owned>{row("a")});
  sql("UPDATE meta SET places = ''");
  expect_refused("the sum over its rows differs");
}

// An inventory of format 1 has the same tables but no key; its meta row counts for another digest.
TEST_F(SqliteInventory, TakesOverAnOlderFormatWhenItIsOpenedForWriting) {
  Owned old = row("a");
  old.set.clear();
  old.labels.clear();
  std::string uuid;
  {
    auto inventory = open();
    uuid = inventory->uuid();
    ASSERT_TRUE(inventory->commit({PutOwned{old}}));
  }
  make_older(1, "1");
  for (const char* column : {"key", "places"}) sql("ALTER TABLE meta DROP COLUMN " + std::string(column));
  EXPECT_EQ(open(OpenMode::read)->owned().value(), std::vector<Owned>{old});
  EXPECT_EQ(query("SELECT format FROM meta"), "1");
  EXPECT_EQ(open()->owned().value(), std::vector<Owned>{old});
  EXPECT_EQ(query("SELECT format FROM meta"), "4");
  EXPECT_EQ(open()->uuid(), uuid);
  EXPECT_EQ(open()->secret_key(), open(OpenMode::read)->secret_key());
}

TEST_F(SqliteInventory, KeepsAKeyOfItsOwnForSecrets) {
  const std::string key = open()->secret_key();
  EXPECT_EQ(key.size(), 64U);
  EXPECT_EQ(open(OpenMode::read)->secret_key(), key);
  EXPECT_NE(MemoryInventory().secret_key(), key);
  sql("UPDATE meta SET key = '" + std::string(64, '0') + "'");
  expect_refused("sum");
}

TEST_F(SqliteInventory, RefusesAFileThatIsNoDatabase) {
  ASSERT_TRUE(make_directories(directory_ / "state"));
  ASSERT_TRUE(write_file_atomically(path(), std::string(8192, 'x')));
  expect_refused("damaged");
}

TEST_F(SqliteInventory, RefusesAFileWithoutTables) {
  ASSERT_TRUE(make_directories(directory_ / "state"));
  ASSERT_TRUE(write_file_atomically(path(), ""));
  expect_refused("holds no tables");
}

TEST_F(SqliteInventory, RefusesAJournalWithoutItsFile) {
  open();
  ASSERT_TRUE(write_file_atomically(path() + "-wal", "x"));
  std::filesystem::remove(path());
  expect_refused("journal");
}

TEST_F(SqliteInventory, IsMadeWholeOrNotAtAll) {
  ASSERT_TRUE(make_directories(directory_ / "state"));
  for (const char* left : {".new", ".new-wal", ".new-shm"})
    ASSERT_TRUE(write_file_atomically(path() + left, "of a process that was killed"));
  EXPECT_TRUE(open()->commit({PutOwned{row("a")}}));
  EXPECT_EQ(open()->owned()->size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(path() + ".new"));
}

TEST_F(SqliteInventory, AFailedWriteChangesNothing) {
  ASSERT_TRUE(open()->commit({PutOwned{row("a")}}));
  const pid_t child = fork();
  if (child == 0) {
    // A limit on the file's size fails a write as a bad disk does.
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{16384, 16384};
    auto inventory = open_inventory(path(), OpenMode::write);
    if (!inventory || setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(1);
    Owned big = row("b");
    big.applied = Json(std::string(1 << 20, 'x'));
    const Status status = (*inventory)->commit({DropOwned{address("a")}, PutOwned{big}});
    if (status) _exit(2);
    if (status.error().code != Code::resource_exhausted) _exit(4);
    _exit((*inventory)->owned().value() == std::vector<Owned>{row("a")} ? 0 : 3);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(open()->owned().value(), std::vector<Owned>{row("a")});
}

TEST_F(SqliteInventory, IsRestoredUnderTheUuidOfItsMarks) {
  ASSERT_TRUE(restore_inventory(path(), "uuid-1", kKey, {row("a"), row("b")}));
  EXPECT_EQ(open(OpenMode::read)->uuid(), "uuid-1");
  EXPECT_EQ(open(OpenMode::read)->owned().value(), (std::vector<Owned>{row("a"), row("b")}));
  EXPECT_FALSE(std::filesystem::exists(path() + ".new"));
  EXPECT_EQ(open()->secret_key(), kKey);
  ASSERT_TRUE(restore_inventory(path(), "uuid-1", std::string(64, '8'), {row("c")}));
  EXPECT_EQ(open()->secret_key(), kKey);
  EXPECT_EQ(open()->owned().value(), (std::vector<Owned>{row("a"), row("b"), row("c")}));

  const Status other = restore_inventory(path(), "uuid-2", kKey, {row("d")});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::failed_precondition);
  EXPECT_NE(other.error().message.find("is inventory uuid-1 and not uuid-2"), std::string::npos);
  EXPECT_EQ(open()->owned()->size(), 3u);

  ASSERT_TRUE(open()->commit(
      {DropOwned{address("a")}, DropOwned{address("b")}, DropOwned{address("c")}, BeginRun{run_of_three()}}));
  ASSERT_TRUE(restore_inventory(path(), "uuid-2", kKey, {row("d")}));
  EXPECT_EQ(open()->uuid(), "uuid-2");
  EXPECT_EQ(open()->owned().value(), std::vector<Owned>{row("d")});
  EXPECT_EQ(open()->last_run().value(), std::nullopt);
}

// Commits pairs of rows without end; a byte for each pair that is durable.
[[noreturn]] void write_pairs(const std::string& path, const std::string& name, int told) {
  auto inventory = open_inventory(path, OpenMode::write);
  for (int i = 0; inventory; ++i) {
    const std::string n = name + "-" + std::to_string(i);
    if (!(*inventory)->commit({PutOwned{row("a" + n)}, PutOwned{row("b" + n)}})) _exit(2);
    if (write(told, "x", 1) != 1) _exit(3);
  }
  _exit(1);
}

TEST_F(SqliteInventory, AWriterKilledAnywhereLeavesWholeTransactions) {
  open();
  size_t durable = 0;
  for (int round = 0; round < 25; ++round) {
    SCOPED_TRACE(round);
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_pairs(path(), std::to_string(round), told[1]);
    close(told[1]);
    char byte;
    // Not before the round's first commit has begun, and then at another moment each time.
    for (int i = 0; i <= round % 3; ++i) ASSERT_EQ(read(told[0], &byte, 1), 1) << "the writer has ended";
    durable += 2 * static_cast<size_t>(1 + round % 3);
    usleep(static_cast<useconds_t>(round * 173 % 2000));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    while (read(told[0], &byte, 1) == 1) durable += 2;
    close(told[0]);
    const auto owned = open()->owned();
    ASSERT_TRUE(owned);
    // One more at most: committed, and killed before it was told.
    EXPECT_TRUE(owned->size() == durable || owned->size() == durable + 2) << owned->size();
    durable = owned->size();
  }
}

TEST_F(SqliteInventory, ARowThatCouldNotBeReadAgainIsNotTakenNorWhatComesWithIt) {
  const auto file = open();
  MemoryInventory memory;
  for (Inventory* inventory : {file.get(), static_cast<Inventory*>(&memory)}) {
    ASSERT_TRUE(inventory->commit({PutOwned{row("a")}}));
    std::vector<Owned> unreadable(4, row("b"));
    unreadable[0].address.name = "b/c";
    unreadable[1].address.kind = "";
    unreadable[2].parent->name = "b/c";
    unreadable[3].dependencies.push_back(address("b/c"));
    for (const Owned& wrong : unreadable) {
      const Status status = inventory->commit({PutOwned{row("c")}, PutOwned{wrong}});
      ASSERT_FALSE(status);
      EXPECT_EQ(status.error().code, Code::internal);
    }
    EXPECT_EQ(inventory->owned().value(), std::vector<Owned>{row("a")});
  }
  EXPECT_EQ(open(OpenMode::read)->owned().value(), std::vector<Owned>{row("a")});
}

}  // namespace
}  // namespace tenon
