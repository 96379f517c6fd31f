#include "plugins/local/claims.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "framework/base/files.h"
#include "framework/base/temporary_directory.h"
#include "framework/plugin/contents_mark.h"

namespace tenon::local {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds kNoWait{};

Json spec_of(const std::string& storage) {
  return {{"accessModes", {"ReadWriteOnce"}}, {"resources", {{"requests", {{"storage", storage}}}}}};
}

ClaimMark mark_of(const std::string& nonce = "n1", const std::string& generation = "g1",
                  const std::string& storage = "1Mi") {
  return {"inventory-a", "core/PersistentVolumeClaim/ns/c", nonce, generation, spec_of(storage)};
}

class ClaimsTest : public testing::Test {
 protected:
  Claim find() { return claims_.find(name_).value(); }
  void populate(off_t size) {
    std::ofstream(find().disk_path()) << "bytes";
    fs::resize_file(find().disk_path(), size);
    ASSERT_TRUE(write_contents_mark(find().directory, {"populated", "n1", "g/K/ns/dv", "g", ""}));
  }
  std::vector<std::string> files_besides_new_claims() const {
    std::vector<std::string> files;
    if (!fs::exists(root_)) return files;
    for (const auto& entry : fs::recursive_directory_iterator(root_))
      if (entry.is_regular_file() && entry.path().string().find("/.new-") == std::string::npos)
        files.push_back(entry.path());
    return files;
  }

  bool is_empty_namespace() const {
    return !fs::exists(root_ / "volumes/ns") || fs::is_empty(root_ / "volumes/ns");
  }
  void create_and_remove() {
    (void)claims_.create(name_, mark_of(), kNoWait);
    (void)claims_.remove(name_, mark_of(), kNoWait);
  }
  void create_populate_and_remove() {
    (void)claims_.create(name_, mark_of(), kNoWait);
    if (!fs::exists(find().directory + "/contents.json")) populate(4096);
    (void)claims_.remove(name_, mark_of(), kNoWait);
  }
  void kill_while_it_does(const std::function<void()>& work, int microseconds) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0)
      for (;;) work();
    usleep(static_cast<useconds_t>(microseconds));
    int status = 0;
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it ended by itself: " << status;
  }

  TemporaryDirectory temporary_;
  const fs::path root_ = temporary_.path() / "new";
  Claims claims_{root_ / "volumes"};
  const ClaimName name_{"ns", "c"};
};

TEST_F(ClaimsTest, IsAbsentBeforeItIsMadeAndMarkedAfterwards) {
  EXPECT_FALSE(find().exists);
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  const Claim claim = find();
  EXPECT_TRUE(claim.exists && claim.marked);
  EXPECT_EQ(claim.mark.nonce, "n1");
  EXPECT_EQ(claim.mark.spec, spec_of("1Mi"));
  EXPECT_EQ(claim.contents, "none");
}

TEST_F(ClaimsTest, LookingCreatesNothing) {
  find();
  EXPECT_FALSE(fs::exists(root_));
}

TEST_F(ClaimsTest, CreateAgainMakesNothingTwice) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  populate(1 << 20);
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  EXPECT_EQ(find().contents, "populated");
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "volumes/ns"), {}), 1);
}

TEST_F(ClaimsTest, CreateOverAnotherOwnersClaimIsRefusedByName) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  ClaimMark other = mark_of();
  other.inventory = "inventory-b";
  const Status status = claims_.create(name_, other, kNoWait);
  EXPECT_EQ(status.error().code, Code::already_exists);
  EXPECT_NE(status.error().message.find("inventory-a"), std::string::npos);
  EXPECT_EQ(claims_.remove(name_, other, kNoWait).error().code, Code::failed_precondition);
  EXPECT_EQ(claims_.update(name_, other, kNoWait).error().code, Code::failed_precondition);
}

