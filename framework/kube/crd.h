// CustomResourceDefinitions (apiextensions.k8s.io/v1) made from a plugin's manifest. Pure; thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "framework/model/manifest.h"

namespace tenon {

// Kinds of Kubernetes itself (core, apps, storage.k8s.io) get no definition.
bool is_kubernetes_group(std::string_view group);

// One for each kind that is not Kubernetes' own, in the manifest's order. All versions have one schema, the
// hub is stored; status is a subresource. The columns are the manifest's or, without any, what `tenon get`
// shows, each with the age.
std::vector<Json> custom_resource_definitions(const Manifest& manifest);

}  // namespace tenon
