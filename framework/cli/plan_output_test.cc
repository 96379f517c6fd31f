#include "framework/cli/plan_output.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "framework/base/files.h"
#include "framework/base/temporary_directory.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPlan = R"({"formatVersion": 2, "inventory": "i", "changes": [{"a": 1}], "steps": []})";

class PlanOutput : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() / name; }
  std::string made(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  // Refused, in these words, both when it is looked at and when it is written; what is there stays.
  void refuses(const std::string& file, const std::string& words,
               const std::vector<std::string>& inputs = {}) {
    const fs::file_status before = fs::status(file);
    const std::string text = fs::is_regular_file(before) ? *read_file(file) : "";
    const Status checked = check_plan_output(file, inputs);
    ASSERT_FALSE(checked);
    EXPECT_NE(checked.error().message.find("--out " + file + ": "), std::string::npos)
        << checked.error().message;
    EXPECT_NE(checked.error().message.find(words), std::string::npos) << checked.error().message;
    if (inputs.empty()) {
      EXPECT_FALSE(write_plan_output(file, kPlan));
    }
    EXPECT_EQ(fs::status(file).type(), before.type());
    if (fs::is_regular_file(before)) {
      EXPECT_EQ(*read_file(file), text);
    }
  }
  void writes(const std::string& file) {
    ASSERT_TRUE(check_plan_output(file, {}));
    const Status written = write_plan_output(file, kPlan);
    ASSERT_TRUE(written) << written.error().message;
  }

  const TemporaryDirectory directory_;
};

TEST_F(PlanOutput, MakesANewFileAndReplacesAnOlderPlan) {
  const std::string older =
      made("older", R"({"formatVersion": 1, "inventory": "", "changes": [], "steps": []})");
  for (const std::string& file : {path("new"), made("empty", ""), older}) {
    writes(file);
    EXPECT_EQ(*read_file(file), kPlan);
  }
}

TEST_F(PlanOutput, ReplacesNoFileThatHoldsSomethingElse) {
  for (const char* text : {"kind: Item\n", "{}", "[1]", R"({"formatVersion": 1, "checks": []})",
                           "\x7f"
                           "ELF",
                           R"({"formatVersion": 1, "inventory": "", "changes": [], "steps": [)"})
    refuses(made("other", text), "is no saved plan");
}

TEST_F(PlanOutput, ReplacesNoInput) {
  const std::string input = made("input", kPlan);
  fs::create_symlink(input, path("link"));
  refuses(path("link"), "-f reads this file", {"-", path("gone"), input});
}

TEST_F(PlanOutput, NamesADirectoryAsOne) {
  refuses(directory_.path(), "this is a directory; name a file in it, such as " + path("plan.json"));
  refuses(".", "name a file in it, such as ./plan.json");
}

TEST_F(PlanOutput, IsWrittenThroughAPipeWhichStaysOne) {
  const std::string pipe = path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::string seen;
  {
    const std::jthread reader([&] { seen = *read_file(pipe); });
    writes(pipe);
  }
  EXPECT_EQ(seen, kPlan);
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(PlanOutput, FollowsLinksAlsoToWhatIsNotThereYet) {
  fs::create_directory(path("plans"));
  fs::create_symlink("plans/today", path("latest"));
  fs::create_symlink(path("latest"), path("any"));
  writes(path("any"));
  EXPECT_EQ(*read_file(path("plans/today")), kPlan);
  EXPECT_TRUE(fs::is_symlink(path("any")) && fs::is_symlink(path("latest")));
  fs::create_symlink(made("manifest", "kind: Item\n"), path("wrong"));
  refuses(path("wrong"), "is no saved plan");
  fs::create_symlink("circle", path("circle"));
  EXPECT_FALSE(write_plan_output(path("circle"), kPlan));
  EXPECT_TRUE(fs::is_symlink(path("circle")));
}

TEST_F(PlanOutput, ReplacesNoSocket) {
  // The name of a socket may not be long.
  const fs::path before = fs::current_path();
  fs::current_path(directory_.path());
  const sockaddr_un address{.sun_family = AF_UNIX, .sun_path = "socket"};
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  fs::current_path(before);
  refuses(path("socket"), "neither a file nor a pipe");
}

}  // namespace
}  // namespace tenon
