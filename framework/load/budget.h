// What all inputs of a command may take together: many documents no more than a few large ones. Internal to
// this folder. Thread-safe.
#pragma once

#include <atomic>
#include <string>

#include "framework/load/yaml.h"

namespace tenon {

class Budget {
 public:
  // A document, and how many problems it has. What is used up, as a sentence; "": there is enough.
  std::string charge(const DocumentCost& document, size_t problems);
  // Something is used up. When that is seen depends on the order of the documents alone, as long as one
  // thread charges them.
  bool is_spent() const { return spent_; }

  // What was charged, to go back to.
  struct Sum {
    size_t documents = 0;
    size_t values = 0;
    size_t expansion = 0;
    size_t problems = 0;
  };
  Sum sum() const { return {documents_, values_, expansion_, problems_}; }
  void go_back_to(const Sum& sum);

 private:
  std::atomic<size_t> documents_ = 0;
  std::atomic<size_t> values_ = 0;
  std::atomic<size_t> expansion_ = 0;
  std::atomic<size_t> problems_ = 0;
  std::atomic<bool> spent_ = false;
};

}  // namespace tenon