TEST_F(ClaimsTest, ADirectoryWithoutAMarkIsNeverOurs) {
  fs::create_directories(root_ / "volumes/ns/c");
  std::ofstream(root_ / "volumes/ns/c/somebodys.txt") << "data";
  EXPECT_TRUE(find().exists);
  EXPECT_FALSE(find().marked);
  EXPECT_EQ(claims_.create(name_, mark_of(), kNoWait).error().code, Code::already_exists);
  EXPECT_EQ(claims_.remove(name_, mark_of(), kNoWait).error().code, Code::failed_precondition);
  EXPECT_TRUE(fs::exists(root_ / "volumes/ns/c"));
}

TEST_F(ClaimsTest, ADirectoryWithoutADiskIsNotAdopted) {
  const fs::path directory = root_ / "volumes/ns/c";
  fs::create_directories(directory);
  std::ofstream(directory / "somebodys.txt") << "data";
  const auto refused = [&](const std::string& what) {
    const Status status = claims_.adopt(name_, mark_of(), kNoWait);
    ASSERT_FALSE(status) << what;
    EXPECT_EQ(status.error().code, Code::failed_precondition) << what;
    EXPECT_NE(status.error().message.find(directory.string() + " carries no mark"), std::string::npos);
    EXPECT_NE(status.error().message.find("disk.img"), std::string::npos);
    EXPECT_FALSE(fs::exists(directory / "claim.json")) << what;
  };
  refused("without one");
  std::ofstream(directory / "disk.img").flush();
  refused("an empty one");
  fs::remove(directory / "disk.img");
  fs::create_directory(directory / "disk.img");
  refused("a directory of that name");
  fs::remove(directory / "disk.img");
  std::ofstream(directory / "disk.img") << "data";
  EXPECT_TRUE(claims_.adopt(name_, mark_of(), kNoWait));
  EXPECT_EQ(find().contents, "populated");
}

TEST_F(ClaimsTest, AForgottenClaimWithoutADiskIsAdoptedAgain) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  ASSERT_TRUE(claims_.forget(name_, mark_of(), kNoWait));
  EXPECT_FALSE(find().marked);
  EXPECT_TRUE(claims_.adopt(name_, mark_of("n2"), kNoWait));
  EXPECT_EQ(find().mark.nonce, "n2");
}

TEST_F(ClaimsTest, WhatSomebodyPutIntoAClaimIsNeverRemoved) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  populate(1 << 20);
  const fs::path directory = find().directory;
  for (const char* theirs :
       {"notes.txt", "disk.img.old", "photographs/", ".git/", ".hidden", ".importance"}) {
    const fs::path path = directory / theirs;
    fs::create_directories(path.parent_path());
    if (path.has_filename()) std::ofstream(path) << "data";
    const Status status = claims_.remove(name_, mark_of(), kNoWait);
    ASSERT_FALSE(status) << theirs;
    EXPECT_EQ(status.error().code, Code::failed_precondition);
    EXPECT_NE(status.error().message.find(fs::path(path.has_filename() ? path : path.parent_path()).string()),
              std::string::npos)
        << status.error().message;
    EXPECT_TRUE(fs::exists(path));
    EXPECT_EQ(find().contents, "populated") << "a refused removal removes nothing";
    fs::remove_all(path.has_filename() ? path : path.parent_path());
  }
  std::ofstream(directory / ".import-1-disk") << "of a killed importer";
  std::ofstream(directory / "contents.json.x") << "of a killed writer";
  EXPECT_TRUE(claims_.remove(name_, mark_of(), kNoWait));
}

TEST_F(ClaimsTest, ADamagedMarkIsUnknownAndNotAbsent) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  ASSERT_TRUE(write_file_atomically(find().directory + "/claim.json", "{"));
  EXPECT_FALSE(claims_.find(name_));
}

TEST_F(ClaimsTest, RemoveLeavesNothingAndSucceedsAgain) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  populate(1 << 20);
  ASSERT_TRUE(claims_.remove(name_, mark_of(), kNoWait));
  EXPECT_TRUE(fs::is_empty(root_ / "volumes"));
  EXPECT_TRUE(claims_.remove(name_, mark_of(), kNoWait));
}

