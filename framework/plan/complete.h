// Pass 2: documents × schemas → validated resources with defaults, composites expanded, to a fixpoint.
// Deterministic; no clock, thread or I/O of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "framework/base/diagnostics.h"
#include "framework/model/catalog.h"
#include "framework/model/resource.h"

namespace tenon {

// Asks one instance what its resources expand to; one answer per resource, in order.
using Expand = std::function<std::vector<Result<std::vector<ChildSpec>>>(
    const std::string& instance, const std::vector<Resource>& resources)>;

inline constexpr int kMaximalDepth = 8;

// All resources by address: the declared ones and their children, each routed, validated and with its
// defaults. Every problem of every resource is reported at its place in the user's text: unknown kinds and
// fields (with the nearest known), wrong values, two declarations of one address, children beyond
// kMaximalDepth. After errors the result is still useful for reporting but must not be planned.
std::vector<Resource> complete(std::vector<Resource> declared, const Catalog& catalog, const Expand& expand,
                               Diagnostics& diagnostics);

}  // namespace tenon
