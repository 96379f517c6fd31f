#include "framework/base/secret.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include <array>
#include <cstdlib>

namespace tenon {
namespace {

std::string hex(const unsigned char* bytes, size_t count) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace

std::string keyed_hash(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, 32> hash{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data(), &length);
  return "hmac-sha256:" + hex(hash.data(), hash.size());
}

std::string random_key() {
  std::array<unsigned char, 32> bytes{};
  // 32 bytes never come short once the generator is seeded; without randomness nothing may be kept.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  return hex(bytes.data(), bytes.size());
}

void wipe(std::string& text) {
  explicit_bzero(text.data(), text.size());
  text.clear();
}

void forbid_dumps() { prctl(PR_SET_DUMPABLE, 0); }

}  // namespace tenon
