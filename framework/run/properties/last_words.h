// What a process says of the graph that it was playing when it dies, whatever it dies of; and deaths as
// failures, in processes of their own, so that they are shrunk like any other.
//
// One thread plays.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace tenon::properties {

// The command that plays this graph alone. TENON_CONFIG: bazel's --config of this build, as .bazelrc sets it.
std::string command_for(unsigned seed);

// From now on a fatal signal, SIGTERM (a time-out) or a sanitizer's report is followed by the graph's command
// on standard error, and then does what it did before. It may be called any number of times.
void now_playing(unsigned seed);

// How a process of its own dies of it: by a signal, with an exit status, or because it does not end within
// seconds of processor time; nothing: it comes back. What it says is not shown.
std::optional<std::string> death_of(const std::function<void()>& what);

}  // namespace tenon::properties
