// Imports from beginning to end: the real worker, a real web server with faults, real images.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <thread>

#include "framework/base/digest.h"
#include "framework/base/files.h"
#include "framework/base/process.h"
#include "plugins/cdi-import/imports.h"
#include "plugins/cdi-import/web_server.h"

namespace tenon::cdi {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kClaimSize = 8 * kMiB;

std::string from_runfiles(const char* variable) { return fs::absolute(std::getenv(variable)).string(); }

void qemu_img(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "/usr/bin/qemu-img");
  const auto done = run(arguments);
  ASSERT_TRUE(done && done->ok()) << (done ? done->err : done.error().message);
}

class ImportTest : public testing::Test {
 public:
  static void SetUpTestSuite() {
    served_ = make_root();
    files_ = served_ + "/files";
    fs::create_directories(files_);
    make_images();
    server_ = std::make_unique<WebServer>(files_);
  }
  static void TearDownTestSuite() {
    server_.reset();
    fs::remove_all(served_);
  }

  ImportTest()
      : root_(make_root()),
        claim_(root_ + "/volumes/ns/dv"),
        imports_(
            root_ + "/imports", from_runfiles("WORKER"),
            {{"qemuImg", "/usr/bin/qemu-img"}, {"download", {{"backoffMilliseconds", 1}, {"retries", 3}}}}) {
    fs::create_directories(claim_);
  }
  ~ImportTest() override {
    for (const pid_t worker : workers()) kill(worker, SIGKILL);
    fs::remove_all(root_);
  }

 protected:
  static std::string make_root() {
    std::string name = "/tmp/tenon-import-XXXXXX";
    return mkdtemp(name.data());
  }

  // Random bytes, a hole, random bytes: as raw, qcow2 and both with gzip.
  static void make_images() {
    std::mt19937_64 random(4711);
    reference_.assign(kClaimSize, '\0');
    for (int64_t at = 0; at < kClaimSize; at += 8)
      if (at < 2 * kMiB || (at >= 5 * kMiB && at < 6 * kMiB)) {
        const uint64_t word = random();
        reference_.replace(at, 8, reinterpret_cast<const char*>(&word), 8);
      }
    write("disk.raw", reference_.substr(0, 7 * kMiB));
    qemu_img({"convert", "-f", "raw", "-O", "qcow2", file("disk.raw"), file("disk.qcow2")});
    for (const char* name : {"disk.raw", "disk.qcow2"})
      ASSERT_TRUE(run({"/bin/gzip", "-1", "-k", file(name)})->ok());
  }

  static std::string file(const std::string& name) { return files_ + "/" + name; }
  static void write(const std::string& name, const std::string& bytes) {
    std::ofstream(file(name), std::ios::binary) << bytes;
  }
  std::string disk() const { return claim_ + "/disk.img"; }
  std::string state() const { return root_ + "/imports/ns/dv"; }

  sdk::Resource resource(const Json& source, const std::string& generation = "g1",
                         const std::string& claim_nonce = "cn") {
    sdk::Resource made;
    made.address = "cdi.kubevirt.io/DataVolume/ns/dv";
    made.name_space = "ns";
    made.name = "dv";
    made.inventory = "inventory-a";
    made.nonce = "n-" + generation;
    made.generation = generation;
    made.desired = {{"source", source}, {"pvc", Json::object()}};
    made.dependencies = {
        {"core/PersistentVolumeClaim/ns/dv",
         {{"phase", "Bound"},
          {"nonce", claim_nonce},
          {"outputs",
           {{"disk", {{"type", "file"}, {"path", disk()}, {"format", "raw"}, {"size", kClaimSize}}},
            {"contents", {{"directory", claim_}}}}}}}};
    return made;
  }
  sdk::Resource http(const std::string& path, const std::string& checksum = "") {
    Json source = {{"url", server_->url() + path}};
    if (!checksum.empty()) source["checksum"] = checksum;
    return resource({{"http", source}});
  }

