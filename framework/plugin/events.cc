#include "framework/plugin/events.h"

#include "framework/plugin/wire.h"

namespace tenon {

void Events::listen(Listener listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

void Events::happened(std::string_view json) const {
  const Result<Json> event = parse_object(json);
  const std::lock_guard lock(mutex_);
  if (event && listener_) listener_(*event);
}

}  // namespace tenon
