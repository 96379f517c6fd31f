// What a plugin's defaults mean for what exists already. Internal to this folder.
#pragma once

#include "framework/model/owned.h"
#include "framework/model/resource.h"
#include "framework/model/schema.h"

namespace tenon {

// A default that has changed since does not touch what exists: where nobody wrote a value, neither now nor in
// what was sent, the one that was sent stays.
void keep_old_defaults(const Schema& schema, const Owned& row, Resource& resource);

}  // namespace tenon
