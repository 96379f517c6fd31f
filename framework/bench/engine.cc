// What tools/bench cannot see from outside: the scheduler against a simulated backend, and single calls of a
// plugin.
//
// usage: engine schedule PLUGIN GRAPH LOOK_MS | engine calls PLUGIN HOST GRAPH CONFIGURATION
#include <iostream>

#include "framework/bench/calls.h"
#include "framework/bench/schedule.h"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  tenon::Status status =
      tenon::Error{tenon::Code::invalid_argument, "see the head of engine.cc for the usage"};
  if (words.size() == 4 && words[0] == "schedule")
    status = tenon::bench::schedule(words[1], words[2], std::chrono::milliseconds(std::stoi(words[3])));
  if (words.size() == 5 && words[0] == "calls")
    status = tenon::bench::calls(words[1], words[2], words[3], tenon::Json::parse(words[4]));
  if (!status) std::cerr << "engine: " << status.error().message << "\n";
  return status ? 0 : 1;
}
