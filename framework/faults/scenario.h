// What the crash tests apply: a state that exists, and another that every action leads to.
#pragma once

#include <set>
#include <vector>

#include "framework/model/catalog.h"
#include "framework/model/resource.h"

namespace tenon::faults {

struct Scenario {
  std::vector<Resource> before, after;
  std::set<Address> approved;  // claims whose data may go
};

// The kinds of file_world.h, all of instance "world".
Catalog fake_catalog();

// tokens: every third thing is found by nonce and identity alone; otherwise all by their marks.
//
// About `size` resources over both states: a fifth each is created, updated and deleted, a seventh replaced,
// a fifth imported into and started on; some stay as they are.
Scenario scenario_of(int size, bool tokens = true);

}  // namespace tenon::faults
