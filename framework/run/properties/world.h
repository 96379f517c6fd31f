// A scene's kinds, documents and world.
#pragma once

#include <string>
#include <vector>

#include "framework/run/properties/scene.h"
#include "framework/run/simulation.h"

namespace tenon::properties {

// What every secret value begins with.
inline constexpr std::string_view kSecret = "s3cr3t-";

// One kind for each Kind, and what groups expand to.
const Catalog& scene_catalog();
std::vector<Result<std::vector<ChildSpec>>> expand_groups(const std::string& instance,
                                                          const std::vector<Resource>& groups);

// As it is declared.
Address address_of(const Scene& scene, int node);
// What it was when the scene began: what moves had another name.
Address old_address_of(const Scene& scene, int node);
Address part_of(int group, int part);

// The set that it is about; "": the unnamed one. And the one of what others have made.
std::string set_of(const Scene& scene);
inline constexpr const char* kOthers = "others";

// What its tier must be in the end; nothing: that is not said.
std::optional<std::string> tier_of(const Node& node);

// What everything that exists takes of the pool.
int64_t taken(const FakeBackend& backend);

// As the scene declares it.
std::vector<Resource> declared(const Scene& scene);

// What somebody runs one after the other, until each has nothing left to do; an apply or destroy at the end.
std::vector<PlanOptions> commands(const Scene& scene);

// Puts what was into the world and the inventory, and the scripts into the backend.
void begin(Simulation& world, const Scene& scene);

}  // namespace tenon::properties