  ImportState look(const sdk::Resource& resource) {
    const auto view = imports_.find(resource);
    EXPECT_TRUE(view) << view.error().message;
    EXPECT_TRUE(view && *view) << "absent";
    return view && *view ? (*view)->state : ImportState();
  }
  // Until nobody works on it.
  ImportState settle(const sdk::Resource& resource) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    ImportState state = look(resource);
    while (state.busy && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(5ms);
      state = look(resource);
    }
    return state;
  }
  ImportState import(const sdk::Resource& resource) {
    const auto started = imports_.start(resource);
    EXPECT_TRUE(started) << started.error().message;
    return settle(resource);
  }

  ImportState import(const sdk::Resource& resource, const Credentials& credentials) {
    const auto started = imports_.start(resource, credentials);
    EXPECT_TRUE(started) << started.error().message;
    return settle(resource);
  }

  void expect_complete() {
    EXPECT_TRUE(read_file(disk()).value_or("") == reference_) << "the disk differs from its reference";
    const auto mark = read_contents_mark(claim_);
    ASSERT_TRUE(mark && *mark);
    EXPECT_EQ((*mark)->contents, "populated");
    EXPECT_EQ(names(claim_), (std::vector<std::string>{"contents.json", "disk.img", "lock"}));
  }
  void expect_failed(const sdk::Resource& resource, const std::string& reason) {
    const ImportState state = import(resource);
    EXPECT_EQ(state.phase, "Failed");
    EXPECT_EQ(state.reason, reason) << state.message;
    EXPECT_FALSE(state.message.empty());
    EXPECT_FALSE(state.resumable);
    EXPECT_FALSE(fs::exists(disk()));
    EXPECT_EQ(names(claim_), (std::vector<std::string>{"contents.json", "lock"}));
  }

  static std::vector<std::string> names(const std::string& directory) {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory)) found.push_back(entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
  }
  // The workers of this test's imports, and no others.
  std::vector<pid_t> workers() const {
    std::vector<pid_t> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      const std::string command = read_file(entry.path() / "cmdline").value_or("");
      if (command.find("cdi-import-worker") != std::string::npos && command.find(root_) != std::string::npos)
        found.push_back(std::stoi(name));
    }
    return found;
  }
  bool is_running(pid_t worker) const {
    const auto all = workers();
    return std::find(all.begin(), all.end(), worker) != all.end();
  }
  void await(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(2ms);
    EXPECT_TRUE(condition());
  }

  static inline std::string served_, files_;
  static inline std::string reference_;  // what every disk must be
  static inline std::unique_ptr<WebServer> server_;

  const std::string root_, claim_;
  Imports imports_;
};

// S1-17
TEST_F(ImportTest, ShowsTheServerItsCredentials) {
  EXPECT_EQ(import(http("/auth/disk.raw"), {"user", "secret"}).phase, "Succeeded");
  expect_complete();
}

TEST_F(ImportTest, WithoutTheRightCredentialsFailsAndSaysSo) {
  EXPECT_EQ(import(http("/auth/disk.raw"), {"user", "wrong"}).reason, "AccessDenied");
}

// S1-20, S1-22
TEST_F(ImportTest, EveryFormatBecomesTheSameDiskWhateverItsNameSays) {
  fs::copy_file(file("disk.qcow2"), file("qcow2.img"));
  for (const char* name : {"disk.raw", "disk.qcow2", "disk.raw.gz", "disk.qcow2.gz", "qcow2.img"}) {
    SCOPED_TRACE(name);
    const sdk::Resource wanted = http(std::string("/plain/") + name, sha256(read_file(file(name)).value()));
    EXPECT_EQ(import(wanted).phase, "Succeeded");
    expect_complete();
    EXPECT_EQ(Json((*read_contents_mark(claim_))->digest), wanted.desired["source"]["http"]["checksum"]);
    fs::remove_all(claim_);
    fs::create_directories(claim_);
    ASSERT_TRUE(imports_.remove(wanted, 5s).value_or(false));
  }
}

TEST_F(ImportTest, BlankIsASparseDiskOfTheClaimsSize) {
  EXPECT_EQ(import(resource({{"blank", Json::object()}})).phase, "Succeeded");
  EXPECT_TRUE(read_file(disk()).value_or("") == std::string(kClaimSize, '\0'));
}

