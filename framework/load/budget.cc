#include "framework/load/budget.h"

namespace tenon {
namespace {

// Each of a hundred thousand resources may have 100 values, and copy some 1,300 bytes by aliases.
constexpr size_t kMostDocuments = 1000000;
constexpr size_t kMostValues = 10000000;
constexpr size_t kMostExpansion = size_t{128} << 20;
constexpr size_t kMostProblems = 100000;

}  // namespace

std::string Budget::charge(const DocumentCost& document, size_t problems) {
  std::string used_up;
  const auto add = [&](std::atomic<size_t>& sum, size_t more, size_t most, const char* message) {
    if ((sum += more) > most && used_up.empty()) used_up = message;
  };
  add(documents_, 1, kMostDocuments, "there are more than 1000000 documents");
  add(values_, document.values, kMostValues, "the documents have more than 10000000 values together");
  add(expansion_, document.expansion, kMostExpansion,
      "the aliases of the documents expand to more than 128 MiB together");
  add(problems_, problems, kMostProblems, "the documents have more than 100000 problems together");
  if (!used_up.empty()) spent_ = true;
  return used_up;
}

void Budget::go_back_to(const Sum& sum) {
  documents_ = sum.documents;
  values_ = sum.values;
  expansion_ = sum.expansion;
  problems_ = sum.problems;
  spent_ = false;
}

}  // namespace tenon
