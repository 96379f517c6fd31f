// -l: a condition on labels, as kubectl writes it: "tier=web,stage!=test,gpu,!spare".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "framework/base/result.h"

namespace tenon {

class LabelSelector {
 public:
  // "" selects everything. invalid_argument: a term that is none of k=v, k==v, k!=v, k and !k.
  static Result<LabelSelector> parse(const std::string& text);

  bool empty() const { return terms_.empty(); }
  bool matches(const std::map<std::string, std::string>& labels) const;

 private:
  enum class Kind { equal, unequal, present, absent };
  struct Term {
    Kind kind;
    std::string key, value;
  };

  std::vector<Term> terms_;
};

}  // namespace tenon
