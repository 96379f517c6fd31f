// Where plugins redeem secrets: it knows which calls are under way and what they are about, so that each gets
// only its own. Answers go back on a way that nothing logs or records.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "framework/base/files.h"
#include "framework/base/json.h"
#include "framework/model/secrets.h"

namespace tenon {

// Thread-safe.
class SecretDesk {
 public:
  // Null: there are no secrets.
  explicit SecretDesk(const Vault* vault) : vault_(vault) {}

  // Between these two the call may ask; the request stays where it is.
  void admit(uint64_t call, const Json& request);
  void dismiss(uint64_t call);

  // ask: JSON as in plugin_abi.h. {"result"} or {"error"} as text; wipe it after use.
  std::string answer(uint64_t call, std::string_view ask) const;

 private:
  const Vault* const vault_;
  mutable std::mutex mutex_;
  std::map<uint64_t, const Json*> calls_;
};

// Answers what comes in on a socket of its own, until the other side is gone. Blocks.
void serve_secrets(int fd, const SecretDesk& desk);

// The other end, in a host. Thread-safe; one question at a time.
class SecretSocket {
 public:
  explicit SecretSocket(int fd) : fd_(fd) {}
  // The answer as text; unavailable, in the same shape, where nobody is left to ask.
  std::string ask(uint64_t call, std::string_view ask);

 private:
  const int fd_;
  std::mutex mutex_;
};

}  // namespace tenon