TEST_F(ClaimsTest, RemoveWhileAnImporterWorksIsRefusedByName) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  const auto lock = lock_contents(find().directory);
  ASSERT_TRUE(write_contents_mark(find().directory, {"incomplete", "n1", "g/K/ns/dv", "g", ""}));
  const Status status = claims_.remove(name_, mark_of(), kNoWait);
  EXPECT_EQ(status.error().code, Code::failed_precondition);
  EXPECT_NE(status.error().message.find("g/K/ns/dv"), std::string::npos);
  EXPECT_EQ(claims_.update(name_, mark_of("n1", "g2", "2Mi"), kNoWait).error().code, Code::aborted);
}

TEST_F(ClaimsTest, RemoveOfADiskThatAMachineHoldsIsRefused) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  populate(1 << 20);
  FileDescriptor disk(open(find().disk_path().c_str(), O_RDWR));
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 100;
  lock.l_len = 1;
  ASSERT_EQ(fcntl(disk.get(), F_OFD_SETLK, &lock), 0);
  EXPECT_EQ(claims_.remove(name_, mark_of(), kNoWait).error().code, Code::failed_precondition);
  disk.reset();
  EXPECT_TRUE(claims_.remove(name_, mark_of(), kNoWait));
}

TEST_F(ClaimsTest, LeftoversOfAKilledCallAreRemovedByTheNext) {
  fs::create_directories(root_ / "volumes/ns/.new-1234");
  fs::create_directories(root_ / "volumes/ns/.new-5678/x");
  fs::create_directories(root_ / "volumes/ns/.somebodys");
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  EXPECT_TRUE(fs::exists(root_ / "volumes/ns/.somebodys"));
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "volumes/ns"), {}), 2);
}

TEST_F(ClaimsTest, APopulatedDiskGrowsWithItsClaim) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  populate(1 << 20);
  ASSERT_TRUE(claims_.update(name_, mark_of("", "g2", "3Mi"), kNoWait));
  EXPECT_EQ(fs::file_size(find().disk_path()), 3u << 20);
  EXPECT_EQ(find().mark.generation, "g2");
  EXPECT_EQ(find().mark.nonce, "n1");
}

TEST_F(ClaimsTest, ADiskOfWhichNoMarkTellsIsData) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  std::ofstream(find().disk_path()).flush();
  EXPECT_EQ(find().contents, "none") << "there is nothing in it";
  std::ofstream(find().disk_path()) << "copied by hand";
  EXPECT_EQ(find().contents, "populated");
  EXPECT_EQ(find().filled.importer, "");
  ASSERT_TRUE(write_contents_mark(find().directory, {"populated", "of another claim", "g/K/ns/dv", "g", ""}));
  EXPECT_EQ(find().contents, "populated");
  EXPECT_EQ(find().filled.importer, "");
  ASSERT_TRUE(write_contents_mark(find().directory, {"incomplete", "n1", "g/K/ns/dv", "g", ""}));
  EXPECT_EQ(find().contents, "populated") << "an import that failed did not bring it";
}

// As after a backup was put back, or an adoption that was killed in the midst.
TEST_F(ClaimsTest, DataWithTheMarkOfAnotherClaimStaysDataWhenItIsTakenOver) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  std::ofstream(find().disk_path()) << "data";
  for (const char* contents : {"incomplete", "populated"}) {
    ASSERT_TRUE(write_contents_mark(find().directory, {contents, "another", "g/K/ns/dv", "g", ""}));
    ASSERT_TRUE(claims_.adopt(name_, mark_of(std::string("n-") + contents), kNoWait));
    EXPECT_EQ(find().contents, "populated") << contents;
  }
}

TEST_F(ClaimsTest, AnEmptyClaimGrowsWithoutADisk) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  ASSERT_TRUE(claims_.update(name_, mark_of("n1", "g2", "3Mi"), kNoWait));
  EXPECT_FALSE(fs::exists(find().disk_path()));
}

TEST_F(ClaimsTest, AClaimNeverShrinks) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  EXPECT_EQ(claims_.update(name_, mark_of("n1", "g2", "1Ki"), kNoWait).error().code, Code::invalid_argument);
  EXPECT_EQ(find().mark.generation, "g1");
}

