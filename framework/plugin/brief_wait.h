// Waiting for what comes at once. A thread that sleeps is woken tens of microseconds late where its processor
// has gone to sleep too, which is more than a short call takes: docs/adr/0012 has the figures.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>

namespace tenon {

// Whether to wait awake before the next sleep: not for a while where that was in vain, and after n times in a
// row only before every 2^n-th sleep, at most 256th. One thread at a time.
class Vigil {
 public:
  bool ask();  // before a sleep
  void came(bool in_time);

 private:
  int in_vain_ = 0;  // in a row
  int skip_ = 0;     // so many sleeps
};

// Of one connection; one thread at a time.
class BriefWait {
 public:
  static constexpr std::chrono::microseconds kBriefly{20};

  // As recv(2) that does not block, tried again and again for kBriefly where that is worth it; in between
  // others may have the processor.
  ssize_t receive(int socket, char* block, size_t size);

 private:
  Vigil vigil_;
};

}  // namespace tenon