TEST_F(ImportTest, FaultsOfTheServerAreOvercome) {
  for (const char* path :
       {"/flaky/2/disk.raw", "/drop/2/disk.qcow2", "/chunked/disk.raw", "/no-length/disk.qcow2",
        "/no-ranges/disk.raw", "/redirect/3/disk.raw", "/truncate/2000000/disk.raw"}) {
    SCOPED_TRACE(path);
    const sdk::Resource wanted = http(path);
    EXPECT_EQ(import(wanted).phase, "Succeeded");
    expect_complete();
    fs::remove_all(claim_);
    fs::create_directories(claim_);
    ASSERT_TRUE(imports_.remove(wanted, 5s).value_or(false));
  }
}

TEST_F(ImportTest, AMissingImageFails) { expect_failed(http("/status/404"), "NotFound"); }
TEST_F(ImportTest, AForbiddenImageFails) { expect_failed(http("/auth/disk.raw"), "AccessDenied"); }
TEST_F(ImportTest, AServerThatStaysBrokenFails) { expect_failed(http("/status/503"), "ServerError"); }
TEST_F(ImportTest, ABodyThatStaysTruncatedFails) {
  expect_failed(http("/wrong-length/1000/disk.raw"), "Truncated");
}
TEST_F(ImportTest, AnEmptyBodyFails) {
  write("empty", "");
  expect_failed(http("/plain/empty"), "EmptyImage");
}
TEST_F(ImportTest, APageInsteadOfAnImageFails) {
  write("portal", "<html>please log in</html>");
  expect_failed(http("/plain/portal"), "NotAnImage");
}
TEST_F(ImportTest, AQcow2ImageThatIsNoneFails) {
  std::string image = read_file(file("disk.qcow2")).value();
  image[0] = 'q';
  write("flipped.qcow2", image);
  expect_failed(http("/plain/flipped.qcow2"), "NotAnImage");
}
TEST_F(ImportTest, ARedirectLoopFails) { expect_failed(http("/redirect-loop/disk.raw"), "TooManyRedirects"); }
TEST_F(ImportTest, ARedirectToAFileFails) {
  expect_failed(http("/redirect-to/file%3A%2F%2F%2Fetc%2Fpasswd"), "ImportFailed");
}
TEST_F(ImportTest, AnUnreachableServerFails) {
  expect_failed(resource({{"http", {{"url", "http://127.0.0.1:1/disk.raw"}}}}), "Unreachable");
}
TEST_F(ImportTest, AWrongChecksumFails) {
  expect_failed(http("/plain/disk.raw", "sha256:" + std::string(64, '0')), "ChecksumMismatch");
}
TEST_F(ImportTest, AFlippedByteFails) {
  expect_failed(http("/corrupt/1500000/disk.raw", sha256(read_file(file("disk.raw")).value())),
                "ChecksumMismatch");
}
TEST_F(ImportTest, ARawImageLargerThanTheClaimFails) {
  write("large", std::string(kClaimSize + 512, 'x'));
  expect_failed(http("/plain/large"), "ImageTooLarge");
}
TEST_F(ImportTest, AnEndlessImageIsStopped) {
  write("endless", std::string(4 * kClaimSize, 'x'));
  expect_failed(http("/chunked/endless"), "ImageTooLarge");
}
TEST_F(ImportTest, AQcow2ImageLargerThanTheClaimFails) {
  qemu_img({"create", "-q", "-f", "qcow2", file("large.qcow2"), "9M"});
  expect_failed(http("/plain/large.qcow2"), "ImageTooLarge");
}
TEST_F(ImportTest, AQcow2ImageCutShortFails) {
  const std::string whole = read_file(file("disk.qcow2")).value();
  write("cut.qcow2", whole.substr(0, whole.size() - 200000));
  expect_failed(http("/no-length/cut.qcow2"), "CorruptImage");
}
TEST_F(ImportTest, AnImageThatNamesAnotherFileFails) {
  qemu_img({"create", "-q", "-f", "qcow2", "-b", "/etc/hostname", "-F", "raw", file("backed.qcow2")});
  expect_failed(http("/plain/backed.qcow2"), "UnsafeImage");
}
TEST_F(ImportTest, AnImageWithItsDataInAnotherFileFails) {
  qemu_img({"create", "-q", "-f", "qcow2", "-o", "data_file=" + file("data"), file("outside.qcow2"), "1M"});
  expect_failed(http("/plain/outside.qcow2"), "UnsafeImage");
}
TEST_F(ImportTest, AVmdkDescriptorFails) {
  write("d.vmdk", "# Disk DescriptorFile\nversion=1\nRW 1 FLAT \"/etc/hostname\" 0\n");
  expect_failed(http("/plain/d.vmdk"), "UnsupportedFormat");
}

