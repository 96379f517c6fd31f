// Whose an existing object is: the one rule by which plans are made and calls are held back.
#pragma once

#include <string>

#include "framework/model/catalog.h"
#include "framework/model/observation.h"
#include "framework/model/owned.h"

namespace tenon {

enum class Owner { us, nobody, somebody };

// By its mark; without one it is ours if it is to be marked, or if the inventory (row, or null) recorded its
// identity and its plugin cannot mark what exists (capability "adopt"). The observation is of something
// present.
Owner owner_of(const Observation& observation, const Address& address, const Owned* row,
               const std::string& inventory, const Catalog& catalog);

// It has the identity of what we have made.
bool has_recorded_identity(const Observation& observation, const Owned* row);

// It carries no mark yet, and an open create of ours has made it where nothing was: by a kind whose objects
// are marked later. The same create marks it.
bool is_to_be_marked(const Observation& observation, const Address& address, const Owned* row,
                     const Catalog& catalog);

// "core/PersistentVolumeClaim/default/x of inventory 3b52…".
std::string owner_text(const Mark& mark);

}  // namespace tenon
