// A scanner for what manifests are mostly made of: block maps and lists, scalars and flow collections within
// one line, comments. Internal to this folder. Pure function; thread-safe.
#pragma once

#include <string_view>

namespace YAML {
class EventHandler;
}

namespace tenon {

// Gives the events of a document as yaml-cpp does, marks included, about thirty times as fast. False: there
// is something in the text that it leaves to yaml-cpp, mistakes above all; the handler may have had some
// events and must not be used any more. Anchors, aliases, tags, block scalars, scalars over several lines,
// escapes, text that is not ASCII, and values that are left out are such things.
bool scan_plain(std::string_view text, YAML::EventHandler& handler);

}  // namespace tenon