TEST_F(ImportTest, AFailedImportIsMendedByANewAttempt) {
  sdk::Resource wanted = http("/plain/disk.raw");
  fs::rename(file("disk.raw"), file("elsewhere"));
  EXPECT_EQ(import(wanted).phase, "Failed");
  fs::rename(file("elsewhere"), file("disk.raw"));
  ASSERT_TRUE(imports_.remove(wanted, 5s).value_or(false));
  wanted.nonce = "n-again";
  EXPECT_EQ(import(wanted).phase, "Succeeded");
  expect_complete();
}

TEST_F(ImportTest, ProgressGrowsWhileTheImageComes) {
  const sdk::Resource wanted = http("/slow/6000000/disk.raw");
  ASSERT_TRUE(imports_.start(wanted).value_or(false));
  await([&] { return look(wanted).progress.value_or(0) > 0.1; });
  const ImportState state = look(wanted);
  EXPECT_EQ(state.phase, "ImportInProgress");
  EXPECT_TRUE(state.busy);
  EXPECT_FALSE(fs::exists(disk()));
  EXPECT_EQ(contents_state(*read_contents_mark(claim_), "cn"), "incomplete");
}

TEST_F(ImportTest, ADiskThatComesWhileTheImageDoesIsNotOverwritten) {
  const sdk::Resource wanted = http("/slow/6000000/disk.raw");
  ASSERT_TRUE(imports_.start(wanted).value_or(false));
  await([&] { return look(wanted).progress.value_or(0) > 0.1; });
  std::ofstream(disk()) << "somebody's";
  await([&] { return look(wanted).phase == "Failed"; });
  EXPECT_EQ(look(wanted).reason, "ClaimNotEmpty");
  EXPECT_EQ(read_file(disk()).value(), "somebody's");
  EXPECT_FALSE((*read_contents_mark(claim_))->own_disk);
}

TEST_F(ImportTest, ASecondStartFindsTheWorkerAndAddsNone) {
  const sdk::Resource wanted = http("/slow/1000000/disk.raw");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(imports_.start(wanted).value_or(false));
  EXPECT_EQ(workers().size(), 1u);
}

TEST_F(ImportTest, DeletingStopsTheWorkerAndLeavesNothing) {
  const sdk::Resource wanted = http("/slow/200000/disk.raw");
  ASSERT_TRUE(imports_.start(wanted).value_or(false));
  await([&] { return look(wanted).phase == "ImportInProgress" && workers().size() == 1; });
  const pid_t worker = workers().at(0);
  EXPECT_TRUE(imports_.remove(wanted, 10s).value_or(false));
  await([&] { return !is_running(worker); });
  EXPECT_FALSE(imports_.find(wanted)->has_value());
  EXPECT_TRUE(fs::is_empty(root_ + "/imports"));
  EXPECT_EQ(names(claim_), (std::vector<std::string>{"contents.json", "lock"}));
  EXPECT_EQ(workers(), std::vector<pid_t>());
  EXPECT_TRUE(imports_.remove(wanted, 0ms).value_or(false));
}

