#include "framework/base/secret.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "framework/base/base64.h"
#include "framework/base/temporary_directory.h"

namespace tenon {
namespace {

// RFC 4231, test case 2.
TEST(KeyedHash, IsHmacSha256) {
  EXPECT_EQ(keyed_hash("Jefe", "what do ya want for nothing?"),
            "hmac-sha256:5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(RandomKey, IsAnotherOneEachTime) {
  EXPECT_EQ(random_key().size(), 64U);
  EXPECT_NE(random_key(), random_key());
}

// Whether a process that segfaults leaves a core dump behind.
bool dumps(bool forbidden) {
  const TemporaryDirectory temporary;
  const std::filesystem::path& directory = temporary;
  const pid_t child = fork();
  if (child == 0) {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_CORE, &unlimited) != 0 || chdir(directory.c_str()) != 0) _exit(1);
    if (forbidden) forbid_dumps();
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    _exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  return WCOREDUMP(status);
}

TEST(ForbidDumps, LeavesNoCoreWhateverTheLimit) {
  EXPECT_FALSE(dumps(true));
  if (!dumps(false)) GTEST_SKIP() << "this machine cannot dump cores";
}

TEST(Base64, GoesThereAndBack) {
  const std::string bytes("\0\xff\x10 zz~", 7);
  for (size_t length = 0; length <= bytes.size(); ++length)
    EXPECT_EQ(from_base64(to_base64(bytes.substr(0, length))), bytes.substr(0, length));
  EXPECT_EQ(to_base64("admin"), "YWRtaW4=");
  EXPECT_EQ(from_base64("YWRt\naW4="), "admin");
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"YWRtaW4", "YWR=aW4=", "Y===", "a b=", "!!!!"})
    EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace tenon
