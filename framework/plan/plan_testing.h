// What this folder's tests share: kinds from JSON, worlds from text, plans as text.
#pragma once

#include <string>
#include <vector>

#include "framework/plan/plan.h"

namespace tenon::testing {

inline constexpr const char* kInventory = "11111111-1111-4111-8111-111111111111";

// One instance for each manifest of the file, named like it.
Catalog catalog_from(const std::string& path);

// "/dataVolumeTemplates/*", "/pvc" and "/branches/*" of the kinds in testdata/manifests.json.
std::vector<Result<std::vector<ChildSpec>>> expand(const std::string& instance,
                                                   const std::vector<Resource>& resources);

struct World {
  std::vector<Owned> owned;
  Observations observations;
  PlanOptions options;
};

// What exists, in short; see testdata/README.md. desired gives defaults for what is left out.
World world_from(const Json& json, const std::vector<Resource>& desired, const Catalog& catalog);

// What observations say nothing about is absent.
void fill_absent(World& world, const Graph& graph);

std::string render(const Plan& plan);

}  // namespace tenon::testing