TEST_F(ImportTest, DeletingIsInProgressUntilTheWorkerHasEnded) {
  const sdk::Resource wanted = http("/slow/200000/disk.raw");
  ASSERT_TRUE(imports_.start(wanted).value_or(false));
  await([&] { return look(wanted).phase == "ImportInProgress" && workers().size() == 1; });
  const pid_t worker = workers().at(0);
  ASSERT_EQ(kill(worker, SIGSTOP), 0);
  for (int i = 0; i < 2; ++i) {
    const auto removed = imports_.remove(wanted, 50ms);
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_FALSE(*removed);
    EXPECT_TRUE(imports_.find(wanted)->has_value());
  }
  ASSERT_EQ(kill(worker, SIGCONT), 0);
  EXPECT_TRUE(imports_.remove(wanted, 10s).value_or(false));
  EXPECT_FALSE(imports_.find(wanted)->has_value());
  await([&] { return !is_running(worker); });
}

TEST_F(ImportTest, DeletingAfterSuccessKeepsTheDisk) {
  const sdk::Resource wanted = http("/plain/disk.raw");
  import(wanted);
  EXPECT_TRUE(imports_.remove(wanted, 5s).value_or(false));
  EXPECT_FALSE(imports_.find(wanted)->has_value());
  expect_complete();
}

TEST_F(ImportTest, ADiskThatThisImportMadeIsNotMadeAgain) {
  const sdk::Resource wanted = http("/plain/disk.raw");
  import(wanted);
  ASSERT_TRUE(imports_.remove(wanted, 5s).value_or(false));
  std::ofstream(disk(), std::ios::in) << "written by a machine";
  const auto started = imports_.start(wanted);
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_FALSE(*started);
  EXPECT_FALSE((*read_contents_mark(claim_))->released);
  EXPECT_EQ(look(wanted).phase, "Succeeded");
  EXPECT_TRUE(read_file(disk())->starts_with("written by a machine"));
}

TEST_F(ImportTest, ADiskThatAnotherGenerationMadeIsNotOverwritten) {
  const sdk::Resource wanted = http("/plain/disk.raw");
  import(wanted);
  fs::remove_all(root_ + "/imports");  // lost, not deleted
  sdk::Resource other = wanted;
  other.generation = "g2";
  other.nonce = "n-g2";
  EXPECT_EQ(imports_.start(other).error().code, Code::failed_precondition);
  expect_complete();
}

