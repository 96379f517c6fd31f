// Stream sockets between a host and the process that started it. Functions without state; thread-safe.
#pragma once

#include <string_view>
#include <utility>

#include "framework/base/files.h"
#include "framework/base/result.h"

namespace tenon {

// Ours and theirs; only theirs may be kept by a child.
Result<std::pair<FileDescriptor, FileDescriptor>> socket_pair();

// Blocks until all is sent. False: nobody reads it any more.
bool send_all(int socket, std::string_view bytes);

}  // namespace tenon
