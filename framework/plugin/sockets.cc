#include "framework/plugin/sockets.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

namespace tenon {
namespace {

// A descriptor above 2, as a child may keep it.
Status above_stdio(FileDescriptor& descriptor) {
  if (descriptor.get() >= 3) return {};
  descriptor.reset(fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
  return descriptor ? Status() : errno_error("duplicating", "a socket", errno);
}

}  // namespace

Result<std::pair<FileDescriptor, FileDescriptor>> socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return errno_error("making", "a socket pair", errno);
  std::pair<FileDescriptor, FileDescriptor> pair{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  if (Status moved = above_stdio(pair.second); !moved) return moved.error();
  return pair;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace tenon
