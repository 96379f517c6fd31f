// Takes the secrets out of a validated spec: what the schema marks x-secret becomes a handle, and what it
// says to be the name of a Secret (x-ref) may be redeemed from then on. Pure but for the vault.
#pragma once

#include "framework/base/diagnostics.h"
#include "framework/model/catalog.h"
#include "framework/model/resource.h"
#include "framework/model/secrets.h"

namespace tenon {

// declared: the resource of the user's document that this one comes from, itself or an ancestor. Templates of
// other kinds are sealed by their schemas, so that what a composite expands to is sealed already. Errors: a
// handle that is not of this vault, a Secret that no manifest has, a reference within a secret.
void seal(const Catalog& catalog, const Schema& schema, const Address& declared, Resource& resource,
          Vault& vault, Diagnostics& diagnostics);

}  // namespace tenon
