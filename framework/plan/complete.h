// Pass 2: documents × schemas → validated resources with defaults, composites expanded, to a fixpoint.
// Deterministic; no clock, thread or I/O of its own.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "framework/base/diagnostics.h"
#include "framework/model/catalog.h"
#include "framework/model/owned.h"
#include "framework/model/resource.h"
#include "framework/model/secrets.h"

namespace tenon {

// Asks one instance what its resources expand to; one answer per resource, in order.
using Expand = std::function<std::vector<Result<std::vector<ChildSpec>>>(
    const std::string& instance, const std::vector<Resource>& resources)>;

// Asks one instance for the specs of its resources in another version, `to` being the hub version of each
// one's kind; one answer per resource, in order.
using Convert = std::function<std::vector<Result<Json>>(
    const std::string& instance, const std::vector<Resource>& resources, const std::vector<std::string>& to)>;

// Why a plugin could not say what it was asked about a resource, through no fault of the manifest.
using Faults = std::map<Address, Error>;

// What plugins are asked about manifests. Null: composites stay as they are, and what a plugin would convert
// is validated as it was written alone.
struct Plugins {
  Expand expand;
  Convert convert;
  // Where faults go: such a resource stays as it is and must be blocked. Null: they are problems like others.
  Faults* faults = nullptr;
};

inline constexpr int kMaximalDepth = 8;

// All resources by address: the declared ones and their children, each routed, validated and with its
// defaults; of what is owned already, under its address or the one that it moves from, those that it was sent
// with. Every problem of every resource is reported at its place in the user's text: unknown kinds and
// fields (with the nearest known), wrong values, two declarations of one address, children beyond
// kMaximalDepth. A spec of another version than the hub's is validated as it was written, and again as
// converted. What is valid is sealed (plan/seal.h) before any plugin sees it; null vault: it is not. After
// errors the result is still useful for reporting but must not be planned.
std::vector<Resource> complete(std::vector<Resource> declared, const std::vector<Owned>& owned,
                               const Catalog& catalog, const Plugins& plugins, Diagnostics& diagnostics,
                               Vault* vault = nullptr);

}  // namespace tenon
