#include "framework/plugin/manifest_cache.h"

#include "framework/base/digest.h"
#include "framework/base/files.h"
#include "framework/plugin/test_plugins.h"

namespace tenon {
namespace {

class Manifests : public PluginTest {
 protected:
  std::string only_entry() const {
    const std::filesystem::directory_iterator entries(path("cache"));
    return entries == std::filesystem::directory_iterator() ? "" : entries->path().string();
  }

  const ManifestCache cache_{host_program(), path("cache")};
};

TEST_F(Manifests, AreAskedForOnceAndThenRead) {
  const std::string plugin = copy_of("plain");
  const auto first = cache_.load(plugin);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ((*first)->name, "plain");
  EXPECT_EQ((*first)->digest, sha256(read_file(plugin).value()));
  const ManifestCache without_host(path("no-host"), path("cache"));
  const auto second = without_host.load(plugin);
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->name, "plain");
  EXPECT_EQ((*second)->digest, (*first)->digest);
}

TEST_F(Manifests, ThatWereShippedAreNotAskedForAtAll) {
  const std::string plugin = copy_of("plain");
  const ManifestCache shipping(host_program(), path("shipped"));
  ASSERT_TRUE(shipping.load(plugin));
  const ManifestCache without_host(path("no-host"), "", path("shipped"));
  const auto manifest = without_host.load(plugin);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ((*manifest)->name, "plain");
}

TEST_F(Manifests, AreKeptNowhereWithoutADirectory) {
  const std::string plugin = copy_of("plain");
  const ManifestCache forgetful(host_program(), "");
  ASSERT_TRUE(forgetful.load(plugin));
  const ManifestCache without_host(path("no-host"), "");
  EXPECT_FALSE(without_host.load(plugin));
}

TEST_F(Manifests, OfAChangedFileAreAskedForAgain) {
  const std::string plugin = copy_of("plain");
  ASSERT_TRUE(cache_.load(plugin));
  std::filesystem::copy_file(test_plugin("misbehaving"), plugin,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(cache_.load(plugin).value()->name, "misbehaving");
}

TEST_F(Manifests, ADamagedEntryIsMadeAnew) {
  const std::string plugin = copy_of("plain");
  ASSERT_TRUE(cache_.load(plugin));
  ASSERT_TRUE(write_file_atomically(only_entry(), "{"));
  EXPECT_EQ(cache_.load(plugin).value()->name, "plain");
  EXPECT_NE(read_file(only_entry()).value(), "{");
}

TEST_F(Manifests, OfAPluginThatHangsAreWaitedForOnlySoLong) {
  const ManifestCache impatient(host_program(), path("cache"), "", std::chrono::milliseconds(100));
  for (const char* name : {"hanging_entry", "hanging_manifest"}) {
    const auto manifest = impatient.load(test_plugin(name));
    ASSERT_FALSE(manifest) << name;
    EXPECT_EQ(manifest.error().code, Code::deadline_exceeded) << name;
    EXPECT_NE(manifest.error().message.find(test_plugin(name)), std::string::npos)
        << manifest.error().message;
  }
}

TEST_F(Manifests, OfWhatIsNoPluginSayWhy) {
  const auto manifest = cache_.load(test_plugin("no_entry"));
  EXPECT_EQ(manifest.error().code, Code::failed_precondition);
  EXPECT_NE(manifest.error().message.find("tenon_plugin_v1"), std::string::npos) << manifest.error().message;
  EXPECT_EQ(cache_.load(path("none.so")).error().code, Code::not_found);
}

}  // namespace
}  // namespace tenon
