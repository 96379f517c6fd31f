// What is said of a DataVolume, its own state and its claim's seen together. Pure.
#pragma once

#include "framework/plugin/plugin_sdk.h"

namespace tenon::cdi {

// Conditions Bound, Running and Ready as KubeVirt's importer has them; while the claim is what it waits for,
// the claim's reason is the DataVolume's.
sdk::Observation summarize(const sdk::Family& family);

}  // namespace tenon::cdi
