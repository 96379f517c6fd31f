#include "framework/plugin/secret_desk.h"

#include <endian.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "framework/base/secret.h"
#include "framework/plugin/sockets.h"
#include "framework/plugin/wire.h"

namespace tenon {
namespace {

constexpr char kNone[] = "there are no secrets here";

bool read_all(int fd, char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = read(fd, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

// The next whole frame, of which no other copy is left here; nothing: end-of-file, or what is no frame.
std::optional<std::string> receive(int fd) {
  uint32_t header = 0;
  if (!read_all(fd, reinterpret_cast<char*>(&header), sizeof header)) return {};
  const uint32_t length = le32toh(header);
  if (length > kMaximalFrame) return {};
  std::string frame(length, '\0');
  if (read_all(fd, frame.data(), length)) return frame;
  wipe(frame);
  return {};
}

}  // namespace

void SecretDesk::admit(uint64_t call, const Json& request) {
  if (!vault_) return;
  const std::lock_guard lock(mutex_);
  calls_[call] = &request;
}

void SecretDesk::dismiss(uint64_t call) {
  if (!vault_) return;
  const std::lock_guard lock(mutex_);
  calls_.erase(call);
}

std::string SecretDesk::answer(uint64_t call, std::string_view ask) const {
  if (!vault_) return error_answer({Code::not_found, kNone});
  const Result<Json> question = parse_object(ask);
  if (!question) return error_answer(with_context("asking for a secret", question.error()));
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(call);
  if (found == calls_.end())
    return error_answer({Code::permission_denied, "no call that is under way may ask for a secret"});
  try {
    const Result<Json> value = vault_->redeem(*found->second, *question);
    return value ? Json{{"result", *value}}.dump() : error_answer(value.error());
  } catch (const Json::exception&) {
    return error_answer({Code::invalid_argument, "the question about a secret has not the documented shape"});
  }
}

void serve_secrets(int fd, const SecretDesk& desk) {
  while (const auto frame = receive(fd)) {
    const auto envelope = open_envelope(*frame, "request");
    if (!envelope || !envelope->head.contains("call") || !envelope->head["call"].is_number_unsigned()) return;
    const uint64_t call = envelope->head["call"];
    std::string answer = desk.answer(call, envelope->body);
    Result<std::string> reply = encode_answer(call, answer);
    wipe(answer);
    if (!reply) reply = encode_answer(call, error_answer(reply.error()));
    const bool sent = send_all(fd, *reply);
    wipe(*reply);
    if (!sent) return;
  }
}

std::string SecretSocket::ask(uint64_t call, std::string_view ask) {
  static constexpr char kGone[] = "there is nobody to ask for secrets";
  if (fd_ < 0) return error_answer({Code::not_found, kNone});
  const std::lock_guard lock(mutex_);
  forbid_dumps();
  const Result<std::string> question = encode_call(call, "secret", {}, ask);
  if (!question || !send_all(fd_, *question)) return error_answer({Code::unavailable, kGone});
  auto frame = receive(fd_);
  const auto envelope = frame ? open_envelope(*frame, "answer") : Result<Envelope>(Error{});
  if (!envelope) return error_answer({Code::unavailable, kGone});
  std::string answer(envelope->body);
  wipe(*frame);
  return answer;
}

}  // namespace tenon
