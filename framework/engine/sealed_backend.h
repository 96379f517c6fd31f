// A backend whose observations and lists show no secret: a value that a plugin reads back at an x-secret
// place becomes its handle, so that it is compared like any other and recorded nowhere.
#pragma once

#include "framework/backend/forwarding.h"
#include "framework/model/catalog.h"
#include "framework/model/secrets.h"

namespace tenon {

// Thread-safe as far as the backend is; everything outlives it.
class SealedBackend final : public ForwardingBackend {
 public:
  SealedBackend(Backend& inner, const Catalog& catalog, const Vault& vault)
      : ForwardingBackend(inner), catalog_(catalog), vault_(vault) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext& context) override;
  Result<ListPage> list(const std::string& inventory, const std::string& after,
                        const CallContext& context) override;

 private:
  const Catalog& catalog_;
  const Vault& vault_;
};

}  // namespace tenon