TEST_F(ClaimsTest, ARemovalThatWasCutShortIsFinishedByTheNext) {
  ASSERT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  populate(1 << 20);
  fs::remove(find().disk_path());
  EXPECT_TRUE(claims_.remove(name_, mark_of(), kNoWait));
  fs::create_directories(root_ / "volumes/ns/c");
  EXPECT_FALSE(find().exists);
  EXPECT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  EXPECT_TRUE(claims_.remove(name_, mark_of(), kNoWait));
  EXPECT_TRUE(fs::is_empty(root_ / "volumes"));
}

TEST_F(ClaimsTest, KilledAtAnyPointOfCreateAndRemoveTheClaimIsWholeOrAbsent) {
  int kills = 0, whole = 0, absent = 0, in_between = 0;
  const auto enough = [&] { return kills >= 40 && whole >= 5 && absent >= 5 && in_between >= 5; };
  for (; kills < 2000 && !enough(); ++kills) {
    ASSERT_NO_FATAL_FAILURE(kill_while_it_does([this] { create_and_remove(); }, kills * 150 % 6000));
    const auto claim = claims_.find(name_);
    ASSERT_TRUE(claim) << claim.error().message;
    EXPECT_EQ(claim->exists, claim->marked);
    ++(claim->exists ? whole : absent);
    if (!claim->exists && !is_empty_namespace()) ++in_between;
    if (!claim->exists) {
      EXPECT_EQ(files_besides_new_claims(), std::vector<std::string>());
    }
  }
  EXPECT_TRUE(enough()) << kills << " kills left " << whole << " whole and " << absent << " absent, "
                        << in_between << " of them in the middle of a call";
  EXPECT_TRUE(claims_.create(name_, mark_of(), kNoWait));
  EXPECT_TRUE(claims_.remove(name_, mark_of(), kNoWait));
  EXPECT_TRUE(fs::is_empty(root_ / "volumes"));
}

// Whoever needs the disk starts with a mark that says populated, and only a mark tells whose data it was.
TEST_F(ClaimsTest, KilledWhileItRemovesAClaimNoMarkSaysPopulatedOfADiskThatIsGone) {
  int kills = 0, whole = 0, going = 0, gone = 0;
  const auto enough = [&] { return kills >= 40 && whole >= 3 && going >= 3 && gone >= 3; };
  for (; kills < 3000 && !enough(); ++kills) {
    ASSERT_NO_FATAL_FAILURE(kill_while_it_does([this] { create_populate_and_remove(); }, kills * 150 % 9000));
    const Claim claim = find();
    const bool disk = fs::exists(claim.disk_path());
    if (claim.filled.contents == "populated") {
      EXPECT_TRUE(disk);
      ++whole;
    }
    going += claim.contents == "incomplete" && disk;
    gone += claim.contents == "incomplete" && !disk;
  }
  EXPECT_TRUE(enough()) << kills << " kills left " << whole << " whole, " << going << " with their disk and "
                        << gone << " without";
  EXPECT_TRUE(claims_.remove(name_, mark_of(), kNoWait));
  EXPECT_TRUE(fs::is_empty(root_ / "volumes"));
}

TEST(ClaimName, RefusesWhatWouldLeaveTheRoot) {
  EXPECT_TRUE(ClaimName::make("ns", "c"));
  for (const std::string part : {"", ".", "..", ".new-1", "a/b", "../x"}) {
    EXPECT_FALSE(ClaimName::make(part, "c")) << part;
    EXPECT_FALSE(ClaimName::make("ns", part)) << part;
  }
}

TEST(RequestedSize, IsInBytesAndPositive) {
  const auto spec = [](const Json& size) { return Json{{"resources", {{"requests", {{"storage", size}}}}}}; };
  EXPECT_EQ(requested_size(spec("1.5Gi")).value_or(-1), 1610612736);
  EXPECT_EQ(requested_size(spec(1024)).value_or(-1), 1024);
  EXPECT_EQ(requested_size(spec("9223372036854775807")).value_or(-1), std::numeric_limits<int64_t>::max());
  for (const Json& size : {Json("0"), Json("-1"), Json("64MiB"), Json(nullptr), Json("9223372036854775808")})
    EXPECT_FALSE(requested_size(spec(size))) << size;
  EXPECT_FALSE(requested_size(Json::object()));
}

}  // namespace
}  // namespace tenon::local