TEST_F(ImportTest, DataThatNoImporterBroughtIsNotOverwrittenAndSaidToBeThere) {
  std::ofstream(disk()) << "somebody's";
  ASSERT_TRUE(write_contents_mark(claim_, {.contents = "populated", .nonce = "cn"}));
  const auto refused = imports_.start(http("/plain/disk.raw"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::failed_precondition);
  EXPECT_NE(refused.error().message.find("already holds data that no importer brought"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(read_file(disk()).value(), "somebody's");
}

TEST_F(ImportTest, AfterItsDeletionAnImporterReplacesItsDiskAndNobodyElseDoes) {
  const sdk::Resource wanted = resource({{"blank", Json::object()}});
  import(wanted);
  ASSERT_TRUE(imports_.remove(wanted, 5s).value_or(false));
  EXPECT_EQ(contents_state(*read_contents_mark(claim_), "cn"), "populated");
  sdk::Resource other = http("/plain/disk.raw");
  other.generation = "g2";
  other.nonce = "n-g2";
  sdk::Resource stranger = other;
  stranger.address += "2";
  EXPECT_EQ(imports_.start(stranger).error().code, Code::failed_precondition);
  EXPECT_EQ(import(other).phase, "Succeeded");
  expect_complete();
  EXPECT_FALSE((*read_contents_mark(claim_))->released);
}

// Whoever has helped himself after an import that failed keeps what he has copied.
TEST_F(ImportTest, ADiskThatCameAfterAFailedImportIsNotOverwritten) {
  const sdk::Resource wanted = http("/status/404");
  EXPECT_EQ(import(wanted).phase, "Failed");
  std::ofstream(disk()) << "somebody's";
  EXPECT_EQ(imports_.start(wanted).error().code, Code::failed_precondition);
  EXPECT_EQ(read_file(disk()).value(), "somebody's");
}

// Killed between the rename and its last mark, as no test hits by chance.
TEST_F(ImportTest, TheDiskOfAWorkerThatCouldNotTellOfItIsReplaced) {
  std::ofstream(disk()) << "the whole image, for all that is known";
  ContentsMark placing{.contents = "incomplete", .nonce = "cn"};
  placing.own_disk = true;
  ASSERT_TRUE(write_contents_mark(claim_, placing));
  EXPECT_EQ(import(http("/plain/disk.raw")).phase, "Succeeded");
  expect_complete();
}

TEST_F(ImportTest, ADiskWithoutAMarkIsNotOverwritten) {
  std::ofstream(disk()) << "somebody's";
  EXPECT_EQ(imports_.start(http("/plain/disk.raw")).error().code, Code::failed_precondition);
  EXPECT_EQ(read_file(disk()).value(), "somebody's");
}

// S1-3: a claim made anew is empty, whatever the ledger thinks.
TEST_F(ImportTest, AClaimMadeAnewIsFilledAgain) {
  const sdk::Resource wanted = http("/plain/disk.raw");
  import(wanted);
  fs::remove_all(claim_);
  fs::create_directories(claim_);
  sdk::Resource anew = resource(wanted.desired["source"], "g1", "cn2");
  const ImportState state = look(anew);
  EXPECT_NE(state.phase, "Succeeded");
  EXPECT_TRUE(state.resumable);
  EXPECT_EQ(import(anew).phase, "Succeeded");
  expect_complete();
}

TEST_F(ImportTest, ALedgerOfAnotherInventoryIsRefusedByName) {
  const sdk::Resource wanted = http("/plain/disk.raw");
  import(wanted);
  sdk::Resource other = wanted;
  other.inventory = "inventory-b";
  EXPECT_EQ(imports_.start(other).error().code, Code::already_exists);
  EXPECT_EQ(imports_.remove(other, 0ms).error().code, Code::failed_precondition);
  EXPECT_NE(imports_.start(other).error().message.find("inventory-a"), std::string::npos);
}

TEST_F(ImportTest, GrowingKeepsASucceededImport) {
  sdk::Resource wanted = http("/plain/disk.raw");
  import(wanted);
  wanted.generation = "g2";
  wanted.desired["pvc"] = {{"more", 1}};
  ASSERT_TRUE(imports_.update(wanted));
  EXPECT_EQ(look(wanted).phase, "Succeeded");
  EXPECT_EQ((*imports_.find(wanted))->ledger.generation, "g2");
  wanted.desired["source"]["http"]["url"] = "http://other/";
  EXPECT_EQ(imports_.update(wanted).error().code, Code::failed_precondition);
}

// S1-2, S1-28: killed anywhere, again and again, then left alone.
TEST_F(ImportTest, KilledAnywhereItEndsWellAndNeverShowsAnotherDisk) {
  std::mt19937 random(4711);
  for (const char* path : {"/slow/40000000/disk.qcow2.gz", "/slow/40000000/disk.raw"}) {
    SCOPED_TRACE(path);
    const sdk::Resource wanted = http(path);
    int interrupted = 0;
    for (int round = 0; round < 25; ++round) {
      ASSERT_TRUE(imports_.start(wanted));
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 250000));
      for (const pid_t worker : workers()) kill(worker, SIGKILL);
      await([&] { return !contents_locked(claim_); });
      const ImportState state = look(wanted);
      if (state.phase == "Succeeded") break;
      EXPECT_TRUE(state.resumable) << state.phase << " " << state.reason << " " << state.message;
      EXPECT_TRUE(!fs::exists(disk()) || read_file(disk()).value() == reference_);
      ++interrupted;
    }
    EXPECT_GT(interrupted, 0);
    EXPECT_EQ(import(wanted).phase, "Succeeded");
    expect_complete();
    fs::remove_all(claim_);
    fs::create_directories(claim_);
    ASSERT_TRUE(imports_.remove(wanted, 5s).value_or(false));
  }
}

}  // namespace
}  // namespace tenon::cdi
