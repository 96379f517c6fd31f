// What an inventory knew, found again by the marks of its objects.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "framework/engine/engine.h"

namespace tenon {

struct Marked {
  std::string instance;
  Listed object;
};

struct MarkedObjects {
  std::vector<Marked> objects;        // by instance, as they were listed
  std::vector<std::string> unlisted;  // instances whose plugin cannot list: what is in them is not found

  // Inventory -> how many objects carry its mark.
  std::map<std::string, size_t> inventories() const;
};

// Every object that carries a mark of this inventory ("": of any), in all instances. An error of one instance
// is an error: what it has would be missing.
Result<MarkedObjects> list_marked(const World& world, const std::string& inventory);

// The rows of one inventory, by address. What a mark does not hold is taken from the declared resources (set
// is theirs) and from what exists. Errors in diagnostics: two objects with one address, a mark that cannot be
// read, an object whose mark is small and that no manifest declares.
std::vector<Owned> rebuild_rows(const World& world, const std::string& inventory, const MarkedObjects& marked,
                                std::vector<Resource> declared, const std::string& set,
                                Diagnostics& diagnostics);

// Those that the inventory does not have, or has of an older object of that address.
std::vector<Owned> missing_rows(const std::vector<Owned>& known, std::vector<Owned> found);

}  // namespace tenon
