// What the crash tests apply: a state that exists, and another that every action leads to.
#pragma once

#include <set>
#include <vector>

#include "framework/model/catalog.h"
#include "framework/model/resource.h"

namespace tenon::faults {

struct Scenario {
  std::vector<Resource> others, before;  // applied one after the other, to make the state that exists
  std::vector<Resource> by_hand;         // then somebody makes these, and they carry no mark
  std::vector<Address> intended;  // and of these, among them, an open intent is left that did not make them
  std::vector<Resource> after;
  std::set<Address> approved;  // claims whose data may go
  int64_t room = 0;            // what all sizes may be together: just enough
};

// The set of `others`; the rest is of the unnamed one.
inline constexpr const char* kOthers = "others";

// The kinds of file_world.h, all of instance "world". older: with the defaults of the plugin that made what
// exists.
Catalog fake_catalog(bool older = false);

// Every third thing is a Token.
//
// About `size` resources over both states: a fifth each is created, updated and deleted, an eighth replaced,
// a fifth imported into and started on; of each kind with its own way of being created, some are created,
// replaced and deleted; some each move, are adopted, taken over from another set or left to it, go back to a
// default or keep an older one; of some only the record is to be removed; some stay as they are. Everything
// together just fits.
Scenario scenario_of(int size);

}  // namespace tenon::faults
