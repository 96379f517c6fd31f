#include "framework/plugin/brief_wait.h"

#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace tenon {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kMostInVain = 8;

bool nothing_yet(ssize_t count) { return count < 0 && (errno == EAGAIN || errno == EINTR); }

}  // namespace

bool Vigil::ask() {
  if (skip_ == 0) return true;
  --skip_;
  return false;
}

void Vigil::came(bool in_time) {
  in_vain_ = in_time ? 0 : std::min(in_vain_ + 1, kMostInVain);
  skip_ = (1 << in_vain_) - 1;
}

ssize_t BriefWait::receive(int socket, char* block, size_t size) {
  ssize_t count = recv(socket, block, size, MSG_DONTWAIT);
  if (!nothing_yet(count) || !vigil_.ask()) return count;
  const auto end = Steady::now() + kBriefly;
  bool in_time;
  do {
    sched_yield();
    count = recv(socket, block, size, MSG_DONTWAIT);
    // Late though it has come: others had the processor, and each time it is given away it is gone for long.
    in_time = Steady::now() < end;
  } while (nothing_yet(count) && in_time);
  vigil_.came(in_time);
  return count;
}

}  // namespace tenon
