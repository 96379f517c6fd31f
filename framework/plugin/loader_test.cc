#include "framework/plugin/loader.h"

#include <sys/stat.h>

#include <future>

#include "framework/plugin/open.h"
#include "framework/plugin/test_plugins.h"
#include "framework/plugin/wire.h"

namespace tenon {
namespace {

class Loader : public PluginTest {
 protected:
  std::unique_ptr<LoadedPlugin> load(const std::string& file) {
    auto loaded = LoadedPlugin::load(file, [this](int, std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += line;
    });
    if (!loaded) error_ = loaded.error();
    return loaded ? *std::move(loaded) : nullptr;
  }
  Result<Json> call(LoadedPlugin& plugin, const std::string& how,
                    std::chrono::milliseconds time = std::chrono::seconds(60)) {
    plugin.begin(++id_, std::chrono::steady_clock::now() + time);
    const auto answer = parse_object(plugin.invoke(id_, "create", to_json(behaving(how)).dump()));
    return answer ? open_answer(*answer) : answer.error();
  }

  uint64_t id_ = 0;
  std::mutex mutex_;
  std::string log_;
  Error error_;
};

TEST_F(Loader, OpensAPluginWrittenInC) {
  const auto plugin = load(test_plugin("plain"));
  ASSERT_TRUE(plugin) << error_.message;
  EXPECT_EQ(parse_manifest(plugin->manifest()).value().name, "plain");
  EXPECT_EQ(call(*plugin, "").value(), Json::object());
}

TEST_F(Loader, RefusesWhatIsNoPlugin) {
  EXPECT_FALSE(load(test_plugin("no_entry")));
  EXPECT_NE(error_.message.find("tenon_plugin_v1"), std::string::npos) << error_.message;
  EXPECT_FALSE(load(test_plugin("newer")));
  EXPECT_NE(error_.message.find("it speaks version 2 of the plugin interface, and this Tenon version 1"),
            std::string::npos)
      << error_.message;
  EXPECT_FALSE(load(test_plugin("refusing")));
  EXPECT_NE(error_.message.find("cannot work with this version"), std::string::npos) << error_.message;
  EXPECT_FALSE(load(test_plugin("older")));
  EXPECT_NE(error_.message.find("lacks one of the functions"), std::string::npos) << error_.message;
  EXPECT_FALSE(load(test_plugin("throwing")));
  EXPECT_NE(error_.message.find("threw across the C boundary"), std::string::npos) << error_.message;
  EXPECT_FALSE(load(host_program() + ".none"));
  EXPECT_EQ(error_.code, Code::not_found);
  EXPECT_FALSE(load("framework/plugin/testdata/plain.so"));
  EXPECT_EQ(error_.code, Code::invalid_argument);
  EXPECT_FALSE(load(directory_));
  EXPECT_EQ(error_.code, Code::invalid_argument);
}

TEST_F(Loader, RefusesAFileThatOthersCanWrite) {
  const std::string file = copy_of("plain");
  ASSERT_TRUE(load(file)) << error_.message;
  for (const mode_t mode : {0775, 0757}) {
    chmod(file.c_str(), mode);
    EXPECT_FALSE(load(file));
    EXPECT_EQ(error_.code, Code::failed_precondition);
    EXPECT_NE(error_.message.find("chmod go-w " + file), std::string::npos) << error_.message;
  }
}

TEST_F(Loader, RefusesADirectoryThatOthersCanWrite) {
  const std::string file = copy_of("plain");
  chmod(directory_.c_str(), 0777);
  EXPECT_FALSE(load(file));
  EXPECT_EQ(error_.code, Code::failed_precondition);
  std::filesystem::create_symlink(file, path("link.so"));
  EXPECT_FALSE(load(path("link.so")));
}

TEST_F(Loader, AnExceptionAcrossTheBoundaryIsAnError) {
  const auto plugin = load(test_plugin("misbehaving"));
  EXPECT_EQ(call(*plugin, "throw").error().code, Code::internal);
  EXPECT_NE(call(*plugin, "throw").error().message.find("thrown"), std::string::npos);
  EXPECT_EQ(call(*plugin, "throw-int").error().code, Code::internal);
  EXPECT_TRUE(call(*plugin, "fine"));
}

TEST_F(Loader, AnswersThatAreNoneAreErrors) {
  const auto plugin = load(test_plugin("misbehaving"));
  for (const char* how : {"garbage", "neither", "deep"})
    EXPECT_EQ(call(*plugin, how).error().code, Code::internal);
}

TEST_F(Loader, TheFirstReplyCountsAndFurtherOnesAreLogged) {
  const auto plugin = load(test_plugin("misbehaving"));
  EXPECT_EQ(call(*plugin, "twice").value()["identity"], "first");
  EXPECT_NE(log_.find("a reply that nobody waits for is dropped"), std::string::npos);
  log_.clear();
  EXPECT_EQ(call(*plugin, "other").value()["identity"], "other");
  EXPECT_NE(log_.find("a reply that nobody waits for is dropped"), std::string::npos);
}

TEST_F(Loader, AReplyMayComeAfterInvokeHasReturned) {
  const auto plugin = load(test_plugin("misbehaving"));
  EXPECT_EQ(call(*plugin, "late").value()["identity"], "late");
}

TEST_F(Loader, AReplyThatNeverComesEndsWithTheDeadline) {
  const auto plugin = load(test_plugin("misbehaving"));
  EXPECT_EQ(call(*plugin, "silent", std::chrono::milliseconds(20)).error().code, Code::deadline_exceeded);
}

TEST_F(Loader, ACancelledCallIsToldToThePlugin) {
  const auto plugin = load(test_plugin("misbehaving"));
  auto running = std::async(std::launch::async, [&] { return call(*plugin, "cancelled"); });
  while (running.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) plugin->cancel(1);
  EXPECT_EQ(running.get().error().code, Code::cancelled);
}

TEST_F(Loader, InThisProcessAStopCancelsTheCall) {
  const auto backend = open_in_process(test_plugin("misbehaving"), "m", Json::object(),
                                       manifest_in_process(test_plugin("misbehaving")).value());
  std::stop_source stop;
  auto running = std::async(
      std::launch::async, [&] { return backend->create(behaving("cancelled"), {.stop = stop.get_token()}); });
  Request meeting = behaving("meet");
  meeting.desired.edit()["together"] = 2;
  ASSERT_TRUE(backend->create(meeting, {}));
  stop.request_stop();
  const auto outcome = running.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::cancelled);
  EXPECT_EQ(outcome.error().message, "as asked");
}

}  // namespace
}  // namespace tenon
