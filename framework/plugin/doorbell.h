// How those who take turns in reading one socket change places without waking anybody for nothing: whoever
// reads takes the bell down, whoever stops reading hangs it out, and only bytes that come meanwhile ring it.
#pragma once

#include "framework/base/files.h"
#include "framework/base/result.h"

namespace tenon {

// Thread-safe, but for hang and take_down: those are for whoever decides who reads. Outlives nobody who
// waits.
class Doorbell {
 public:
  // resource_exhausted, unavailable: no descriptors are left.
  static Result<Doorbell> of(int socket);

  // It rings once when the socket has something to read or is at its end; at once where that is so already.
  void hang() const;
  // What comes on the socket is the caller's; only the end of the connection still rings, once.
  void take_down() const;
  // By hand.
  void ring() const;
  // Blocks until it rings. A ring is for one of all who wait, and is kept where nobody does.
  void wait() const;
  // For who waits for more than it: can be read while it rings, and then this ends a ring. True: it was the
  // socket's.
  int fd() const { return events_.get(); }
  bool answer() const;

 private:
  Doorbell(int socket, FileDescriptor events, FileDescriptor hand)
      : socket_(socket), events_(std::move(events)), hand_(std::move(hand)) {}
  void watch_socket(uint32_t events) const;

  int socket_;
  FileDescriptor events_, hand_;
};

}  // namespace tenon
