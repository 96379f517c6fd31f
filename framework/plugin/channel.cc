#include "framework/plugin/channel.h"

namespace tenon {
namespace {

constexpr size_t kNamed = 3;

std::string address_of(const Json& resource) {
  return resource.is_object() ? resource.value("address", "") : "";
}

}  // namespace

std::string describe_call(const std::string& method, const Json& request) {
  if (!request.is_object()) return method;
  auto resources = request.find("resources");
  if (resources == request.end()) resources = request.find("changes");
  if (resources == request.end() || !resources->is_array()) {
    const std::string address = address_of(request);
    return address.empty() ? method : method + " of " + address;
  }
  std::string text = method + " of ";
  for (size_t i = 0; i < resources->size() && i < kNamed; ++i)
    text += (i > 0 ? ", " : "") + address_of((*resources)[i]);
  if (resources->size() > kNamed) text += " and " + std::to_string(resources->size() - kNamed) + " more";
  return text;
}

CallContext from_now(CallContext context, std::chrono::steady_clock::time_point asked) {
  if (context.deadline != std::chrono::steady_clock::time_point::max())
    context.deadline += std::chrono::steady_clock::now() - asked;
  return context;
}

}  // namespace tenon
