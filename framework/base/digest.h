// SHA-256, as "sha256:<64 lower-case hex digits>".
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace tenon {

std::string sha256(std::string_view bytes);

// For data that comes in pieces. One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  // Once, at the end.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A random version 4 UUID from the kernel's generator.
std::string random_uuid();

}  // namespace tenon
