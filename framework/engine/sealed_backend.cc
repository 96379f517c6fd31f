#include "framework/engine/sealed_backend.h"

#include <algorithm>

#include "framework/plan/seal.h"

namespace tenon {

Result<Observed> SealedBackend::observe(const std::vector<Request>& requests, const CallContext& context) {
  Result<Observed> seen = ForwardingBackend::observe(requests, context);
  if (!seen) return seen;
  const size_t count = std::min(requests.size(), seen->observations.size());
  for (size_t i = 0; i < count; ++i)
    seal_known(catalog_, requests[i].address, seen->observations[i].actual, vault_);
  return seen;
}

Result<ListPage> SealedBackend::list(const std::string& inventory, const std::string& after,
                                     const CallContext& context) {
  Result<ListPage> page = ForwardingBackend::list(inventory, after, context);
  if (!page) return page;
  for (Listed& object : page->objects)
    if (const auto address = parse_address(object.mark.address))
      seal_known(catalog_, *address, object.applied, vault_);
  return page;
}

}  // namespace tenon
