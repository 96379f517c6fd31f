#include "framework/cli/labels.h"

#include <algorithm>
#include <sstream>

namespace tenon {
namespace {

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(const std::string& text) {
  LabelSelector selector;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    const size_t equals = word.find('=');
    const bool negated = equals != std::string::npos && equals > 0 && word[equals - 1] == '!';
    Term term{Kind::present, trimmed(word), ""};
    if (equals != std::string::npos) {
      const size_t value = equals + (word.compare(equals, 2, "==") == 0 ? 2 : 1);
      term = {negated ? Kind::unequal : Kind::equal, trimmed(word.substr(0, equals - (negated ? 1 : 0))),
              trimmed(word.substr(value))};
    } else if (term.key.starts_with('!')) {
      term = {Kind::absent, trimmed(term.key.substr(1)), ""};
    }
    if (term.key.empty() || (term.key + term.value).find_first_of(" =!()") != std::string::npos)
      return Error{Code::invalid_argument,
                   "-l: '" + trimmed(word) +
                       "' is no condition on a label; write key=value, key!=value, key "
                       "or !key, separated by commas"};
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

bool LabelSelector::matches(const std::map<std::string, std::string>& labels) const {
  return std::all_of(terms_.begin(), terms_.end(), [&labels](const Term& term) {
    const auto found = labels.find(term.key);
    const bool there = found != labels.end(), same = there && found->second == term.value;
    switch (term.kind) {
      case Kind::equal: return same;
      case Kind::unequal: return !same;
      case Kind::present: return there;
      case Kind::absent: return !there;
    }
    return false;
  });
}

}  // namespace tenon
