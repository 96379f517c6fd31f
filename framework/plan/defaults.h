// What a plugin's defaults mean for what exists already. Internal to this folder.
#pragma once

#include "framework/model/owned.h"
#include "framework/model/resource.h"
#include "framework/model/schema.h"
#include "framework/plan/diff.h"

namespace tenon {

// A default that has changed since does not touch what exists: where nobody wrote a value, neither now nor in
// what was sent, the one that was sent stays.
void keep_old_defaults(const Schema& schema, const Owned& row, Resource& resource);

// Of what is adopted, the pointers to be recorded as defaulted: those at which it is as nobody wrote them,
// and those at which it lacks a default that its next update gives it.
std::vector<std::string> adopted_defaults(std::vector<std::string> defaulted, const SpecDiff& diff);

}  // namespace tenon
