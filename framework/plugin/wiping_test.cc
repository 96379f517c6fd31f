// What goes back to the heap holds no secret: every block is looked at as it goes.
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "framework/base/secret.h"
#include "framework/model/secrets.h"
#include "framework/plugin/secret_desk.h"
#include "framework/plugin/wire.h"

namespace {

// Longer than what a text keeps within itself, and short enough to be written without growing again.
constexpr char kCanary[] = "c4n4ry-in-the-mine";
std::atomic<bool> looking = false;
std::atomic<int> found = 0;

}  // namespace

void operator delete(void* block) noexcept {
  if (block && looking && memmem(block, malloc_usable_size(block), kCanary, sizeof kCanary - 1)) ++found;
  std::free(block);
}
void operator delete(void* block, size_t) noexcept { operator delete(block); }

namespace tenon {
namespace {

int found_in(const std::function<void()>& doing) {
  found = 0;
  looking = true;
  doing();
  looking = false;
  return found;
}

TEST(Wiping, AFreedSecretIsSeenAtAll) {
  EXPECT_EQ(found_in([] { const std::string secret(kCanary); }), 1);
  EXPECT_EQ(found_in([] {
              std::string secret(kCanary);
              wipe(secret);
            }),
            0);
}

TEST(Wiping, AValueThatTheVaultKnowsAlreadyIsNotLeftBehind) {
  Vault vault("key");
  const Json value(kCanary);
  EXPECT_EQ(found_in([&] { vault.seal(value, {}); }), 0);
  EXPECT_EQ(found_in([&] { vault.seal(value, {}); }), 0);
}

TEST(Wiping, AnAnswerIsTheOnlyCopyOfWhatCameOverTheSocket) {
  int ends[2] = {};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const std::string frame =
      encode_answer(7, R"({"result":{"value":")" + std::string(kCanary) + R"("}})").value();
  ASSERT_EQ(write(ends[1], frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  SecretSocket socket(ends[0]);
  std::string answer;
  EXPECT_EQ(found_in([&] { answer = socket.ask(7, R"({"handle":"h"})"); }), 0);
  EXPECT_NE(answer.find(kCanary), std::string::npos) << answer;
  wipe(answer);
  for (const int end : ends) close(end);
}

TEST(Wiping, AFrameThatEndsEarlyIsNobodysAnswer) {
  int ends[2] = {};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const std::string frame =
      encode_answer(7, R"({"result":{"value":")" + std::string(kCanary) + R"("}})").value();
  ASSERT_EQ(write(ends[1], frame.data(), frame.size() - 1), static_cast<ssize_t>(frame.size() - 1));
  shutdown(ends[1], SHUT_WR);
  SecretSocket socket(ends[0]);
  std::string answer;
  EXPECT_EQ(found_in([&] { answer = socket.ask(7, R"({"handle":"h"})"); }), 0);
  EXPECT_NE(answer.find("nobody to ask"), std::string::npos) << answer;
  for (const int end : ends) close(end);
}

}  // namespace
}  // namespace tenon
