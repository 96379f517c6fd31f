// Takes the secrets out of a validated spec: what the schema marks x-secret becomes a handle, and what it
// says to be the name of a Secret (x-ref) may be redeemed from then on. Pure but for the vault.
#pragma once

#include "framework/base/diagnostics.h"
#include "framework/model/catalog.h"
#include "framework/model/owned.h"
#include "framework/model/resource.h"
#include "framework/model/secrets.h"

namespace tenon {

// declared: the resource of the user's document that this one comes from, itself or an ancestor. Templates of
// other kinds are sealed by their schemas, so that what a composite expands to is sealed already. Handles
// stay as they are: who may write them is decided before. What is secret by default has the plugin for its
// source. Errors: a Secret that no manifest has, a reference within a secret.
void seal(const Catalog& catalog, const Schema& schema, const Address& declared, Resource& resource,
          Vault& vault, Diagnostics& diagnostics);

// Whether a value that another resource puts out for everybody to see would stand for a secret. A handle does
// not show it.
bool would_show_secret(const Schema& schema, const std::string& pointer, const Json& value);

// Secret values in what was recorded or found become handles; nobody can redeem these. True: there was one.
bool seal_known(const Catalog& catalog, const Address& address, Json& spec, const Vault& vault);
bool seal_known(const Catalog& catalog, const Address& address, SharedJson& spec, const Vault& vault);
// The same in all that an inventory's row or a mark keeps.
bool seal_row(const Catalog& catalog, Owned& row, const Vault& vault);

}  // namespace tenon
