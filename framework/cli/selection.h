// What a user means by "vm", "vm/example-vm", "Volume.kupenstack.io/data" or an address.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "framework/cli/arguments.h"
#include "framework/model/catalog.h"

namespace tenon {

struct Selector {
  KindName kind;
  std::string name;        // "": all
  std::string name_space;  // "": all

  bool matches(const Address& address) const;
};

// not_found: nobody serves such a kind; failed_precondition: several do, all are named.
Result<Selector> parse_selector(const std::string& text, const Arguments& arguments, const Catalog& catalog);

// An address, or KIND/NAME of the chosen namespace. invalid_argument: it names no single resource; otherwise
// as above.
Result<Address> parse_address_or_name(const std::string& text, const Arguments& arguments,
                                      const Catalog& catalog);

// One for each target. Without a target, matching takes everything of the namespace.
class Selection {
 public:
  static Result<Selection> parse(const Arguments& arguments, const Catalog& catalog);

  bool matches(const Address& address) const;
  // The first target that names one resource and is not among these.
  std::optional<std::string> missing(const std::vector<Address>& found) const;

 private:
  // Numbers of the selectors that match; there may be as many of them as resources.
  std::vector<size_t> matching(const Address& address) const;

  std::string name_space_;  // "": all
  std::vector<std::pair<std::string, Selector>> selectors_;
  std::unordered_map<std::string, std::vector<size_t>> by_name_;  // numbers of selectors
};

}  // namespace tenon
