#include "framework/plugin/doorbell.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

namespace tenon {
namespace {

// Whatever is watched rings once: the hand at each push, the socket when it is hung out.
bool add(const FileDescriptor& events, int fd, uint32_t what) {
  epoll_event event{.events = what, .data = {.fd = fd}};
  return epoll_ctl(events.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

Result<Doorbell> Doorbell::of(int socket) {
  FileDescriptor events(epoll_create1(EPOLL_CLOEXEC)), hand(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!events || !hand || !add(events, hand.get(), EPOLLIN | EPOLLET) || !add(events, socket, EPOLLONESHOT))
    return errno_error("watching", "a socket", errno);
  return Doorbell(socket, std::move(events), std::move(hand));
}

void Doorbell::watch_socket(uint32_t events) const {
  epoll_event event{.events = events | EPOLLONESHOT, .data = {.fd = socket_}};
  epoll_ctl(events_.get(), EPOLL_CTL_MOD, socket_, &event);
}

void Doorbell::hang() const { watch_socket(EPOLLIN); }

void Doorbell::take_down() const { watch_socket(0); }

// Nobody reads the count: that it has grown is what rings.
void Doorbell::ring() const {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(hand_.get(), &one, sizeof one);
}

void Doorbell::wait() const {
  epoll_event event;
  epoll_wait(events_.get(), &event, 1, -1);
}

bool Doorbell::answer() const {
  epoll_event event;
  return epoll_wait(events_.get(), &event, 1, 0) == 1 && event.data.fd == socket_;
}

}  // namespace tenon
