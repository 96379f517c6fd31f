// What this folder's tests share: kinds from JSON, worlds from text, plans as text.
#pragma once

#include <string>
#include <vector>

#include "framework/plan/complete.h"
#include "framework/plan/plan.h"

namespace tenon::testing {

inline constexpr const char* kInventory = "11111111-1111-4111-8111-111111111111";

// One instance for each manifest of the file, named like it.
Catalog catalog_from(const std::string& path);

// What the plugins of testdata/manifests.json would answer. Composites are "/dataVolumeTemplates/*", "/pvc"
// and
// "/branches/*"; a Slice of version v1 has gigabytes where v2 has a size.
Plugins plugins();

struct World {
  std::vector<Owned> owned;
  Observations observations;
  PlanOptions options;
  Capacity capacity;  // its check: a Slice takes its size of the pool that it names
};

// What exists, in short; see testdata/README.md. desired gives defaults for what is left out; the vault seals
// what is secret.
World world_from(const Json& json, const std::vector<Resource>& desired, const Catalog& catalog,
                 const Vault& vault);

// What observations say nothing about is absent.
void fill_absent(World& world, const Graph& graph);

std::string render(const Plan& plan, const Catalog& catalog);

}  // namespace tenon::testing
